"""The browser of the tests: the system's Chromium, else Playwright's, else one that is installed here.

`python -m tests.support.browser` makes sure that there is one (`make test` calls it).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from asyncio import AbstractEventLoop, get_running_loop
from asyncio.events import _set_running_loop
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright

FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# the headless shell draws no window: a third less work a page, where a system has it
NAMES: Final = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
MAC: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
INSTALLERS: Final = (
    [sys.executable, "-m", "playwright", "install", "chromium"],
    ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"],
)


UNSAFE: Final = "DJANGO_ALLOW_ASYNC_UNSAFE"
DESKTOP: Final = (1440, 1000)
_windows: WeakKeyDictionary[Browser, dict[str, Page]] = WeakKeyDictionary()


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


class _Kept:
    """The browser of this process, started once: a start costs as much as three pages.

    The event loop that Playwright keeps must not outlive the tests of a file: no other would run beside it in this
    thread, and Django would refuse its database. Between files it sleeps, which asyncio calls not running.
    """

    def __init__(self) -> None:
        self._manager = sync_playwright()
        self._playwright = self._manager.__enter__()
        self._loop: AbstractEventLoop | None = get_running_loop()
        self._browser: Browser | None = None

    def wake(self) -> Browser:
        """Give the browser to the tests of one file; another one, should it have died."""
        os.environ[UNSAFE] = "1"
        _set_running_loop(self._loop)
        if self._browser is None or not _answers(self._browser):
            self._browser = launch(self._playwright)
        return self._browser

    def sleep(self) -> None:
        """Close the file's windows, with all that they remember."""
        try:
            if self._browser:
                _windows.pop(self._browser, None)
                for context in self._browser.contexts:
                    context.close()
        finally:
            _set_running_loop(None)
            os.environ.pop(UNSAFE, None)

    def end(self) -> None:
        """End the browser and what drives it."""
        _set_running_loop(self._loop)
        if self._browser:
            self._browser.close()
        self._manager.__exit__()


def _answers(browser: Browser) -> bool:
    # the loop that slept has not heard of an end meanwhile: asking tells
    try:
        browser.new_browser_cdp_session().detach()
    except Error:
        return False
    return True


_kept: list[_Kept] = []


@contextmanager
def running() -> Iterator[Browser]:
    """Give the browser to the tests of one file, without a window; raises playwright's Error where there is none."""
    if not _kept:
        _kept.append(_Kept())
    kept = _kept[0]
    try:
        yield kept.wake()
    finally:
        kept.sleep()


def end() -> None:
    """End the browser of this process, if there is one: with the last test (tests/conftest.py)."""
    while _kept:
        _kept.pop().end()


def window(browser: Browser, size: tuple[int, int] = DESKTOP, scheme: str = "light", **options: Any) -> Page:
    """Give a window without cookies, of this size and theme; the same to all who want the same OPTIONS.

    A new one is a process of its own and costs more than three pages.
    """
    kept = _windows.setdefault(browser, {})
    wanted = repr(sorted(options.items()))
    if wanted not in kept:
        kept[wanted] = browser.new_context(reduced_motion="reduce", **options).new_page()
    page = kept[wanted]
    # whatever the page of the test before still does, it does no more
    page.goto("about:blank")
    page.context.clear_cookies()
    page.context.clear_permissions()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    return page


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
