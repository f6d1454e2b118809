"""Applications that no list names: weights, classification, imitation, and what is left in peace."""

from typing import Any

import msgspec
import pytest
from tests.detection.phones import ANDROID, apps

from vedette.detection import Context, run
from vedette.detection.app_lists import AppLists, CapabilityRule, Named
from vedette.detection.app_weights import HARMFUL, PERMISSION_CAP, RISKY, SIGNALS
from vedette.detection.capabilities import CAPABILITIES, GUARDS, capabilities
from vedette.detection.imitation import KNOWN, imitated, plain
from vedette.intel import Index, Indicator, Kind, Source
from vedette.verdict.findings import Finding
from vedette.verdict.reconcile import reconcile
from vedette.verdict.summaries import summary_in
from vedette.verdict.terms import TERMS
from vedette_facts.manifest import Manifest
from vedette_facts.report import App, Facts
from vedette_facts.settings import Settings

P = "android.permission."
BY_HAND = "com.google.android.packageinstaller"
PLAY = "com.android.vending"
COLLECTING = ["READ_SMS", "READ_CALL_LOG", "READ_CONTACTS", "RECORD_AUDIO", "ACCESS_FINE_LOCATION", "CAMERA"]


def app(package: str = "org.x.y", *permissions: str, installer: str | None = BY_HAND, **more: Any) -> App:
    manifest = {
        "requested": [P + name for name in permissions],
        "guards": [GUARDS[name] for name in more.pop("guards", ())],
        **{
            k: more.pop(k)
            for k in ("launcher", "target_sdk", "actions", "debuggable", "granted")
            if k in more
        },
    }
    return App(package=package, installer=installer, manifest=Manifest(**manifest), **more)


def findings(*listed: App, lists: AppLists | None = None, **settings: Any) -> list[Finding]:
    facts: Facts = apps(*listed)
    facts = type(facts)(
        **{name: getattr(facts, name) for name in facts.__struct_fields__ if name != "settings"},
        settings=Settings(**settings),
    )
    return [
        f
        for f in run(facts, Context(lists=lists or AppLists())).findings
        if f.key.startswith(("behaviour:", "old:", "app:", "rule:"))
    ]


@pytest.mark.parametrize(
    ("given", "settings", "code"),
    [
        (app("org.x.y", *COLLECTING, launcher=False, guards=["accessibility"]), {}, "SURVEILLANCEWARE"),
        (
            app("org.x.y", "SYSTEM_ALERT_WINDOW", "RECEIVE_SMS", guards=["accessibility"]),
            {"accessibility_services": ["org.x.y/.Service"]},
            "TROJAN",
        ),
        (app("com.google.android.update", *COLLECTING[:4], name="Update"), {}, "TROJAN"),
        (
            app(
                "org.x.y",
                "SEND_SMS",
                "RECEIVE_SMS",
                launcher=False,
                actions=["android.provider.Telephony.SMS_RECEIVED"],
            ),
            {},
            "TOLL_FRAUD",
        ),
        (
            app(
                "org.x.y",
                "REQUEST_INSTALL_PACKAGES",
                "QUERY_ALL_PACKAGES",
                launcher=False,
                installer="org.x.z",
                guards=["device_admin"],
            ),
            {},
            "APP_DROPPER",
        ),
        (
            app(
                "org.x.y",
                *COLLECTING,
                installer="org.x.z",
                actions=["android.provider.Telephony.SMS_RECEIVED"],
            ),
            {},
            "SPYWARE",
        ),
        (
            app(
                "org.x.y",
                "SYSTEM_ALERT_WINDOW",
                "USE_FULL_SCREEN_INTENT",
                "QUERY_ALL_PACKAGES",
                launcher=False,
                installer="org.x.z",
                target_sdk=22,
            ),
            {},
            "ADWARE",
        ),
        (app("org.x.y", "READ_SMS", "SEND_SMS", "WRITE_SMS", "READ_CALL_LOG", "CALL_PHONE"), {}, "RISKWARE"),
    ],
)
def test_the_evidence_names_the_kind_of_harm(given: App, settings: dict[str, Any], code: str) -> None:
    (finding,) = [f for f in findings(given, **settings) if f.key.startswith("behaviour:")]
    assert finding.classification == code
    reasons = next(e.value for e in finding.evidence if e.fact == "reasons").split(", ")
    assert len(reasons) == 3
    assert TERMS[reasons[0]]["en"] in finding.summary
    french = summary_in("fr", finding.evidence)
    assert french is not None
    assert TERMS[reasons[0]]["fr"] in french


