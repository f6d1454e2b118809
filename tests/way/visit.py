"""One person at a browser: what they open, sign in to and look at. Waits are the browser's own, with deadlines."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.support.demo import Demo, until

WIDTH, HEIGHT = 1440, 1000
PATIENCE_MS = 30_000


@dataclass(frozen=True)
class Organisation:
    """A tenant of the lab: its accounts by role, its groups by what they are for."""

    id: str
    name: str
    accounts: dict[str, str]
    groups: dict[str, str]


@dataclass
class Visit:
    """A person's browser, the demo it visits, and the screenshots taken on the way (WAY_SHOTS=FOLDER)."""

    demo: Demo
    organisation: Organisation
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    _shots: int = 0

    def open(self, path: str) -> Page:
        """Open a page of the console; an error page fails."""
        return self._open(f"{self.demo.console}{path}")

    def portal(self, path: str = "") -> Page:
        """Open a page of this organisation in the stand-in for Microsoft's portal."""
        return self._open(f"{self.demo.lab}/portal/{self.organisation.id}{path}")

    def _open(self, address: str) -> Page:
        answer = self.page.goto(address)
        assert answer is not None, address
        assert answer.ok, f"{answer.status} at {address}: {self.text()[:500]}"
        return self.page

    def press(self, name: str, *, exact: bool = True) -> None:
        """Press the button of this name in the page's content (or in the dialog, where one is open)."""
        self.place().get_by_role("button", name=name, exact=exact).click()

    def follow(self, name: str, *, exact: bool = True) -> None:
        """Follow the link of this name in the page's content."""
        self.place().get_by_role("link", name=name, exact=exact).first.click()

    def place(self) -> Any:
        """Give the open dialog, else the content of the page."""
        dialog = self.page.locator("dialog[open]")
        return dialog if dialog.count() else self.page.locator("main")

    def menu(self, name: str) -> None:
        """Choose an entry of the console's sidebar."""
        self.page.get_by_role("navigation", name="Main menu").get_by_role("link", name=name).click()
        expect(self.page.locator("h1")).to_be_visible()

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page says TEXT."""
        expect(self.page.locator("body")).to_contain_text(text, timeout=PATIENCE_MS)

    def text(self) -> str:
        """Give what the page says, on one line."""
        return " ".join(self.page.locator("body").inner_text().split())

    def reload_until(self, ready: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
        """Look again and again, as a person presses reload, until READY says so."""

        def look() -> Any:
            self.page.reload()
            return ready()

        return ready() or until(look, f"{what} (the page says: {self.text()[:400]})", seconds)

    def shows(self, selector: str, text: str) -> bool:
        """Whether an element says TEXT now."""
        found = self.page.locator(selector)
        return any(text in each for each in found.all_inner_texts())

    def fact(self, label: str) -> str:
        """Give the value beside a label of a list of facts."""
        value = self.page.locator("dt", has_text=re.compile(f"^\\s*{re.escape(label)}\\s*$"))
        return value.locator("xpath=following-sibling::dd[1]").inner_text().strip()

    def shot(self, name: str) -> None:
        """Keep a picture of the page, where WAY_SHOTS names a folder."""
        folder = os.environ.get("WAY_SHOTS")
        if folder:
            self._shots += 1
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{folder}/{self._shots:02d}-{name}.png", full_page=True)


def visit(browser: Browser, demo: Demo, organisation: Organisation) -> Visit:
    """Open a browser window of its own; what its pages complain about on the console is kept."""
    # the lab's certificate authority was made at its start, no browser knows it
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, ignore_https_errors=True)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    visited = Visit(demo, organisation, context, page)
    page.on("console", lambda message: _note(visited, message.type, message.text))
    page.on("pageerror", lambda error: _note(visited, "error", str(error)))
    return visited


def sign_in(who: Visit, account: str) -> None:
    """Sign in to the console as the account of this role."""
    who.page.goto(f"{who.demo.console}/signin")
    who.page.locator("#sign-in").click()
    pick(who, account)


def pick(who: Visit, account: str) -> None:
    """Pick an account at Entra."""
    who.page.locator(f"button.account[value='{who.organisation.accounts[account]}']").click()


def sign_out(who: Visit) -> None:
    """Sign out of the console."""
    who.page.get_by_role("button", name="Sign out").click()
    who.sees("You are signed out")


def _note(who: Visit, kind: str, text: str) -> None:
    # an answer of 4xx on purpose is reported by the browser as such
    if kind in {"error", "warning"} and "status of 4" not in text:
        who.complaints.append(f"{who.page.url}: {text}")
