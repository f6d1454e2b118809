"""Every page of the console in a real browser: accessible, within the screen, quiet and headed; light and dark.

One browser and two tenants for the whole file: one with a bit of everything, one that has just begun.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.console.furnished import furnish
from tests.support import axe
from tests.support.browser import running, window
from tests.support.console import COOKIE, Member, serving, sign_in
from tests.support.database import Database
from tests.support.world import load_intelligence, make_world

from vedette.web.limits import STRANGERS

# one worker keeps the file, and with it the one browser
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("console-look")]

SHOTS = os.environ.get("TEST_SHOTS", "")
"""A folder for pictures of each page, for people who want to look."""

PATIENCE_MS: Final = 30_000
DESKTOP, LAPTOP, PHONE = (1440, 900), (1280, 800), (390, 844)
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
PAGES: Final = {
    "dashboard": "/dashboard/",
    "threats": "/threats/",
    "threats-none": "/threats/?q=nothing-like-it",
    "threat": "/threats/{threat}/",
    "threat-ignored": "/threats/{ignored}/",
    "ignore": "/threats/{threat}/ignore",
    "devices": "/devices/",
    "device-blocked": "/devices/{bad}/",
    "device-fine": "/devices/{fine}/",
    "device-pending": "/devices/{pending}/",
    "delete": "/devices/{bad}/delete",
    "release": "/devices/{bad}/release",
    "resolver-make": "/devices/{fine}/resolver",
    "resolver": "/policy/resolver/",
    "brake": "/brake/{brake}/",
    "scans": "/scans/",
    "scan-new": "/scans/new",
    "scan": "/scans/{scan}/",
    "scan-failed": "/scans/{failed}/",
    "scan-attach": "/scans/{scan}/device/{fine}",
    "policy": "/policy/",
    "app-rules": "/policy/apps/",
    "web-protection": "/policy/web/?address=https://contoso-login.pages.dev/x",
    "web-lists": "/policy/web/lists",
    "web-settings": "/policy/web/settings",
    "file-rules": "/policy/files/",
    "privacy": "/policy/privacy/",
    "vulnerabilities": "/vulnerabilities/",
    "vulnerability": "/vulnerabilities/CVE-2099-0001/",
    "intelligence": "/system/intelligence/",
    "feed": "/system/intelligence/osv-android/",
    "account": "/system/account/",
    "monitor": "/system/account/monitor",
    "disconnect": "/system/account/disconnect",
    "enrollment": "/system/enrollment/",
    "invite-all": "/system/enrollment/invite",
    "invite-person": "/system/enrollment/person",
    "invitations": "/system/enrollment/invitations/",
    "settings": "/system/enrollment/settings/",
    "keys": "/system/keys/",
    "key-new": "/system/keys/new",
    "key-revoke": "/system/keys/{key}/revoke",
    "deliveries": "/system/connectors/deliveries/",
    "delivery": "/system/connectors/deliveries/{destination}/",
    "undelivered": "/system/connectors/deliveries/{destination}/undelivered/",
    "audit": "/system/audit/",
    "audit-event": "/system/audit/{event}/",
    "preferences": "/preferences/",
    "not-there": f"/devices/{NOBODY}/",
}
READ_ONLY: Final = ("dashboard", "devices", "device-blocked", "scan", "policy", "account", "audit")
DARK: Final = (
    "dashboard",
    "threat",
    "devices",
    "device-blocked",
    "scan",
    "enrollment",
    "audit",
    "preferences",
)
"""Pages that between them draw every component: contrast in the dark depends on those, not on the page."""
STATUS: Final = {"not-there": 404}
FRESH: Final = {
    "/threats/": "No phone reports yet",
    "/scans/": "Nothing was uploaded yet",
    "/devices/": "Choose enrollment groups",
    "/policy/": "See what it changes",
    "/system/account/": "Look at who would be blocked",
    "/system/account/arm": "Arm the tenant?",
    "/system/enrollment/": "Choose enrollment groups",
    "/system/enrollment/invitations/": "Invite people",
    "/preferences/": "Notifications by e-mail",
    "/system/keys/": "No application key yet",
    "/system/audit/": "Signed in",
    "/dashboard/": "Set up the Intune connector",
}
"""Pages of a tenant that has just begun, each with words of what to do next."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as started:
        yield started


@dataclass(frozen=True)
class Place:
    """The running pages, their people, and what stands for the names in PAGES."""

    url: str
    full: Member
    restricted: Member
    beginner: Member
    names: dict[str, str]

    def address(self, page: str) -> str:
        return PAGES[page].format(**self.names)


