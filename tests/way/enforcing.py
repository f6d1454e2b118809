"""The rules at Microsoft, made by hand in its portal, and what makes them bite."""

from __future__ import annotations

from tests.way.visit import Visit

FILTER_POLICY = "Block phones at risk"
COMPLIANCE_POLICY = "Threat level at or under Medium"
COMPLIANT_DEVICE_POLICY = "Mail needs a compliant phone"


def copied_rule(who: Visit) -> str:
    """Copy the device filter from System > Account, as the page offers it."""
    who.menu("Account")
    figure = who.page.locator("figure", has_text="Block phones at risk")
    rule = figure.locator("code").inner_text()
    assert figure.get_by_role("button").get_attribute("data-copy") == rule
    who.shot("rule-to-copy")
    return rule


def block_by_filter(who: Visit, rule: str) -> None:
    """Make a conditional-access policy that blocks the devices the product's filter names."""
    _begin_access_policy(who, FILTER_POLICY)
    page = who.page
    page.locator("#filter-mode").select_option("include")
    page.locator("#filter-rule").fill(rule)
    page.locator("#grant-block").check()
    _save_access_policy(who, FILTER_POLICY)
    who.shot("policy-filter")


def demand_threat_level(who: Visit) -> None:
    """Make a compliance policy "at or under Medium" for the people of the enrollment group."""
    who.portal("/compliance/new")
    page = who.page
    page.get_by_label("Name", exact=True).fill(COMPLIANCE_POLICY)
    page.get_by_label("Platform").select_option(label="Android Enterprise: work profile")
    page.get_by_label("Require the device to be at or under the Device Threat Level").select_option("medium")
    page.get_by_role("group", name="Included groups").first.get_by_label("Company Phones").check()
    page.locator("#save-compliance").click()
    who.sees(f"{COMPLIANCE_POLICY} saved")
    who.shot("policy-compliance")


def demand_compliant_device(who: Visit) -> None:
    """Make a conditional-access policy "require compliant device"; enrolling must stay possible."""
    _begin_access_policy(who, COMPLIANT_DEVICE_POLICY)
    page = who.page
    for app in ("Microsoft Intune", "Microsoft Intune Enrollment"):
        page.locator("input[name='exclude_apps']").locator("xpath=..").get_by_text(app, exact=True).click()
    page.locator("#grant-grant").check()
    page.get_by_label("Require device to be marked as compliant").check()
    _save_access_policy(who, COMPLIANT_DEVICE_POLICY)
    who.shot("policy-compliant-device")


def _begin_access_policy(who: Visit, name: str) -> None:
    who.portal("/conditional-access")
    who.page.locator("#new-policy").click()
    page = who.page
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("group", name="Include groups").first.get_by_label("Company Phones").check()
    page.get_by_role("group", name="Exclude groups").first.get_by_label("Emergency Access").check()
    for platform in ("android", "iOS"):
        page.locator(f"input[name='include_platforms'][value='{platform}']").check()


def _save_access_policy(who: Visit, name: str) -> None:
    who.page.locator("#state-enabled").check()
    who.page.locator("#save-policy").click()
    who.sees(f"{name} saved: On.")


def turn_policy(who: Visit, name: str, word: str) -> None:
    """Turn a conditional-access policy On or Off in the portal's list."""
    who.portal("/conditional-access")
    who.page.get_by_role("button", name=f"{word}: {name}").click()
    who.sees(f"{name}: {word}.")


def connect_partner(who: Visit) -> None:
    """Turn the partner adapter on in the console, then its platforms in the portal."""
    who.menu("Connectors")
    who.page.locator("section.card", has_text="Intune partner interface").get_by_role("link").first.click()
    who.sees("A simulation")
    who.press("Turn on")
    who.sees("The adapter is on")
    who.shot("partner-on")
    who.portal("/connectors")
    who.page.locator("tbody a").first.click()
    who.page.locator("#android-enabled").check()
    who.page.locator("#ios-enabled").check()
    who.page.locator("#save-connector").click()
    who.sees("Connector saved")
    assert "Enabled" in who.page.locator("#partner-state").inner_text()
    who.shot("mtd-connector")


def sync_with_intune(who: Visit) -> None:
    """Let every phone check in with Intune, so that new policies count."""
    who.portal("/devices")
    who.page.locator("#sync-all").click()
    who.sees("checked in")


def arm(who: Visit) -> None:
    """Leave Monitor mode: asked first, with what it does."""
    who.open("/system/account/")
    assert "Monitor mode" in who.text()
    who.follow("Arm")
    who.page.locator("dialog[open]").wait_for()
    who.sees("Arm the tenant?")
    who.shot("arm-question")
    who.press("Arm")
    who.sees("Armed: the states of your phones are on their way to Microsoft.")
    who.shot("armed")
