"""The Threats module: finding threats, their evidence in words, ignoring with a reason, counting again (E2)."""

import csv
import io
import uuid
from datetime import timedelta

import pytest
from tests.support.console import Member, audit, text
from tests.support.world import BAD_PACKAGE, World, app, facts

from vedette.compliance.assess import assess
from vedette.devices.models import Device
from vedette.feeds.models import FeedVersion
from vedette.foundation import clock, database
from vedette.threats.models import Threat


@pytest.fixture
def phone(world: World) -> Device:
    """A phone with a known bad app and USB debugging on."""
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE, posture={"adb": True}))
    assess(world.tenant_id)
    return world.fresh(device)


@pytest.fixture
def trojan(world: World, phone: Device) -> Threat:
    return found(world, phone, "TROJAN")


def found(world: World, device: Device, classification: str) -> Threat:
    with database.tenant(world.tenant_id):
        return Threat.objects.get(device=device, classification=classification)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({}, {"Trojan", "USB debugging on"}),
        ({"status": "open"}, {"Trojan", "USB debugging on"}),
        ({"status": "ignored"}, set()),
        ({"risk": "4"}, {"Trojan"}),
        ({"risk": "9"}, {"Trojan", "USB debugging on"}),
        ({"risk": "at-risk"}, {"Trojan", "USB debugging on"}),
        ({"q": "trojan"}, {"Trojan"}),
        ({"q": "usb debugging"}, {"USB debugging on"}),
        ({"q": "DemoBanker"}, {"Trojan"}),
        ({"q": BAD_PACKAGE}, {"Trojan"}),
        ({"q": "p0@example.test"}, {"Trojan", "USB debugging on"}),
        ({"q": "%"}, set()),
        ({"sort": "-risk", "page": "2"}, {"Trojan", "USB debugging on"}),
    ],
)
def test_threats_are_found(full: Member, phone: Device, query: dict[str, str], codes: set[str]) -> None:
    page = text(full.get("/threats/", **query))
    rows = page[page.index('id="results"') :]
    assert {code for code in ("Trojan", "USB debugging on") if f">{code}" in rows} == codes
    assert (str(phone.id) in rows) is bool(codes)


def test_what_is_counted_is_what_the_list_shows(full: Member, world: World, phone: Device) -> None:
    """An advisory threat is open, but puts no phone at risk: menu and dashboard leave it out and say so."""
    patch = (clock.now().date() - timedelta(days=400)).isoformat()
    world.report(phone, facts(BAD_PACKAGE, posture={"adb": True}, device={"security_patch": patch}))
    assess(world.tenant_id)
    dashboard = text(full.get("/dashboard/"))
    assert '<span class="v-stat-value">2</span>' in dashboard
    assert "low to high; 1 more is advisory" in dashboard
    assert 'title="2 open, low to high risk"' in dashboard
    assert 'href="/threats/?status=open&amp;risk=at-risk"' in dashboard
    assert " of 2" in text(full.get("/threats/", status="open", risk="at-risk"))
    assert " of 3" in text(full.get("/threats/", status="open"))


def test_an_empty_list_is_clean_only_where_phones_report(
    full: Member, restricted: Member, world: World
) -> None:
    for who in (full, restricted):
        page = text(who.get("/threats/"))
        assert "No phone reports yet" in page
        assert "No threat found yet" not in page
        assert ("/system/enrollment/" in page) is (who is full)
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    assert "No threat found yet" in text(full.get("/threats/"))


def test_no_intelligence_is_said(full: Member, phone: Device) -> None:
    assert "No intelligence loaded" not in text(full.get("/threats/"))
    with database.system():
        FeedVersion.objects.update(active=False)
    page = text(full.get("/threats/"))
    assert "No intelligence loaded" in page
    assert "vedette intel import" in page
    assert phone.activation_status == "ACTIVATED"


def test_evidence_is_told_in_words(full: Member, trojan: Threat) -> None:
    page = text(full.get(f"/threats/{trojan.id}/"))
    for words in (
        f"bad ({BAD_PACKAGE}) is listed as DemoBanker by the feed test (version 1).",
        "Apps are compared with the threat intelligence by name, signer and file.",
        "Package name",
        "test (version 1)",
        "Applications, version",
        "your security policy",
        "no other phone",
        "How to mend it",
    ):
        assert words in page, words
    assert "apps.indicators" not in page


