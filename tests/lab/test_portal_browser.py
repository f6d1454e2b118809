"""The lab's pages in a real browser: by hand from rule to blocked phone, on desktop and phone, light and dark."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support import axe
from tests.support.browser import running, window
from tests.support.lab import Lab
from tests.support.lab_scene import RULE, Scene

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as started:
        yield started


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    made = window(browser, ignore_https_errors=True, base_url=lab.url)
    thrown: list[str] = []
    made.on("pageerror", lambda error: thrown.append(f"{made.url}: {error}"))
    yield made
    assert thrown == []


def sign_in(page: Page, scene: Scene) -> None:
    page.goto(f"/phone/{scene.tenant}?user={scene.upn}&device={scene.phone['id']}")
    page.get_by_role("button", name="Sign in to mail").click()


def test_by_hand_from_a_rule_to_a_blocked_phone_and_back(lab: Lab, page: Page) -> None:
    scene = Scene(lab)
    page.goto("/portal")
    page.get_by_role("link", name="Contoso Outdoors").click()
    page.get_by_role("link", name="Conditional access").click()
    page.get_by_role("link", name="New policy").first.click()
    page.get_by_label("Name", exact=True).fill("MTD - block at high risk")
    page.get_by_role("group", name="Include groups").get_by_label("Mobile Users", exact=True).last.check()
    page.get_by_role("group", name="Device platforms: include").get_by_label("Android").check()
    page.get_by_label("Devices matching the rule").select_option("include")
    page.get_by_label("Rule syntax").fill(RULE)
    page.get_by_label("Block access").check()
    page.get_by_label("On", exact=True).check()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("status")).to_contain_text("saved: On")

    sign_in(page, scene)
    expect(page.locator("#allowed")).to_contain_text("The token is good until")
    scene.attribute("mtd:high")
    page.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You can't get there from here")
    expect(page.locator("#reason")).to_contain_text("MTD - block at high risk")
    page.get_by_role("button", name="Use existing session").click()
    expect(page.locator("#allowed")).to_contain_text("existing session goes on")
    scene.attribute(None)
    page.get_by_role("button", name="Sign in again").click()
    expect(page.locator("#allowed")).to_be_visible()


def test_an_object_id_is_copied(lab: Lab, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/portal/{lab.tenant()['id']}/groups/new")
    page.get_by_label("Group name").fill("Console administrators")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="Copy the object ID").click()
    shown = page.locator("#object-id code").inner_text()
    assert re.fullmatch(r"[0-9a-f-]{36}", shown)
    assert page.evaluate("navigator.clipboard.readText()") == shown


def addresses(lab: Lab) -> tuple[list[str], list[str]]:
    """Return pages that differ in what they are made of, and further ones."""
    scene = Scene(lab)
    scene.policy(state="enabledForReportingButNotEnforced")
    made = scene.decide()
    root = f"/portal/{scene.tenant}"
    policy = re.search(
        r'conditional-access/([0-9a-f-]{36})"', lab.client.get(f"{root}/conditional-access").text
    )
    assert policy is not None
    telling = (
        "/conditional-access",
        f"/conditional-access/{policy.group(1)}",
        "/compliance/new",
        f"/devices/{scene.phone['id']}",
        f"/sign-ins/{made['sign_in_id']}",
    )
    others = (
        "",
        "/users",
        "/groups",
        "/groups/new",
        "/devices",
        "/apps",
        "/connectors",
        "/compliance",
        "/sign-ins",
        "/x",
    )
    phone = f"/phone/{scene.tenant}?user={scene.upn}"
    return (
        ["/portal", *(root + path for path in telling), phone, "/mailbox"],
        [*(root + path for path in others), "/phone", f"/phone/{scene.tenant}"],
    )


def test_pages_are_accessible_in_light_and_dark(lab: Lab, page: Page) -> None:
    telling, _ = addresses(lab)
    for address in telling:
        page.emulate_media(color_scheme="light")
        page.goto(address)
        faults = axe.faults(page)
        assert not faults, f"{address}: {faults}"
        page.emulate_media(color_scheme="dark")
        faults = axe.faults(page, "color-contrast")
        assert not faults, f"{address} in the dark: {faults}"


def test_pages_fit_a_phone(lab: Lab, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    telling, others = addresses(lab)
    for address in telling + others:
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"{address} scrolls sideways"
