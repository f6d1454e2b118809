"""No code of ours is shown where there could be words."""

import re
from pathlib import Path

import pytest
from tests.support.world import BAD_PACKAGE, World, app, facts

import vedette
from vedette.compliance.assess import assess
from vedette.console import audit_words, words
from vedette.console.explanation import LEFT_BECAUSE, SENTENCES, reason_text
from vedette.foundation import database
from vedette.intel.indicators import Kind
from vedette.threats.models import Threat
from vedette.verdict import decide, summaries
from vedette_facts.report import App

SOURCE = Path(vedette.__file__).parent
# Of the type DEVICE or THREAT: shown in a device's or a threat's history, not in the audit trail.
OTHER_EVENTS = {"device.state_changed", "device.removed", "device.activated", "device.taken_over"}
NAME = re.compile(
    r'"((?:administrator|application_key|brake|tenant|connector|destination|enrollment|feed|policy|registration|threat|'
    r'threat_feed|device|scan|web)\.[a-z_]+)"'
)


def test_every_rule_has_words() -> None:
    assert set(words.RULES) == set(summaries.SUMMARIES)


def test_every_kind_of_indicator_that_apps_are_known_by_has_words() -> None:
    shown = {Kind.PACKAGE, Kind.IOS_BUNDLE, Kind.SHA256, Kind.SHA1, Kind.MD5, Kind.CERTIFICATE_SHA1}
    assert {str(kind) for kind in shown | {Kind.CERTIFICATE_SHA256}} <= set(words.FACTS)


def test_every_fact_of_real_evidence_has_words(world: World) -> None:
    worst = {
        "root": True, "root_signs": ["/system/xbin/su", "frida-server"], "debug_build": True,
        "encrypted": False, "screen_lock": False, "developer_options": True, "adb": True,
    }  # fmt: skip
    device = {
        "os_version": "9",
        "security_patch": "2019-01-01",
        "build_type": "userdebug",
        "build_tags": "test-keys",
    }
    (phone,) = world.activated()
    elsewhere: list[App] = [app("com.example.elsewhere", installer="com.example.store")]
    world.report(phone, facts(BAD_PACKAGE, posture=worst, device=device, apps=elsewhere))
    assess(world.tenant_id)
    with database.tenant(world.tenant_id):
        threats = list(Threat.objects.all())
    assert len(threats) >= 9
    for threat in threats:
        for item in threat.evidence:
            assert item["fact"] in words.FACTS, item
            assert item["rule"] in words.RULES, item
        assert words.summary_of(threat)
        assert "," in words.detector_words(threat.detector), threat.detector


def test_every_act_that_the_service_writes_down_has_words() -> None:
    rules = set(summaries.SUMMARIES)
    written = {
        name
        for path in SOURCE.rglob("*.py")
        if "console" not in path.parts
        for name in NAME.findall(path.read_text())
    }
    acts = written - rules - OTHER_EVENTS - {"threat.open", "threat.resolved"}
    exported = {f"{area}.exported" for area in ("threat", "device", "policy", "audit")}
    exported.add("device.vulnerabilities_exported")
    # put together from its parts where it is written down
    exported |= {f"threat_feed.{act}" for act in ("created", "changed", "deleted", "filled")}
    exported |= {f"file_rules.{act}" for act in ("added", "changed", "switched", "deleted")}
    assert acts | {"threat.ignored", "threat.reopened", "threat.resolved"} | exported == set(
        audit_words.ACTIONS
    )
    assert {name.partition(".")[0] for name in audit_words.ACTIONS} == set(audit_words.AREAS)


def test_every_reason_of_a_verdict_has_words() -> None:
    codes = set(re.findall(r"Reason\(\s*\"(\w+)\"", Path(decide.__code__.co_filename).read_text()))
    assert codes == {*SENTENCES, "threat", "detector_failed", "unanswered"}
    for code in codes:
        subject = "TROJAN" if code == "threat" else "device.adb"
        sentence = reason_text({"code": code, "subject": subject, "risk": 3})
        assert sentence.endswith("."), sentence
        assert subject not in sentence


def test_every_reason_to_leave_has_words() -> None:
    from vedette.compliance import lifecycle  # noqa: PLC0415 beside the names it is about

    known = {lifecycle.ADMINISTRATOR, lifecycle.LEFT_GROUPS, lifecycle.REPLACED, lifecycle.UNSUPPORTED}
    assert known == set(LEFT_BECAUSE)


@pytest.mark.parametrize(
    ("attribute", "value", "shown"),
    [
        ("TROJAN.risk", "HIGH", "High"),
        ("TROJAN.response", "silent", "Don't alert device"),
        ("mode", "monitor", "Monitor mode"),
        ("activation_status", "PENDING", "Pending"),
        ("error_emails", ["a@x", "b@x"], "a@x, b@x"),
        ("error_emails", [], "none"),
        ("notify_high", False, "off"),
        ("anything", None, "none"),
        ("anything", 0, "0"),
        ("devices_by_state", {"high": 2, "secured": 1}, "High risk: 2, Secured: 1"),
    ],
)
def test_values_of_the_audit_trail_are_words(attribute: str, value: object, shown: str) -> None:
    assert audit_words.value_words(attribute, value) == shown
