"""A real browser walks from the operator's link to the first session: scripts, policy of the pages, axe."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.support import axe
from tests.support.browser import running, window
from tests.support.lab import free_ports
from tests.support.microsoft import PUBLIC, Microsoft, Organisation, redirect_uris
from tests.tenants.conftest import forget

from vedette.tenants import operator_links

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("TEST_SHOTS", "")
"""A folder for pictures of each page, for people who want to look."""


class Site(NamedTuple):
    """The pages served for a browser, and a way into the operator's."""

    url: str
    operator_path: str


@pytest.fixture
def site(microsoft: Microsoft, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    microsoft.change_app(redirect_uris=redirect_uris(url))
    monkeypatch.setenv("VEDETTE_PUBLIC_URL", url)
    forget()
    server = LiveServerThread("127.0.0.1", StaticFilesHandler, port=port)
    with override_settings(PUBLIC_URL=url, CSRF_TRUSTED_ORIGINS=[url]):
        server.start()
        assert server.is_ready.wait(10)
        yield Site(url, urlsplit(operator_links.make()).path)
        server.terminate()
    microsoft.change_app(redirect_uris=redirect_uris(PUBLIC))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    made = window(browser, ignore_https_errors=True, locale="en-GB")
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(f"{made.url} throws {error}"))
    made.on("console", lambda line: complaints.append(line.text) if _breaks_policy(line) else None)
    yield made
    assert complaints == []


def _breaks_policy(line: ConsoleMessage) -> bool:
    return line.type == "error" and "Content Security Policy" in line.text


def look(page: Page, name: str) -> None:
    """Check what a screen reader would stumble over; keep a picture where one is wanted."""
    faults = axe.faults(page)
    assert not faults, f"{name}: {faults}"
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def pick(page: Page, upn: str) -> None:
    """Choose an account on Microsoft's page."""
    page.locator("#login").fill(upn)
    page.get_by_role("button", name="Next").click()


def test_from_the_operators_link_to_the_first_session(
    site: Site, page: Page, organisation: Organisation, microsoft: Microsoft
) -> None:
    grace = organisation.people["global_administrator"]
    page.goto(site.url + site.operator_path)
    look(page, "operator-empty")
    page.get_by_role("link", name="New account").click()
    look(page, "operator-new")
    page.get_by_label("Name", exact=True).fill("Fabrikam")
    page.get_by_label("Entra tenant ID").fill(str(organisation.id))
    page.get_by_label("Group with full access: object ID").fill("Mobile Security Admins")
    page.get_by_label("Group with restricted access: object ID").fill(str(organisation.groups["restricted"]))
    page.get_by_label("Primary contact: e-mail address").fill(grace)
    page.get_by_role("button", name="Make the account and send the link").click()
    expect(page.get_by_text("This is not a GUID")).to_be_visible()
    look(page, "operator-wrong-value")
    page.get_by_label("Group with full access: object ID").fill(str(organisation.groups["full"]))
    page.get_by_role("button", name="Make the account and send the link").click()
    expect(page.get_by_text("Waiting for consent")).to_be_visible()
    look(page, "operator-account")
    (mail,) = microsoft.lab.get("/mail", to=grace)
    (link,) = [found for found in mail["links"] if "action=consent" in found][:1]
    page.goto(link)
    look(page, "consent")
    microsoft.lab.post("/switches", {"consent_delay_seconds": 4})
    page.get_by_role("link", name="Sign in with Microsoft").click()
    pick(page, grace)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("This page looks again by itself")).to_be_visible()
    look(page, "consent-progress")
    page.wait_for_url("**/dashboard/", timeout=30_000)
    page.goto(site.url + "/preferences/")
    expect(page.get_by_text("from the next sign-in on")).to_be_visible()
    look(page, "preferences-asked")
    page.get_by_label("High risk").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your preferences were saved.")).to_be_visible()
    expect(page.get_by_label("High risk")).to_be_checked()
    look(page, "preferences-saved")


def test_refusals_in_french_on_a_phone(site: Site, page: Page, organisation: Organisation) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site.url + "/signin")
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    look(page, "sign-in-fr")
    page.get_by_role("link", name="Se connecter avec Microsoft").click()
    pick(page, organisation.people["full"])
    expect(page.get_by_text("pas de compte ici")).to_be_visible()
    look(page, "unknown-tenant-fr")
    page.goto(site.url + "/les?action=consent")
    look(page, "consent-fr")
