"""The page kit runs in a process of its own; a real browser looks at it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.browser import running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the running kit."""
    with serving(tmp_path_factory.mktemp("kit"), demo=True) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as started:
        yield started


class serving:  # noqa: N801 - used like a function: `with serving(home) as address`
    """Start the kit's site with its own home folder; stop it at the end."""

    def __init__(self, home: Path, *, demo: bool) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
        environment |= {"VEDETTE_HOME": str(home)} | ({"VEDETTE_DEMO": "1"} if demo else {})
        root = Path(__file__).resolve().parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.site", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=root,
        )

    def __enter__(self) -> str:
        assert self.process.stdout is not None
        address = self.process.stdout.readline().strip()
        assert address.startswith("http://"), "the kit's site did not start"
        return address

    def __exit__(self, *_exception: object) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
