"""The connectors' pages in a real browser: accessible, within the screen, quiet, in both themes and widths."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.connectors.scene import Scene
from tests.support import axe
from tests.support.browser import DESKTOP, running, window
from tests.support.console import COOKIE, Member, serving, sign_in
from tests.support.world import ADA

from vedette.connectors.partner import switch
from vedette.foundation import certificates, database
from vedette.tenants import drafts
from vedette.tenants.models import Tenant

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("TEST_SHOTS", "")
"""A folder for pictures of each page, for people who want to look."""

PHONE = (390, 844)
ROOT = "/system/connectors/"
PAGES = {
    "overview": ROOT,
    "phones-at-risk": f"{ROOT}groups/phones/",
    "people-at-risk": f"{ROOT}groups/people/",
    "actions": f"{ROOT}actions/",
    "spared": f"{ROOT}spared/",
    "connection": f"{ROOT}intune/connection/",
    "enrollment": f"{ROOT}intune/enrollment/",
    "state-sync": f"{ROOT}intune/state-sync/",
    "rules": f"{ROOT}intune/rules/",
    "handouts": f"{ROOT}intune/handouts/",
    "access": f"{ROOT}intune/access/",
    "unsupported": f"{ROOT}intune/unsupported/",
    "errors": f"{ROOT}intune/errors/",
    "pushes": f"{ROOT}pushes/",
    "partner": f"{ROOT}partner/",
    "registration": f"{ROOT}registration/",
    "registration-application": f"{ROOT}registration/application",
    "registration-credential": f"{ROOT}registration/credential",
    "registration-start": f"{ROOT}registration/start",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as started:
        yield started


@pytest.fixture
def url(scene: Scene, tmp_path: Path) -> Iterator[str]:
    assert scene
    with serving(tmp_path) as address:
        yield address


@contextmanager
def opened(
    browser: Browser, url: str, member: Member, scheme: str = "light", size: tuple[int, int] = DESKTOP
) -> Iterator[Page]:
    page = window(browser, size, scheme)
    page.context.add_cookies([{"name": COOKIE, "value": member.session_key, "url": url}])
    noise: list[str] = []
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("console", lambda line: noise.append(line.text) if line.type == "error" else None)
    yield page
    assert noise == []


def look(page: Page, name: str) -> None:
    """Check what a screen reader or a narrow screen would stumble over; keep a picture where one is wanted."""
    fits(page, name)
    faults = axe.faults(page)
    assert not faults, f"{name}: {faults}"


def fits(page: Page, name: str) -> None:
    """Check that nothing sticks out of the screen."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
    assert page.viewport_size is not None
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], f"{name} is {wide} wide"


def visit_all(
    browser: Browser, url: str, member: Member, name: str, scheme: str, size: tuple[int, int]
) -> None:
    """Look at every page in one theme and width, and whether it fits in the other width too."""
    other = PHONE if size == DESKTOP else DESKTOP
    with opened(browser, url, member, scheme, size) as page:
        for key, path in PAGES.items():
            page.goto(url + path)
            look(page, f"{name}-{key}-{scheme}-{size[0]}")
            page.set_viewport_size({"width": other[0], "height": other[1]})
            fits(page, f"{name}-{key}-{scheme}-{other[0]}")
            page.set_viewport_size({"width": size[0], "height": size[1]})


def test_pages_of_an_account_that_has_just_begun(browser: Browser, url: str, scene: Scene) -> None:
    ada = sign_in(scene.world, "full", "ada")
    visit_all(browser, url, ada, "fresh", "light", DESKTOP)
    with opened(browser, url, ada) as page:
        page.goto(url + PAGES["handouts"])
        sheets = page.locator(".v-sheet").count()
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == sheets, (
            "each hand-out on a sheet of its own"
        )
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        expect(page.get_by_role("button", name="Copy").first).to_be_hidden()
        page.emulate_media(media="screen")


def test_pages_of_an_account_at_work_and_in_trouble(browser: Browser, url: str, enrolled: Scene) -> None:
    """Every badge and notice that the pages know: errors now and past, a foreign value, a missing group."""
    enrolled.beat()
    enrolled.activated()
    enrolled.publish()
    switch.turn_on(enrolled.tenant_id, ADA)
    enrolled.publish("partner")
    enrolled.fault("GET /v1.0/devices", status=403, times=1)
    enrolled.poll()
    enrolled.set_attribute(enrolled.devices()[0], "BYOD")
    enrolled.save(scope="registered", sync_device_status=False)
    enrolled.poll()
    enrolled.publish()
    group = enrolled.group("Company Phones")["id"]
    enrolled.lab.delete(f"{enrolled.path}/groups/{group}")
    enrolled.poll()
    enrolled.lab.delete(f"{enrolled.path}/consents/{enrolled.microsoft.client_id}")
    enrolled.beat()
    with database.tenant(enrolled.tenant_id):
        tenant = Tenant.objects.get()
    drafts.begin(tenant, ADA)
    drafts.identify(tenant, ADA, client_id=uuid4(), cloud="", chosen=["read"])
    drafts.prove_by_certificate(tenant, ADA, certificates.make("Vedette", 30))
    visit_all(browser, url, sign_in(enrolled.world, "full", "ada"), "trouble", "dark", PHONE)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_group_is_searched_chosen_confirmed_and_taken_out(
    browser: Browser, url: str, scene: Scene, size: tuple[int, int]
) -> None:
    scene.set_up()
    scene.beat()
    with opened(browser, url, sign_in(scene.world, "full", "ada"), size=size) as page:
        page.goto(url + PAGES["enrollment"])
        page.get_by_label("Display name").press_sequentially("comp")
        choose = page.get_by_role("button", name="Choose Company Phones")
        expect(choose).to_be_visible()
        look(page, f"search-{size[0]}")
        choose.click()
        expect(page.get_by_role("heading", name="Enroll the devices of Company Phones?")).to_be_visible()
        look(page, f"preview-{size[0]}")
        page.get_by_role("button", name="Add group").click()
        expect(page.get_by_text("Company Phones is enrolled")).to_be_visible()
        scene.poll()
        page.reload()
        page.get_by_role("link", name="See who comes in Company Phones").click()
        expect(page.get_by_role("row", name="Night Shift")).to_be_visible()
        look(page, f"inside-{size[0]}")
        page.go_back()
        page.get_by_role("link", name="Take out Company Phones").click()
        dialog = page.get_by_role("dialog", name="Take Company Phones out?")
        expect(dialog).to_contain_text("13")
        look(page, f"take-out-{size[0]}")
        dialog.get_by_role("button", name="Take out").click()
        expect(page.get_by_text("No group yet")).to_be_visible()


def test_a_switch_is_turned_off_by_keyboard_alone(browser: Browser, url: str, enrolled: Scene) -> None:
    with opened(browser, url, sign_in(enrolled.world, "full", "ada")) as page:
        page.goto(url + PAGES["state-sync"])
        page.get_by_label("Device status").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Withdraw what was sent?")).to_be_visible()
        look(page, "withdraw-question")
        page.get_by_role("button", name="Save and withdraw").press("Enter")
        expect(page.locator("header").get_by_text("Incomplete", exact=True)).to_be_visible()
    assert not enrolled.connector().sync_device_status