@pytest.fixture(scope="module")
def place(browser: Browser, database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    assert browser.is_connected()
    STRANGERS.forget()
    database.empty()
    load_intelligence()
    beginner = sign_in(make_world("Just Begun"), "full", "nora")
    world = make_world("Contoso Outdoors")
    people = sign_in(world, "full", "ada"), sign_in(world, "restricted", "rita")
    names = furnish(world)
    with serving(tmp_path_factory.mktemp("static")) as url:
        yield Place(url, *people, beginner, names)
    database.empty()


# -- looking at a page ----------------------------------------------------------------------------------

SPILLS: Final = """() => {
  const clipped = (element) => element.scrollWidth > element.clientWidth + 1;
  const spilt = [...document.querySelectorAll("main .card, main .v-plain-card, main .v-table-wrap")].filter(clipped);
  // on a phone a cell is a label and one thing beside it: a second thing would slip under the label
  const things = (cell) => [...cell.childNodes].filter((node) => node.nodeType === 1 || node.textContent.trim());
  const slipped = [...document.querySelectorAll(".v-table td")].filter(
    (cell) => getComputedStyle(cell).display === "grid" && things(cell).length > 1);
  const names = [...spilt, ...slipped].map((element) => `${element.className}: ${element.innerText.slice(0, 60)}`);
  const wide = document.documentElement.scrollWidth;
  return wide > window.innerWidth ? [`the page is ${wide} wide`, ...names] : names;
}"""
"""What sticks out of the screen, a card or a table, or stands in the wrong place."""

HIDDEN_TAB: Final = """() => [...document.querySelectorAll(".v-tabs")].filter((tabs) => {
  const active = tabs.querySelector("[aria-current]").getBoundingClientRect(), bar = tabs.getBoundingClientRect();
  return active.left < bar.left - 1 || active.right > bar.right + 1;
}).length"""


@dataclass
class Look:
    """A browser's page, what it printed, and every fault found so far."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url} throws {error}"))
        self.page.on("console", self._note)

    def _note(self, line: ConsoleMessage) -> None:
        # a page that is answered with 404 on purpose is reported by the browser as such
        if line.type in {"error", "warning"} and line.location.get("url") != self.page.url:
            self.faults.append(f"{self.page.url} prints {line.text} {line.location.get('url')}")

    def open(self, name: str, path: str, size: tuple[int, int] = DESKTOP) -> None:
        self.resize(size)
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == STATUS.get(name, 200), f"{name}: {answer.status}"
        if self.page.locator("h1").count() != 1:
            self.faults.append(f"{name} has {self.page.locator('h1').count()} h1")
        heading = self.page.locator("h1").first.inner_text()
        if not self.page.title().startswith(" ".join(heading.split())) or not heading.strip():
            self.faults.append(f"{name} is called {self.page.title()!r} but headed {heading!r}")

    def resize(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def spills(self, name: str) -> None:
        size = self.page.viewport_size
        assert size is not None
        self.shoot(f"{name}-{size['width']}")
        self.faults += [f"{name} at {size['width']}: {spilt}" for spilt in self.page.evaluate(SPILLS)]

    def axe(self, name: str, scheme: str, *rules: str) -> None:
        """Check with axe in this theme; RULES are those that depend on it, none means all."""
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        expect(self.page.locator(f"html[data-bs-theme={scheme}]")).to_be_attached(timeout=PATIENCE_MS)
        self.shoot(f"{name}-{scheme}")
        if found := axe.faults(self.page, *rules):
            self.faults.append(f"{name} {scheme}: {found}")

    def shoot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)

    def done(self) -> None:
        assert not self.faults, "\n".join(self.faults)


@contextmanager
def looking(browser: Browser, place: Place, member: Member | None, **cookies: str) -> Iterator[Look]:
    page = window(browser, base_url=place.url, locale="en-GB")
    page.set_default_timeout(PATIENCE_MS)
    given = cookies | ({COOKIE: member.session_key} if member else {})
    page.context.add_cookies(
        [{"name": name, "value": value, "url": place.url} for name, value in given.items()]
    )
    yield Look(page)


# -- the tests ------------------------------------------------------------------------------------------


def test_every_page_is_accessible_fits_is_quiet_and_is_headed(browser: Browser, place: Place) -> None:
    with looking(browser, place, place.full) as look:
        for name in PAGES:
            look.open(name, place.address(name), PHONE)
            look.spills(name)
            if look.page.evaluate(HIDDEN_TAB):
                look.faults.append(f"{name}: the tab that is open is out of sight")
            if name in DARK:
                look.axe(name, "dark", "color-contrast")
            look.resize(LAPTOP)
            look.spills(name)
            look.axe(name, "light")
        look.done()


def test_pages_fit_in_french(browser: Browser, place: Place) -> None:
    with looking(browser, place, place.full, vedette_language="fr") as look:
        for name in READ_ONLY:
            look.open(name, place.address(name), PHONE)
            look.spills(f"{name}-fr")
        assert look.page.locator("html").get_attribute("lang") == "fr"
        look.done()


def test_what_restricted_access_sees_looks_right(browser: Browser, place: Place) -> None:
    with looking(browser, place, place.restricted) as look:
        for name in ("policy", "audit"):
            look.open(name, place.address(name), PHONE)
            look.spills(f"{name}-restricted")
            look.axe(f"{name}-restricted", "light")
        look.done()


def test_a_tenant_that_has_just_begun_is_led(browser: Browser, place: Place) -> None:
    with looking(browser, place, place.beginner) as look:
        for path, words in FRESH.items():
            look.open(path, path, PHONE)
            expect(look.page.locator("main")).to_contain_text(words, timeout=PATIENCE_MS)
            look.spills(f"fresh{path.replace('/', '-')}")
        look.axe("fresh", "light")
        look.done()


def test_sign_in_is_quiet(browser: Browser, place: Place) -> None:
    with looking(browser, place, None) as look:
        look.open("sign-in", "/signin", PHONE)
        look.spills("sign-in")
        look.axe("sign-in", "light")
        look.done()


def test_the_figures_of_the_dashboard_stand_in_one_row(browser: Browser, place: Place) -> None:
    with looking(browser, place, place.full) as look:
        look.open("dashboard", "/dashboard/", LAPTOP)
        figures = look.page.locator(".v-stat").all()
        tops = {round(box["y"]) for figure in figures if (box := figure.bounding_box())}
        assert (len(figures), len(tops)) == (4, 1)