def test_the_same_threat_elsewhere_is_counted(full: Member, world: World, trojan: Threat) -> None:
    for device in world.activated(2):
        world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    page = text(full.get(f"/threats/{trojan.id}/"))
    assert "2 other phones" in page
    assert f"q={BAD_PACKAGE}" in page


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_ignoring_needs_a_reason(
    full: Member, world: World, phone: Device, trojan: Threat, reason: str
) -> None:
    answer = full.post(f"/threats/{trojan.id}/ignore", reason=reason)
    assert answer.status_code == 200
    assert "Say why: whoever reads the audit trail needs it." in text(answer)
    assert found(world, phone, "TROJAN").status == "open"
    assert not audit(world, "threat.ignored")


def test_a_reason_has_a_limit(full: Member, trojan: Threat) -> None:
    answer = full.post(f"/threats/{trojan.id}/ignore", reason="x" * 10_000)
    assert "at most 500 characters" in text(answer)


def test_ignore_lets_the_phone_in_and_reopen_blocks_it_again(
    restricted: Member, world: World, phone: Device, trojan: Threat
) -> None:
    path = f"/threats/{trojan.id}/"
    assert world.state(phone) == "high"
    page = text(restricted.follow(path + "ignore", reason="tested by <us>"))
    assert "The threat is ignored" in page
    assert "“tested by &lt;us&gt;”" in page
    assert world.state(phone) == "low"
    assert "Ignored threats" in text(restricted.get(f"/devices/{phone.id}/"))
    again = text(restricted.follow(path + "ignore", reason="twice"))
    assert "Only an open threat can be ignored." in again
    page = text(restricted.follow(path + "reopen"))
    assert "The threat counts again." in page
    assert "Counts again" in page, "in the history"
    assert world.state(phone) == "high"
    assert "Only an ignored threat can be reopened." in text(restricted.follow(path + "reopen"))
    (ignored,), (reopened,) = audit(world, "threat.ignored"), audit(world, "threat.reopened")
    assert ignored.changes == [{"attribute": "status", "from": "open", "to": "ignored"}]
    assert reopened.changes == [{"attribute": "status", "from": "ignored", "to": "open"}]
    assert ignored.detail["reason"] == "tested by <us>"
    assert {ignored.actor_name, reopened.actor_name} == {restricted.administrator.upn}


def test_a_mended_threat_is_resolved_with_its_reason(
    full: Member, world: World, phone: Device, trojan: Threat
) -> None:
    world.report(phone, facts())
    assess(world.tenant_id)
    page = text(full.get(f"/threats/{trojan.id}/"))
    assert "Resolved" in page
    assert "The phone reported that it is gone." in page
    assert f"/threats/{trojan.id}/ignore" not in page
    assert "Only an open threat can be ignored." in text(
        full.follow(f"/threats/{trojan.id}/ignore", reason="x")
    )


def test_export_is_filtered_and_holds_no_formula(full: Member, world: World, phone: Device) -> None:
    evil = app("com.example.sheet", name='=HYPERLINK("http://evil.example")', installer="com.example.store")
    world.report(phone, facts(BAD_PACKAGE, apps=[evil]))
    assess(world.tenant_id)
    rows = list(csv.DictReader(io.StringIO(full.export("/threats/export"))))
    (sheet,) = [row for row in rows if "HYPERLINK" in row["summary"]]
    assert sheet["summary"].startswith("'=HYPERLINK")
    high = list(csv.DictReader(io.StringIO(full.export("/threats/export", risk="4"))))
    assert [(row["classification"], row["risk"], row["status"]) for row in high] == [
        ("TROJAN", "HIGH", "open")
    ]


def test_a_hostile_name_in_evidence_stays_text(full: Member, world: World, phone: Device) -> None:
    evil = app("com.example.evil", name="{signs} %(x)s <b>bold</b>", installer="com.example.store")
    world.report(phone, facts(apps=[evil]))
    assess(world.tenant_id)
    threat = found(world, phone, "SIDELOADED_APP")
    page = full.get(f"/threats/{threat.id}/").content.decode()
    assert "{signs} %(x)s &lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold</b>" not in page


@pytest.mark.parametrize("rest", ["", "ignore", "reopen"])
def test_a_threat_that_does_not_exist(full: Member, rest: str) -> None:
    assert full.get(f"/threats/{uuid.uuid4()}/{rest}").status_code == 404
    assert full.post(f"/threats/{uuid.uuid4()}/{rest}", reason="x").status_code == 404
    assert full.get(f"/threats/1/{rest}").status_code == 404