@pytest.mark.parametrize(
    "given",
    [
        app("org.x.store", *COLLECTING, "SEND_SMS", "SYSTEM_ALERT_WINDOW", installer=PLAY),
        app("org.x.company", "CAMERA", "ACCESS_FINE_LOCATION", "READ_CONTACTS"),
        app("org.x.reader", guards=["accessibility"], installer=PLAY),
        app("org.x.tool", "INTERNET"),
        app("org.x.system", *COLLECTING, launcher=False, guards=["accessibility"], system=True),
        app("com.whatsapp", *COLLECTING, name="WhatsApp", installer=PLAY),
        app("org.x.unknown", *COLLECTING, installer=None),
    ],
)
def test_what_is_left_in_peace(given: App) -> None:
    assert findings(given) == []


def test_permissions_alone_name_no_harm_and_are_nothing_from_a_store() -> None:
    assert PERMISSION_CAP <= RISKY < HARMFUL
    every = [name.removeprefix("android.permission.") for name in _every_permission()]
    (finding,) = findings(app("org.x.y", *every, installer=None))
    assert finding.classification == "RISKWARE"
    assert findings(app("org.x.y", *every, installer=PLAY)) == []


def _every_permission() -> list[str]:
    from vedette.detection.capabilities import PERMISSIONS  # noqa: PLC0415 - only here

    return [min(any_of) for any_of in PERMISSIONS.values()]


def test_refused_permissions_do_not_count() -> None:
    given = app("org.x.y", *COLLECTING, granted=[P + "CAMERA"])
    assert capabilities(given) == frozenset({"camera"})
    assert capabilities(App(package="org.x.y")) is None


def test_every_signal_and_capability_has_words_in_both_languages() -> None:
    codes = {signal.code for signal in SIGNALS if signal.points > 0} | CAPABILITIES
    assert codes <= TERMS.keys()
    assert all({"en", "fr"} <= TERMS[code].keys() for code in codes)


@pytest.mark.parametrize(
    ("name", "package", "from_store", "system_name", "imitates"),
    [
        ("WhatsApp", "org.x.chat", True, "", True),
        ("Whаtsаpp", "org.x.chat", False, "", True),  # noqa: RUF001 - Cyrillic letters are the point
        ("What\u200bsApp", "org.x.chat", False, "", True),
        ("WhatsApp", "com.whatsapp", False, "", False),
        ("Settings", "org.x.settings", False, "Settings", True),
        ("Settings", "org.x.settings", True, "Settings", False),
        ("Notes", "com.google.android.notes", False, "", True),
        ("Notes", "com.google.android.notes", True, "", False),
        ("Notes", "org.x.notes", False, "", False),
    ],
)
def test_imitation(name: str, package: str, from_store: bool, system_name: str, imitates: bool) -> None:
    listed = [App(package="com.android.settings", name=system_name or None, system=True)]
    given = App(package=package, name=name)
    assert (imitated(given, listed, from_store=from_store) is not None) is imitates


def test_known_names_are_in_the_form_they_are_compared_in() -> None:
    assert all(plain(name) == name for name in KNOWN)


def test_root_tools_and_old_targets() -> None:
    codes = {
        f.key: f.classification for f in findings(App(package="com.topjohnwu.magisk", installer=BY_HAND))
    }
    assert codes == {"behaviour:com.topjohnwu.magisk": "ROOT_ENABLER"}
    (old,) = findings(app("org.x.old", target_sdk=19))
    assert (old.classification, old.key) == ("VULNERABILITY", "old:org.x.old")
    assert findings(app("org.x.old", target_sdk=19, installer=PLAY)) == []


