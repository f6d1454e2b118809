"""The browser of the tests: the system's Chromium, else Playwright's, else one that is installed here.

`python -m tests.support.browser` makes sure that there is one (`make test` calls it).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
INSTALLERS: Final = (
    [sys.executable, "-m", "playwright", "install", "chromium"],
    ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"],
)


def executable() -> str | None:
    """Path of a Chromium of the system; None leaves the choice to Playwright's own."""
    found = (
        os.environ.get("CHROMIUM"),
        *(shutil.which(name) for name in NAMES),
        str(MAC) if MAC.exists() else None,
    )
    return next((path for path in found if path), None)


def launch(playwright: Playwright) -> Browser:
    """Start the browser, headless; raises playwright's Error where there is none."""
    return playwright.chromium.launch(executable_path=executable(), args=FLAGS)


def works() -> bool:
    """Whether a browser starts."""
    with sync_playwright() as playwright:
        try:
            launch(playwright).close()
        except Error:
            return False
    return True


def main() -> int:
    """Find a browser, or install one by the ways there are."""
    if works():
        return 0
    for command in INSTALLERS:
        if shutil.which(command[0]) is None:
            continue
        sys.stdout.write(f"no Chromium starts; trying: {' '.join(command)}\n")
        sys.stdout.flush()
        subprocess.run(command, check=False)
        if works():
            return 0
    sys.stderr.write("Tests of pages need Chromium: install it, or set CHROMIUM to its path.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
