"""Watching one phone in the console: invited, activated, at risk with evidence, mended, and on record."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from tests.way.phone import SPY, Phone
from tests.way.visit import Visit

MAIL_SECONDS = 60.0
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def activate(who: Visit, phone: Phone) -> None:
    """Invite everybody, take the code out of the mailbox, enroll, and report for the first time."""
    who.open("/dashboard/")
    who.menu("Manage Enrollment")
    who.follow("Invite everybody pending")
    who.page.locator("dialog[open]").wait_for()
    who.press("Send invitations")
    who.sees("The invitations are being sent")
    who.shot("invited")
    code = code_from_mailbox(who, phone)
    enrolled = phone.enroll(code)
    assert enrolled["result"] == "activated", enrolled
    assert enrolled["detail"]["binding"] == "code"
    open_device(who, phone)
    assert "Activated" in who.fact("Activation")
    reported = phone.check_in()
    assert reported["result"] == "accepted", reported
    who.reload_until(lambda: state(who) == "Secured", "the first verdict")
    told(who, "mtd:secured")
    who.shot("device-secured")


def code_from_mailbox(who: Visit, phone: Phone) -> str:
    """Read the invitation as its person does, who may own more phones than this one."""
    text = mail_about(who, phone)
    picture = who.page.frame_locator("iframe").get_by_role("img")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100"), "no QR code in the mail"
    who.shot("mail-invitation")
    found = CODE.search(text)
    assert found, text
    return found[0]


def mail_about(who: Visit, phone: Phone) -> str:
    """Open the mail that names the phone, once it has come; its text."""
    mailbox = f"{who.demo.lab}/mailbox/{phone.device['upn']}"
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        who.page.goto(mailbox)
        links = who.page.locator("tbody tr").get_by_role("link")
        for address in [link.get_attribute("href") for link in links.all()]:
            who.page.goto(f"{who.demo.lab}{address}")
            text = who.page.locator("#text").inner_text()
            if phone.name in text:
                return text
    pytest.fail(f"no mail about {phone.name} within {MAIL_SECONDS:.0f} s")


def open_device(who: Visit, phone: Phone) -> None:
    """Find the phone's page by its person, as an administrator does."""
    who.open("/devices/")
    who.page.get_by_label("Search by device or person").fill(phone.name)
    row = who.page.locator("tbody tr", has_text=phone.name)
    expect(who.page.locator("tbody tr")).to_have_count(1)
    row.get_by_role("link").first.click()
    expect(who.page.locator("h1")).to_have_text(phone.name)


def state(who: Visit) -> str:
    """Give the state badge of the device's page."""
    return str(
        who.page.locator("header .v-actions .v-badge, header .v-actions .badge").first.inner_text()
    ).strip()


def told(who: Visit, value: str) -> None:
    """Wait until Microsoft was told this value, and it is confirmed, on the way by attribute."""
    row = who.page.locator("#delivery tbody tr", has_text="extensionAttribute1")
    who.reload_until(
        lambda: row.count() and value in row.inner_text() and "Confirmed" in row.inner_text(), value
    )


def look_at_threat(who: Visit, phone: Phone) -> None:
    """Dashboard, threat with evidence, device with rule, time and delivery."""
    who.open("/dashboard/")
    # it was installed past the store too, which is a second threat of a lower level
    worst = who.page.locator("section.card", has_text="Worst open threats").locator("tbody tr").first
    who.reload_until(lambda: worst.count() and phone.name in worst.inner_text(), "the threat")
    assert "High" in worst.inner_text()
    who.shot("dashboard-threat")
    worst.get_by_role("link").last.click()
    evidence = who.page.locator("section.card", has=who.page.get_by_role("heading", name="Evidence")).locator(
        "tbody"
    )
    assert SPY["package"] in evidence.inner_text()
    assert SPY["certificates"][0] in evidence.inner_text()
    assert "demo-stalkerware" in who.text()
    who.shot("threat-evidence")
    open_device(who, phone)
    assert state(who) == "High risk", state(who)
    told(who, "mtd:high")
    partner = who.page.locator("#delivery tbody tr", has_text="Partner interface")
    who.reload_until(lambda: "highSeverity" in partner.inner_text(), "the partner's health state")
    # evidence, rule, verdict and delivery, each with its time
    chain = who.page.locator("ol.v-chain > li").all_inner_texts()
    grounds, rule, verdict, delivery = chain
    assert SPY["name"] in grounds, chain
    assert "Your security policy rates “Surveillance app” High" in rule, chain
    assert "High risk" in verdict, chain
    assert "mtd:high" in delivery, chain
    assert "extensionAttribute1: Confirmed" in delivery, chain
    assert all("UTC" in step for step in (grounds, verdict, delivery)), chain
    history = who.page.locator(".v-timeline li").first.inner_text()
    assert "High risk" in history, history
    assert "report" in history, history
    who.shot("device-high")
    who.portal(f"/devices/{phone.device['id']}")
    assert "mtd:high" in who.page.locator("#extension-attributes").inner_text()
    assert who.page.locator("#is-compliant").inner_text() == "No"
    who.shot("portal-device")


def read_threat_mail(who: Visit, phone: Phone) -> None:
    """Whoever asked for mail about high risk got one, with the phone, the threat and a link."""
    address = who.organisation.accounts["full"]
    who.page.goto(f"{who.demo.lab}/mailbox/{address}")
    mails = who.page.locator("tbody tr")
    who.reload_until(lambda: mails.count() > 0, "the mail about the threat")
    mails.first.get_by_role("link").click()
    text = who.page.locator("#text").inner_text()
    assert phone.name in text, text
    assert "/threats/" in text, text
    assert "uninstall" in text.lower(), f"the mail does not say how to mend it: {text}"
    who.shot("mail-threat")


def look_at_mended(who: Visit, phone: Phone) -> None:
    """The threat is resolved by the report that no longer has it; Microsoft was told."""
    open_device(who, phone)
    who.reload_until(lambda: state(who) == "Secured", "the mended phone")
    told(who, "mtd:secured")
    earlier = who.page.locator("section.card", has_text="Earlier threats").inner_text()
    assert "Resolved" in earlier, earlier
    who.shot("device-mended")


def read_audit_trail(who: Visit) -> None:
    """Everything that was done here is on record, with who, when, from and to."""
    who.menu("Audit trail")
    rows = who.page.locator("tbody tr").all_inner_texts()
    full = who.organisation.accounts["full"]
    contact = who.organisation.accounts["global_administrator"]
    done = [
        ("Account created", "Operator", ""),
        ("Login link sent", "Operator", ""),
        ("Consent given", contact, ""),
        ("Sign-in refused", contact, ""),
        ("Connector settings changed", full, "10 → 7"),
        ("Connector state changed", "Vedette", "Not set up → Available"),
        ("Enrollment group added", full, "Company Phones"),
        ("Connector settings changed", full, "Threat status sent: on → off"),
        ("Connector settings changed", full, f"none → {full}"),
        ("Days until disconnected changed", full, "30 → 14"),
        ("Own preferences changed", full, "off → on"),
        ("Security policy changed", full, "No screen lock: Medium → High"),
        ("Security policy changed", full, "No screen lock: High → Medium"),
        ("Tenant armed", full, "Monitor mode → Armed"),
        ("Invitations sent", full, ""),
    ]
    for action, actor, detail in done:
        found = [row for row in rows if action in row and actor in row and detail in row]
        assert found, f"{action} by {actor} with {detail!r} is not on record: {rows}"
    who.shot("audit")
