"""Settings, special access, profiles, the network and versions: what fails, what is fine, what is not asked."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detection.phones import ANDROID, IPHONE, apps

from vedette.detection import Context, run
from vedette.intel import Index, Indicator, Kind, Source
from vedette.intel.os_knowledge import OsKnowledge
from vedette.intel.os_table import AndroidFix, AppleRelease, Exploited, Lifetime, OsTable
from vedette.verdict.policy import Policy
from vedette.verdict.reconcile import reconcile
from vedette.verdict.summaries import summary_in
from vedette_facts.network import Network, Probe
from vedette_facts.report import AgentFacts, App, Facts
from vedette_facts.settings import Profile, Settings, UserCertificate

FEED = Index(
    [
        (
            Source("spies"),
            [
                Indicator(Kind.PROCESS, "bh", "SURVEILLANCEWARE", "Spy"),
                Indicator(Kind.PROFILE, "com.evil.profile", "SURVEILLANCEWARE", "Spy"),
            ],
        )
    ]
)


def answers(facts: Facts, context: Context | None = None) -> dict[str, str]:
    found = run(facts, context or Context(index=FEED)).observations
    return {o.rule: o.status for o in found if o.status != "ok"} | {
        f.evidence[0].rule: f"{f.classification} {f.key}" for o in found if (f := o.finding)
    }


def android(sdk: int | None = 35, **settings: Any) -> Facts:
    side = App(package="org.x.side", name="Side", installer="com.android.chrome")
    facts = apps(side)
    device = msgspec.structs.replace(facts.device, sdk=sdk)
    return msgspec.structs.replace(facts, device=device, settings=Settings(**settings))


def told(facts: Facts, rule: str) -> str | None:
    return answers(facts).get(rule)


CERTIFICATE = UserCertificate(sha256="ab" * 32, subject="CN=Proxy")


@pytest.mark.parametrize(
    ("rule", "bad", "good", "expected"),
    [
        (
            "device.verified_boot",
            {"verified_boot": "orange"},
            {"verified_boot": "green"},
            "ACCESS_CONTROL_VIOLATION verified_boot",
        ),
        (
            "device.verified_boot",
            {"bootloader_locked": False},
            {"verified_boot": "yellow"},
            "ACCESS_CONTROL_VIOLATION verified_boot",
        ),
        (
            "device.selinux",
            {"selinux": "permissive"},
            {"selinux": "enforcing"},
            "ACCESS_CONTROL_VIOLATION selinux",
        ),
        (
            "device.user_certificates",
            {"user_certificates": [CERTIFICATE]},
            {"user_certificates": []},
            "RISKWARE certificates",
        ),
        (
            "device.processes",
            {"processes": ["bh", "init"]},
            {"processes": ["init"]},
            "SURVEILLANCEWARE process:bh",
        ),
        (
            "device.unknown_sources",
            {"unknown_source_apps": ["org.x.side"]},
            {"unknown_source_apps": ["com.android.vending", "com.android.shell"]},
            "UNKNOWN_SOURCES_ENABLED unknown_sources",
        ),
        (
            "device.adb_network",
            {"adb_network": True},
            {"adb_network": False},
            "USB_DEBUGGING_ENABLED adb_network",
        ),
        (
            "device.adb_network",
            {"listening": ["tcp/5555"]},
            {"listening": ["tcp/80"]},
            "USB_DEBUGGING_ENABLED adb_network",
        ),
        (
            "device.accessibility",
            {"accessibility_services": ["org.x.side/.S"]},
            {"accessibility_services": ["com.example.notes/.S"]},
            "RISKWARE accessibility:org.x.side",
        ),
        (
            "device.device_admin",
            {"device_admins": ["org.x.side/.A"]},
            {"device_admins": []},
            "RISKWARE admin:org.x.side",
        ),
        (
            "device.notification_listener",
            {"notification_listeners": ["org.x.side"]},
            {"notification_listeners": []},
            "RISKWARE listener:org.x.side",
        ),
        (
            "device.package_verifier",
            {"package_verifier": False},
            {"package_verifier": True},
            "RISKWARE package_verifier",
        ),
        (
            "device.security_disabled",
            {"disabled_packages": ["com.google.android.gms"]},
            {"disabled_packages": ["com.bloat"]},
            "RISKWARE security_disabled",
        ),
        (
            "device.backup",
            {"backup_transport": "com.android.localtransport/.LocalTransport"},
            {"backup_transport": "com.google.android.gms/.backup"},
            "RISKWARE backup",
        ),
    ],
)
def test_android(rule: str, bad: dict[str, Any], good: dict[str, Any], expected: str) -> None:
    assert told(android(**bad), rule) == expected
    assert told(android(**good), rule) is None
    assert rule not in {o.rule for o in run(android(), Context(index=FEED)).observations}, (
        "not read, not asked"
    )
    threats = [f for f in run(android(**bad), Context(index=FEED)).findings if f.evidence[0].rule == rule]
    resolved = reconcile(threats, run(android(**good), Context(index=FEED)).observations).resolved
    assert bool(resolved) is (rule != "device.processes"), "a process that does not run now may run again"


@pytest.mark.parametrize("listed", ["without it", "not at all"])
@pytest.mark.parametrize("named", ["accessibility_services", "device_admins", "notification_listeners"])
def test_special_access_of_an_app_that_is_not_listed_is_not_judged(listed: str, named: str) -> None:
    held: dict[str, Any] = {named: ["org.x.side/.S"]}
    threats = [f for f in run(android(**held), Context()).findings if f.classification == "RISKWARE"]
    assert threats
    inventory: list[App] | None = [] if listed == "without it" else None
    hidden = msgspec.structs.replace(android(**held), apps=inventory, apps_complete=inventory is not None)
    assert not reconcile(threats, run(hidden, Context()).observations).resolved
    gone = msgspec.structs.replace(hidden, settings=Settings(**(held | {named: []})))
    assert reconcile(threats, run(gone, Context()).observations).resolved == tuple(threats)


def test_unknown_sources_below_android_8() -> None:
    (finding,) = [f for f in run(android(25, unknown_sources=True), Context()).findings if "unknown" in f.key]
    assert finding.summary.endswith("by: every app.")
    assert str(summary_in("fr", finding.evidence)).endswith("par : toutes les applications.")
    assert told(android(25, unknown_sources=True), "device.unknown_sources")
    assert told(android(25, unknown_sources=False), "device.unknown_sources") is None
    assert told(android(26, unknown_sources=True), "device.unknown_sources") is None, (
        "always 1 from API 26 on"
    )


def test_managed_certificates_are_the_organisation_s() -> None:
    managed = msgspec.structs.replace(CERTIFICATE, managed=True)
    assert told(android(user_certificates=[managed]), "device.user_certificates") is None


@pytest.mark.parametrize(
    ("rule", "bad", "good", "expected"),
    [
        (
            "device.trusted_developers",
            {"trusted_developers": ["Acme"]},
            {"trusted_developers": []},
            "NON_APP_STORE_SIGNER signer",
        ),
        (
            "device.profiles",
            {"profiles": [Profile(identifier="a.b", kinds=["com.apple.vpn.managed"])]},
            {"profiles": [Profile(identifier="a.b", kinds=["com.apple.vpn.managed"], managed=True)]},
            "RISKWARE profile:a.b",
        ),
        (
            "device.profiles",
            {"profiles": [Profile(identifier="a.b", kinds=["com.apple.security.root"])]},
            {"profiles": [Profile(identifier="a.b", kinds=["com.apple.wifi"])]},
            "RISKWARE profile:a.b",
        ),
        (
            "device.listed_profile",
            {"profiles": [Profile(identifier="com.evil.profile")]},
            {"profiles": []},
            "SURVEILLANCEWARE listed_profile:com.evil.profile",
        ),
    ],
)
def test_iphones(rule: str, bad: dict[str, Any], good: dict[str, Any], expected: str) -> None:
    assert told(msgspec.structs.replace(IPHONE, settings=Settings(**bad)), rule) == expected
    assert told(msgspec.structs.replace(IPHONE, settings=Settings(**good)), rule) is None


def on(**network: Any) -> Facts:
    return msgspec.structs.replace(ANDROID, network=Network(**{"kind": "wifi", **network}))


def probe(outcome: str) -> Probe:
    return Probe(host="probe.example", outcome=outcome)  # type: ignore[arg-type]  # one of the outcomes


@pytest.mark.parametrize(
    ("rule", "bad", "good", "expected"),
    [
        ("network.mitm", {"probes": [probe("untrusted")]}, {"probes": [probe("ok")]}, "ACTIVE_MITM mitm"),
        ("network.mitm", {"probes": [probe("stripped")]}, {"probes": [probe("failed")]}, "ACTIVE_MITM mitm"),
        (
            "network.mitm",
            {"probes": [probe("pin_mismatch")], "captive_portal": True},
            {"probes": [probe("untrusted")], "captive_portal": True},
            "ACTIVE_MITM mitm",
        ),
        (
            "network.mitm",
            {"probes": [probe("ok"), probe("pin_mismatch")]},
            {"probes": [probe("redirected"), probe("untrusted")]},
            "ACTIVE_MITM mitm",
        ),
        (
            "network.rogue_wifi",
            {"security": "open", "changed": ["security"]},
            {"security": "open", "changed": []},
            "ROGUE_WIFI rogue",
        ),
        (
            "network.rogue_wifi",
            {"security": "open", "similar_networks": 1},
            {"security": "wpa2", "similar_networks": 1},
            "ROGUE_WIFI rogue",
        ),
        (
            "network.rogue_wifi",
            {"duplicate_hardware": True},
            {"duplicate_hardware": False},
            "ROGUE_WIFI rogue",
        ),
        ("network.open_wifi", {"security": "open"}, {"security": "owe"}, "CONNECTIVITY open"),
        ("network.open_wifi", {"security": "wep"}, {"kind": "mobile"}, "CONNECTIVITY open"),
        ("network.gateway", {"changed": ["gateway"]}, {"changed": []}, "GATEWAY_ADDRESS_CHANGE gateway"),
        ("network.gateway", {"changed": ["dns"]}, {"changed": ["proxy"]}, "GATEWAY_ADDRESS_CHANGE gateway"),
        (
            "network.proxy",
            {"proxy": "203.0.113.9:8080"},
            {"proxy": "203.0.113.9:8080", "proxy_managed": True},
            "RISKWARE proxy",
        ),
        ("network.port_scan", {"scanned_ports": 200}, {"scanned_ports": 2}, "PORT_SCAN scan"),
    ],
)
def test_networks(rule: str, bad: dict[str, Any], good: dict[str, Any], expected: str) -> None:
    assert told(on(**bad), rule) == expected
    assert told(on(**good), rule) is None
    assert not [o for o in run(ANDROID, Context()).observations if o.rule.startswith("network.")]


def test_a_probe_without_answer_resolves_nothing() -> None:
    threats = run(on(probes=[probe("untrusted")]), Context()).findings
    for outcome in ("failed", "redirected"):
        still = reconcile(threats, run(on(probes=[probe(outcome)]), Context()).observations)
        assert "mitm" in {t.key for t, _ in still.still_open}
    assert "mitm" in {
        t.key for t in reconcile(threats, run(on(probes=[probe("ok")]), Context()).observations).resolved
    }


def test_the_agent_itself() -> None:
    facts = msgspec.structs.replace(
        ANDROID,
        agent=AgentFacts(version="1.0", permissions={"notifications": False, "web_protection_paused": True}),
    )
    found = {f.classification for f in run(facts, Context(policy=Policy(minimum_agent="1.2"))).findings}
    assert {"AGENT_OUTDATED", "NOTIFICATION_PERMISSION_NOT_ACCEPTED", "PCP_PAUSED"} <= found
    assert "AGENT_OUTDATED" not in {f.classification for f in run(facts, Context()).findings}


SYSTEMS = OsKnowledge(
    [
        OsTable(
            android=[
                AndroidFix("CVE-2026-1", "15", dt.date(2026, 10, 5), "High"),
                AndroidFix("CVE-2026-2", "15", dt.date(2026, 11, 5), "High"),
            ],
            exploited=[Exploited("CVE-2026-2")],
            lifetimes=[
                Lifetime("android", "15", "Android 15", ended=False, ends=dt.date(2027, 1, 1)),
                Lifetime("pixel", "6", "Phone 1", ended=True),
            ],
        )
    ]
)


def test_versions_that_lack_fixes_or_are_not_mended() -> None:
    context = Context(systems=SYSTEMS, today=dt.date(2026, 11, 22))
    told_ = answers(ANDROID, context)
    assert told_["device.exploited"] == "OUT_OF_DATE_ASPL exploited"
    assert told_["device.model_support"] == "OUT_OF_DATE_OS model"
    assert "device.support" not in told_
    later = Context(systems=SYSTEMS, today=dt.date(2027, 1, 1))
    assert answers(ANDROID, later)["device.support"] == "OUT_OF_DATE_OS support"
    summary = next(f.summary for f in run(ANDROID, context).findings if f.key == "exploited")
    assert "CVE-2026-2" in summary
    assert "CVE-2026-1" not in summary
    patched = msgspec.structs.replace(
        ANDROID, device=msgspec.structs.replace(ANDROID.device, security_patch="2026-11-05")
    )
    threats = run(ANDROID, context).findings
    assert "exploited" in {t.key for t in reconcile(threats, run(patched, context).observations).resolved}


def test_the_update_that_is_named_mends_every_exploited_flaw() -> None:
    day = dt.date(2026, 1, 1)
    releases = [
        AppleRelease(f"16.7.{n}", day, iphone=True, ipad=True, cves=[f"CVE-{n}"], exploited=[f"CVE-{n}"])
        for n in (8, 9, 10)
    ]
    phone = msgspec.structs.replace(
        IPHONE, device=msgspec.structs.replace(IPHONE.device, os_version="16.7.8")
    )
    context = Context(systems=OsKnowledge([OsTable(apple=releases)]))
    (finding,) = [f for f in run(phone, context).findings if f.key == "exploited"]
    assert "update to 16.7.10 " in finding.summary


def test_bulletins_of_an_android_version_do_not_say_that_its_maker_still_mends_it() -> None:
    tables = OsKnowledge(
        [
            OsTable(
                android=[AndroidFix("CVE-2026-1", "15", dt.date(2026, 10, 5), "High")],
                lifetimes=[Lifetime("android", "14", "Android 14", ended=False)],
            )
        ]
    )
    answers_ = run(ANDROID, Context(systems=tables, today=dt.date(2026, 11, 22))).observations
    assert "device.exploited" in {o.rule for o in answers_}, "the bulletins tell of this version"
    assert "device.support" not in {o.rule for o in answers_}


@given(st.builds(Network), st.builds(Settings), st.sampled_from([ANDROID, IPHONE]))
def test_whatever_is_reported_no_detector_fails(network: Network, settings: Settings, phone: Facts) -> None:
    facts = msgspec.structs.replace(phone, network=network, settings=settings)
    result = run(facts, Context(index=FEED, systems=SYSTEMS, today=dt.date(2026, 11, 22)))
    assert result.failures == ()
    assert all(f.summary != f.classification for f in result.findings), "each finding has a sentence"
