"""One demo per folder: whoever runs it holds a lock, which also tells other terminals that it runs."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from vedette.project.demo.children import DemoError


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the demo's folder; the kernel frees it when the process dies. Raises DemoError when it is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    with _file(folder).open("w") as file:
        if not _take(file):
            raise DemoError(
                f"A demo runs in {folder.parent} already. End it (Ctrl-C), or give this one its own VEDETTE_HOME."
            )
        yield


def is_running(folder: Path) -> bool:
    """Tell whether a demo holds this folder now."""
    path = _file(folder)
    if not path.exists():
        return False
    with path.open() as file:
        return not _take(file)


def _file(folder: Path) -> Path:
    return folder / "lock"


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
