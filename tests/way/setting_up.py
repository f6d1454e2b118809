"""The nine steps of "Set up your subscription" (2018), in order, each as an administrator does it by hand."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.way.visit import Visit, pick, sign_in, sign_out

HEARTBEAT_MINUTES = 7
POLL_MINUTES = 5
DISCONNECTED_DAYS = 14


def collect_information(who: Visit) -> dict[str, str]:
    """Step 1: the tenant's ID and the object IDs of two groups, read in the Azure portal."""
    who.portal()
    found = {"tenant": _first_guid(who.fact("Tenant ID (Directory ID)"))}
    for purpose, name in (("full", "Mobile Security Admins"), ("restricted", "Mobile Security Support")):
        who.portal("/groups")
        who.follow(name)
        found[purpose] = _first_guid(who.page.locator("#object-id").inner_text())
    assert found["full"] == who.organisation.groups["full"]
    return found


def create_account(operator: Visit, link: str, information: dict[str, str]) -> None:
    """Step 1, the operator's side: the account is made from what was collected."""
    operator.page.goto(link)
    operator.follow("New account")
    page = operator.page
    page.get_by_label("Name", exact=True).fill(operator.organisation.name)
    page.get_by_label("Entra tenant ID").fill(information["tenant"])
    page.get_by_label("Group with full access: object ID").fill(information["full"])
    page.get_by_label("Group with restricted access: object ID").fill(information["restricted"])
    page.get_by_label("Primary contact: e-mail address").fill(
        operator.organisation.accounts["global_administrator"]
    )
    operator.press("Make the account and send the link")
    operator.sees("Waiting for consent")
    operator.shot("account")


def consent(who: Visit) -> None:
    """Step 2: the login link of the mail, a Global Administrator, Accept, the console."""
    contact = who.organisation.accounts["global_administrator"]
    who.page.goto(f"{who.demo.lab}/mailbox/{contact}")
    who.page.locator("tbody a").first.click()
    who.shot("mail-login-link")
    who.page.goto(who.page.locator("#links a", has_text="/les?").get_attribute("href") or "")
    who.shot("consent-begin")
    who.page.locator("#begin-consent").click()
    pick(who, "global_administrator")
    who.sees("Permissions requested")
    who.shot("entra-consent")
    who.press("Accept")
    expect(who.page.locator("h1")).to_have_text("Dashboard", timeout=60_000)
    who.sees("This session alone needs no group")
    who.sees("Groups found: “Mobile Security Admins”, “Mobile Security Support”")
    who.shot("dashboard-empty")


def groups_decide(who: Visit) -> None:
    """From the next sign-in on no role is needed but a group: its lack is explained."""
    sign_out(who)
    sign_in(who, "global_administrator")
    who.sees("You are not in a group that may use the console")
    for fact in (who.organisation.accounts["global_administrator"], "Mobile Security Admins"):
        assert fact in who.text()
    who.shot("in-no-group")
    sign_in(who, "full")
    expect(who.page.locator("h1")).to_have_text("Dashboard")


def set_up_connector(who: Visit) -> None:
    """Step 2, continued: System > Connectors > Intune, the heartbeat's minutes, ready, platforms on."""
    who.menu("Connectors")
    who.shot("connectors")
    who.page.locator("section.card", has_text="Intune").get_by_role("link").first.click()
    expect(who.page.get_by_label("Heartbeat frequency")).to_have_value("10")
    who.page.get_by_label("Heartbeat frequency").fill(str(HEARTBEAT_MINUTES))
    who.press("Create connector")
    who.reload_until(lambda: "Your Intune connector is now ready" in who.text(), "the first heartbeat")
    who.shot("connector-ready")
    who.page.get_by_label("Android").check()
    who.page.get_by_label("iOS and iPadOS").check()
    who.press("Save")
    who.sees("Your changes are saved")
    expect(who.page.get_by_label("Heartbeat frequency")).to_have_value(str(HEARTBEAT_MINUTES))
    assert "Enabled" in who.page.locator("header").inner_text()
    who.shot("connector-enabled")


