"""Applications: indicators, side-loading, public keys, and what an inventory proves."""

import msgspec
import pytest
from tests.detection.phones import ANDROID, IPHONE, SHA, SIGNER, STORE_APP, apps

from vedette.detection import Context, run
from vedette.intel import Index, Indicator, Kind, Source
from vedette.verdict.findings import Finding, Observation
from vedette.verdict.reconcile import reconcile
from vedette_facts.manifest import Manifest
from vedette_facts.report import App, Facts

PUBLIC = "61ed377e85d386a8dfee6b864bd85b0bfaa5af81"
FEED = Source("demo", 4)
INDEX = Index(
    [
        (
            FEED,
            [
                Indicator(Kind.PACKAGE, "org.x.spy", "SURVEILLANCEWARE", "DemoSpy"),
                Indicator(Kind.SHA256, SHA, "TROJAN", "DemoBanker"),
                Indicator(Kind.CERTIFICATE_SHA1, SIGNER, "ADWARE", "DemoAds"),
                Indicator(Kind.CERTIFICATE_SHA1, PUBLIC, "TROJAN", "Trap"),
                Indicator(Kind.PACKAGE, "org.x.dual", "RISKWARE", "Tracker", note="dual use"),
                Indicator(Kind.IOS_BUNDLE, "org.x.ios", "RISKWARE", "Watch"),
            ],
        )
    ]
)
CONTEXT = Context(index=INDEX)
PLAY = "com.android.vending"


def findings(facts: Facts, rule: str = "apps.indicators") -> list[Finding]:
    return [f for f in run(facts, CONTEXT).findings if f.evidence[0].rule == rule]


def closing(facts: Facts, rule: str, context: Context = CONTEXT) -> Observation:
    return [o for o in run(facts, context).observations if o.rule == rule and o.finding is None][-1]


@pytest.mark.parametrize(
    ("app", "classification", "key", "family"),
    [
        (App(package="org.x.spy", installer=PLAY), "SURVEILLANCEWARE", "app:org.x.spy", "DemoSpy"),
        (
            App(package="org.x.spy", installer=PLAY, sha256="99" * 32),
            "SURVEILLANCEWARE",
            "app:org.x.spy",
            "DemoSpy",
        ),
        (App(package="org.x.y", sha256=SHA), "TROJAN", f"app:org.x.y@{SHA}", "DemoBanker"),
        (App(package="org.x.y", certificates=[SIGNER]), "ADWARE", f"app:org.x.y@{SIGNER}", "DemoAds"),
    ],
)
def test_known_bad_by_name_file_or_signer(app: App, classification: str, key: str, family: str) -> None:
    (finding,) = findings(apps(app))
    assert (finding.classification, finding.key, finding.family) == (classification, key, family)
    assert finding.source == "demo (version 4)"
    assert finding.detector == "apps/1"
    assert family in finding.summary
    assert "demo (version 4)" in finding.summary


def test_evidence_names_everything_that_matched() -> None:
    both = Index(
        [
            (Source("one"), [Indicator(Kind.PACKAGE, "org.x.spy", "SURVEILLANCEWARE", "DemoSpy")]),
            (Source("two", 2), [Indicator(Kind.SHA256, SHA, "SURVEILLANCEWARE", "Other")]),
        ]
    )
    result = run(apps(App(package="org.x.spy", name="Notes", sha256=SHA)), Context(index=both))
    (finding,) = [f for f in result.findings if f.classification == "SURVEILLANCEWARE"]
    assert finding.key == "app:org.x.spy"
    assert finding.summary.startswith("Notes (org.x.spy) is listed as DemoSpy")
    named = {(e.fact, e.value, e.source) for e in finding.evidence}
    assert ("package", "org.x.spy", "one (version 1)") in named
    assert ("sha256", SHA, "two (version 2)") in named


def test_the_note_of_a_softened_indicator_is_shown() -> None:
    (finding,) = findings(apps(App(package="org.x.dual", installer=PLAY)))
    assert [e.value for e in finding.evidence if e.fact == "note"] == ["dual use"]


def test_the_shared_certificate_trap() -> None:
    app = App(package="org.x.y", name="Y", installer=PLAY, certificates=[PUBLIC])
    assert findings(apps(app)) == [], "a public key identifies nobody, even if a feed lists it"
    (weak,) = findings(apps(app), "apps.public_key")
    assert (weak.classification, weak.key) == ("VULNERABILITY", "signer:org.x.y")
    assert "AOSP testkey" in weak.summary
    assert findings(apps(App(package="org.x.y", installer=PLAY, certificates=[]))) == []
    system = App(package="com.android.x", system=True, certificates=[PUBLIC])
    assert findings(apps(system), "apps.public_key") == []