def test_an_app_that_is_gone_is_resolved_and_one_without_a_manifest_is_not() -> None:
    bad = app("org.x.y", *COLLECTING, launcher=False, guards=["accessibility"])
    threats = run(apps(bad), Context()).findings
    gone = reconcile(threats, run(ANDROID, Context()).observations)
    assert {t.key for t in gone.resolved} >= {"behaviour:org.x.y"}
    blind = apps(App(package="org.x.y", installer=BY_HAND), app("org.x.other", "INTERNET"))
    still = reconcile(threats, run(blind, Context()).observations)
    assert "behaviour:org.x.y" in {t.key for t, _ in still.still_open}


LISTS = AppLists.of(
    allowed=[Named("package", "org.x.y"), Named("signer", "aa" * 20)],
    denied=[Named("package", "com.game.*", "no games"), Named("sha256", "bb" * 32)],
    rules=[
        CapabilityRule("No text messages", frozenset({"read_sms"}), frozenset({"vpn"}), only_side_loaded=True)
    ],
)


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        (app("org.x.y", *COLLECTING, launcher=False, guards=["accessibility"]), set()),
        (App(package="com.game.one", installer=PLAY), {"app:com.game.one"}),
        (App(package="com.games", installer=PLAY), set()),
        (App(package="org.x.z", installer=PLAY, sha256="bb" * 32), {"app:org.x.z"}),
        (App(package="com.game.one", installer=PLAY, certificates=["aa" * 20]), {"app:com.game.one"}),
        (app("org.x.z", "READ_SMS"), {"rule:No text messages:org.x.z"}),
        (app("org.x.z", "READ_SMS", guards=["vpn"]), set()),
        (app("org.x.z", "READ_SMS", installer=PLAY), set()),
        (app("org.x.z", "READ_SMS", certificates=["aa" * 20]), set()),
    ],
)
def test_the_organisation_s_own_lists_and_rules(given: App, keys: set[str]) -> None:
    found = findings(given, lists=LISTS)
    assert {f.key for f in found} == keys
    assert {f.classification for f in found} <= {"DENYLISTED_APP"}


FEED = Index([(Source("spies"), [Indicator(Kind.PACKAGE, "org.x.spy", "SURVEILLANCEWARE", "Spy")])])
DENIED = App(package="org.x.z", installer=PLAY, sha256="bb" * 32, certificates=["cc" * 20])
READER = app("org.x.z", "READ_SMS", certificates=["cc" * 20], sha256="dd" * 32)


@pytest.mark.parametrize(
    ("before", "missing", "other"),
    [
        (DENIED, {"sha256": None}, {"sha256": "dd" * 32}),
        (READER, {"manifest": None}, {"manifest": Manifest()}),
        (READER, {"installer": None}, {"installer": PLAY}),
    ],
    ids=["the file's hash", "the manifest", "the installer"],
)
def test_what_was_not_read_proves_no_list_kept(
    before: App, missing: dict[str, Any], other: dict[str, Any]
) -> None:
    threats = [
        f
        for f in run(apps(before), Context(index=FEED, lists=LISTS)).findings
        if f.classification == "DENYLISTED_APP"
    ]
    assert threats
    for changes, resolved in ((missing, False), (other, True)):
        later = run(
            apps(msgspec.structs.replace(before, **changes)), Context(index=FEED, lists=LISTS)
        ).observations
        assert bool(reconcile(threats, later).resolved) is resolved


def test_a_signer_that_was_not_read_is_not_another() -> None:
    signed = App(package="org.x.z", installer=PLAY, sha256="dd" * 32, certificates=["cc" * 20])
    lists = Context(index=FEED, lists=AppLists.of(denied=[Named("signer", "cc" * 20)]))
    threats = [f for f in run(apps(signed), lists).findings if f.classification == "DENYLISTED_APP"]
    unread = msgspec.structs.replace(signed, certificates=[])
    assert not reconcile(threats, run(apps(unread), lists).observations).resolved
    assert reconcile(threats, run(apps(), lists).observations).resolved == tuple(threats)
