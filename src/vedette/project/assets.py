"""Static files are collected once per change of their sources: compressing them takes seconds."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders

STAMP = ".sources"


def collect(root: Path, collectstatic: Callable[[], object]) -> None:
    """Fill ROOT when it does not hold what the sources say."""
    wanted = _fingerprint()
    stamp = root / STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return
    collectstatic()
    stamp.write_text(wanted)


def _fingerprint() -> str:
    """Hash name, size and time of every source file."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