@pytest.mark.parametrize(
    ("installer", "side_loaded"),
    [
        ("com.android.vending", False),
        ("com.sec.android.app.samsungapps", False),
        ("org.fdroid.fdroid", False),
        ("com.microsoft.windowsintune.companyportal", False),
        ("com.maker.updater", False),
        ("com.google.android.packageinstaller", True),
        ("com.android.chrome", True),
        ("com.android.shell", True),
        ("org.x.dropper", True),
    ],
)
def test_side_loading(installer: str, side_loaded: bool) -> None:
    system = [App(package=name, system=True) for name in ("com.maker.updater", "com.android.chrome")]
    facts = apps(App(package="org.x.y", installer=installer), *system)
    found = findings(facts, "apps.sideloaded")
    assert [f.key for f in found] == (["installer:org.x.y"] if side_loaded else [])
    if side_loaded:
        assert installer in found[0].summary


def test_no_list_is_not_a_clean_list() -> None:
    facts = msgspec.structs.replace(ANDROID, apps=None, apps_complete=False)
    rules = {o.rule: o.status for o in run(facts, CONTEXT).observations if o.rule.startswith("apps.")}
    assert set(rules.values()) == {"unknown"}
    assert len(rules) == 3


def test_an_incomplete_list_finds_but_proves_no_absence() -> None:
    facts = apps(App(package="org.x.spy"), complete=False)
    assert len(findings(facts)) == 1
    for rule in ("apps.indicators", "apps.sideloaded", "apps.public_key"):
        assert closing(facts, rule).status == "unknown"


def test_without_intelligence_nothing_is_proven() -> None:
    assert closing(ANDROID, "apps.indicators", Context()).status == "unknown"


def test_on_ios_only_what_the_mdm_gives_is_judged() -> None:
    assert not [o for o in run(IPHONE, CONTEXT).observations if o.rule.startswith("apps.")]
    listed = msgspec.structs.replace(IPHONE, apps=[App(package="org.x.ios")], apps_complete=True)
    rules = [o.rule for o in run(listed, CONTEXT).observations if o.rule.startswith("apps.")]
    assert set(rules) == {"apps.indicators", "apps.denied", "apps.capability"}
    assert [f.classification for f in findings(listed)] == ["RISKWARE"]


SPY = App(package="org.x.spy", installer=PLAY)
BANKER = App(package="org.x.y", installer=PLAY, sha256=SHA, certificates=[SIGNER])
NO_HASH = msgspec.structs.replace(BANKER, sha256=None, certificates=[])
UPDATED = msgspec.structs.replace(BANKER, sha256="77" * 32, certificates=["88" * 20])
CLEAN_INDEX = Index([(FEED, [Indicator(Kind.PACKAGE, "org.x.other", "TROJAN")])])


@pytest.mark.parametrize(
    ("before", "after", "index", "resolved"),
    [
        (SPY, apps(), INDEX, True),
        (SPY, apps(SPY), INDEX, False),
        (SPY, apps(complete=False), INDEX, False),
        (SPY, msgspec.structs.replace(ANDROID, apps=None, apps_complete=False), INDEX, False),
        (SPY, apps(SPY), CLEAN_INDEX, True),  # the indicator was withdrawn, the application is there
        (SPY, apps(SPY), Index(), False),
        (BANKER, apps(), INDEX, True),
        (BANKER, apps(NO_HASH), INDEX, False),  # still there, and nobody looked inside
        (BANKER, apps(UPDATED), INDEX, True),
        (BANKER, apps(BANKER), CLEAN_INDEX, True),
    ],
)
def test_what_a_later_report_resolves(before: App, after: Facts, index: Index, resolved: bool) -> None:
    open_threats = findings(apps(before))
    assert open_threats
    changes = reconcile(open_threats, run(after, Context(index=index)).observations)
    assert bool(changes.resolved) is resolved
    assert bool(changes.still_open) is not resolved


def test_an_app_found_by_its_hosts_stays_while_its_manifest_is_not_read() -> None:
    read = {"sha256": "99" * 32, "certificates": ["88" * 20]}
    bad = App(package="org.x.talks", installer=PLAY, manifest=Manifest(hosts=["c2.example.net"]))
    bad = msgspec.structs.replace(bad, **read)
    hosts = Index([(FEED, [Indicator(Kind.DOMAIN, "c2.example.net", "TROJAN", "DemoBanker")])])
    (threat,) = [f for f in run(apps(bad), Context(index=hosts)).findings if f.key.startswith("app:")]
    assert threat.classification == "RISKWARE"
    for manifest, resolved in ((None, False), (Manifest(hosts=["fine.example.net"]), True)):
        later = apps(msgspec.structs.replace(bad, manifest=manifest))
        assert bool(reconcile([threat], run(later, Context(index=hosts)).observations).resolved) is resolved


def test_a_side_loaded_app_that_comes_from_the_store_now_is_resolved() -> None:
    by_hand = App(package="org.x.y", installer="com.android.shell")
    (threat,) = findings(apps(by_hand), "apps.sideloaded")
    for installer, resolved in ((PLAY, True), (None, False), ("com.android.shell", False)):
        later = apps(msgspec.structs.replace(by_hand, installer=installer))
        assert bool(reconcile([threat], run(later, CONTEXT).observations).resolved) is resolved


def test_a_harmless_inventory_has_no_findings() -> None:
    assert run(apps(STORE_APP), CONTEXT).findings == ()