def choose_enrollment_group(who: Visit) -> None:
    """Step 3: the display name in the wrong case, then the right one; who would be enrolled, confirmed."""
    who.follow("Enrollment management")
    name = who.page.get_by_label("Display name")
    name.fill("company phones")
    who.press("Check and add")
    who.sees("Did you mean this one?")
    who.shot("group-wrong-case")
    name = who.page.get_by_label("Display name")
    name.fill("Company Phones")
    expect(who.page.locator("#group-options")).to_contain_text(who.organisation.groups["enrollment"])
    who.shot("group-search")
    who.press("Check and add")
    who.sees("Enroll the devices of Company Phones?")
    assert _first_guid(who.text()) == who.organisation.groups["enrollment"]
    assert int(who.fact("People")) == 8, "two people are in a group inside the group"
    assert int(who.fact("Devices to protect")) > 8
    who.shot("group-preview")
    who.press("Add group")
    who.sees("Company Phones is enrolled")
    expect(who.page.get_by_label("Check for new devices every")).to_have_value(str(POLL_MINUTES))
    who.shot("group-added")


def look_at_state_sync(who: Visit) -> None:
    """Step 4: both on by default; one off is asked about, called incomplete, and turned on again."""
    who.follow("State sync")
    device, threat = who.page.get_by_label("Device status"), who.page.get_by_label("Threat status")
    expect(device).to_be_checked()
    expect(threat).to_be_checked()
    threat.uncheck()
    who.press("Save")
    who.sees("Withdraw what was sent?")
    who.shot("state-sync-question")
    who.press("Save and withdraw")
    who.sees("Incomplete")
    expect(who.page.get_by_label("Threat status")).not_to_be_checked()
    who.shot("state-sync-incomplete")
    who.page.get_by_label("Threat status").check()
    who.press("Save")
    who.sees("Your changes are saved")
    assert "Incomplete" not in who.text()


def name_error_recipients(who: Visit) -> None:
    """Step 5: who receives error reports; what is no address is refused."""
    who.follow("Error management")
    field = who.page.get_by_label("Error e-mail recipients")
    field.fill("the team next door")
    who.press("Save")
    who.sees("is not an e-mail address")
    who.page.get_by_label("Error e-mail recipients").fill(who.organisation.accounts["full"])
    who.press("Save")
    who.sees("Your changes are saved")
    who.shot("error-recipients")


def set_disconnected_days(who: Visit) -> None:
    """Step 6: on the Connectors page, days until a device counts as disconnected: 1 to 90."""
    who.menu("Connectors")
    who.follow("Change the number of days")
    days = who.page.locator("input[name='days']")
    form = who.page.locator("form", has=days)
    expect(days).to_have_value("30")
    for wrong in ("0", "91"):
        days.evaluate("field => field.form.noValidate = true")
        who.page.locator("input[name='days']").fill(wrong)
        form.get_by_role("button", name="Save").click()
        who.sees(re.compile("1 to 90|less than or equal to 90|greater than or equal to 1"))
    who.page.locator("input[name='days']").fill(str(DISCONNECTED_DAYS))
    form.get_by_role("button", name="Save").click()
    who.sees("Saved")
    who.menu("Connectors")
    who.sees(f"has not reported for {DISCONNECTED_DAYS} days")
    who.shot("disconnected-days")


def ask_for_mail(who: Visit) -> None:
    """Step 7: Preferences, the levels that send mail set to on."""
    who.page.get_by_role("link", name="Preferences").click()
    high = who.page.get_by_label("High risk")
    expect(high).not_to_be_checked()
    high.check()
    who.press("Save")
    expect(who.page.get_by_label("High risk")).to_be_checked()
    who.shot("preferences")


def classify_threats(who: Visit) -> None:
    """Step 8: a classification gets another level, shown before it is saved; then the defaults again."""
    who.menu("Security Policy")
    level = who.page.get_by_label("Risk level of No screen lock")
    default = level.input_value()
    who.shot("policy")
    level.select_option(label="High")
    who.press("See what it changes")
    who.sees("Save this policy?")
    who.shot("policy-question")
    who.press("Save")
    expect(who.page.get_by_label("Risk level of No screen lock")).not_to_have_value(default)
    who.sees("changed")
    who.follow("Reset to defaults")
    who.page.locator("dialog[open]").wait_for()
    who.press("Reset")
    expect(who.page.get_by_label("Risk level of No screen lock")).to_have_value(default)


def watch_enrollment(who: Visit) -> None:
    """Step 9: the devices of the group appear, pending."""
    who.menu("Devices")
    rows = who.page.locator("tbody tr")
    who.reload_until(lambda: rows.count() > 8, "devices of the enrollment group")
    assert set(who.page.locator("tbody tr td[data-label='State']").all_inner_texts()) == {"Pending"}
    who.shot("devices-pending")


def _first_guid(text: str) -> str:
    found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)
    assert found, text
    return found[0]
