"""The style guide in a real browser: accessible, within the screen, quiet, in both themes and languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.support import axe
from tests.support.browser import DESKTOP, window

pytestmark = pytest.mark.browser

PHONE = (390, 844)
PAGES = ("/styleguide", "/styleguide/plain", "/styleguide/error", "/styleguide/confirm")


def complaints(page: Page) -> list[str]:
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # a page that answers 403 on purpose is reported by the browser as such
        if message.type in {"error", "warning"} and "403" not in message.text:
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("scheme", "size", "other"), [("light", DESKTOP, PHONE), ("dark", PHONE, DESKTOP)], ids=["light", "dark"]
)
def test_page_is_accessible_fits_and_is_quiet(
    browser: Browser, site: str, scheme: str, size: tuple[int, int], other: tuple[int, int], path: str
) -> None:
    page = window(browser, size, scheme)
    noise = complaints(page)
    page.goto(site + path)
    if path == "/styleguide":
        expect(page.locator(".v-chart svg").last).to_be_visible()
    faults = axe.faults(page)
    assert not faults, faults
    for width, height in (size, other):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("html").get_attribute("data-bs-theme") == scheme
    assert noise == []


def test_axe_finds_a_planted_fault(browser: Browser, site: str) -> None:
    page = window(browser)
    page.goto(site + "/styleguide/plain")
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert axe.look(page).violations_count == 1


def test_pale_text_is_found_also_where_all_else_was_judged_before(browser: Browser, site: str) -> None:
    page = window(browser)
    page.goto(site + "/styleguide/confirm")
    for _each in range(2):
        assert axe.faults(page, axe.CONTRAST) == ""
    page.evaluate("""() => {
      const pale = document.createElement("p");
      pale.textContent = "pale words";
      pale.style = "color: #ddd; background: #fff";
      document.querySelector("main").append(pale);
    }""")
    for _each in range(2):
        assert axe.look(page, axe.CONTRAST).violations_count == 1, "what was found is never taken for judged"


def test_dialog_asks_and_cancel_closes_it(browser: Browser, site: str) -> None:
    page = window(browser)
    noise = complaints(page)
    page.goto(site + "/styleguide")
    page.get_by_role("link", name="Turn off").click()
    dialog = page.get_by_role("dialog", name="Turn threat status off?")
    expect(dialog).to_contain_text("1,204")
    assert dialog.locator("form").get_attribute("action") == "/styleguide/confirm"
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert page.url == site + "/styleguide"
    assert noise == []


def test_without_script_the_question_is_a_page_and_the_menu_is_open(browser: Browser, site: str) -> None:
    page = window(browser, PHONE, java_script_enabled=False)
    page.goto(site + "/styleguide")
    expect(page.get_by_role("link", name="Connectors", exact=True)).to_be_visible()
    page.get_by_role("link", name="Turn off").click()
    expect(page.get_by_role("heading", name="Turn threat status off?")).to_be_visible()
    expect(page.get_by_role("button", name="Turn off")).to_be_visible()


def test_menu_of_a_phone_opens_and_says_so(browser: Browser, site: str) -> None:
    page = window(browser, PHONE)
    page.goto(site + "/styleguide")
    expect(page.get_by_role("link", name="Connectors", exact=True)).to_be_hidden()
    button = page.get_by_role("button", name="Menu")
    button.click()
    expect(page.get_by_role("link", name="Connectors", exact=True)).to_be_visible()
    assert button.get_attribute("aria-expanded") == "true"
    assert axe.faults(page) == ""


def test_chosen_theme_and_language_stay(browser: Browser, site: str) -> None:
    page = window(browser)
    page.goto(site + "/styleguide")
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.get_by_role("button", name="Français").click()
    page.goto(site + "/styleguide")
    assert page.locator("html").get_attribute("lang") == "fr"
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    expect(page.get_by_role("link", name="Tableau de bord")).to_be_visible()


def test_filtering_replaces_the_rows_and_the_address(browser: Browser, site: str) -> None:
    page = window(browser)
    noise = complaints(page)
    page.goto(site + "/styleguide")
    page.get_by_label("State", exact=True).select_option("high")
    expect(page.locator("#results")).to_contain_text("of 25")
    assert "state=high" in page.url
    page.get_by_role("searchbox").fill("nobody of that name")
    expect(page.locator("#results")).to_contain_text("Nothing matches")
    assert noise == []


def test_rows_are_cards_on_a_phone_with_their_labels(browser: Browser, site: str) -> None:
    page = window(browser, PHONE)
    page.goto(site + "/styleguide")
    cell = page.locator('td[data-label="Last seen"]').first
    assert cell.evaluate("element => getComputedStyle(element, '::before').content") == '"Last seen"'


def test_copy_button_copies(browser: Browser, site: str) -> None:
    page = window(browser)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(site + "/styleguide")
    page.locator(".v-copy-secret button").click()
    expect(page.locator("#toasts")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "7KQF-9XPM-2WTD"
