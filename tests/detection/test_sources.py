"""Facts of two sources become one picture: a table of the rule, and what detectors make of it."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detection.phones import ANDROID

from vedette.detection import Context, Result, run, sources
from vedette.detection.detector import found
from vedette.detection.sources import EXPIRES, FRESH, INVENTORY_EXPIRES, Known, whole
from vedette.intel import Source
from vedette.verdict.findings import AGENT, INTUNE, Evidence
from vedette_facts.management import Inventory, ManagedFacts, NamedApp
from vedette_facts.report import Facts

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def phone(root: bool | None, *, signs: tuple[str, ...] = ()) -> Facts:
    posture = msgspec.structs.replace(ANDROID.posture, root=root, root_signs=list(signs))
    return msgspec.structs.replace(ANDROID, posture=posture)


def known(agent: Facts | None = None, seen: dt.timedelta = HOUR, **intune: Any) -> Known:
    synced = intune.pop("synced", HOUR)
    return Known(
        "ANDROID", "Google", "Pixel 8", agent, NOW - seen if agent else None,
        ManagedFacts(**intune) if intune else None, NOW - synced if intune else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "origin"),
    [
        (known(phone(root=False)), AGENT),
        (known(jailbroken=True), INTUNE),
        (known(phone(root=None), jailbroken=True), INTUNE),
        (known(phone(root=False), jailbroken=True), INTUNE),
        (known(phone(root=False), HOUR, jailbroken=True, synced=FRESH * 9), INTUNE),
        (known(phone(root=True), FRESH * 9, jailbroken=True), AGENT),
        (known(phone(root=False), jailbroken=False), AGENT),
        (known(phone(root=False), FRESH + HOUR, jailbroken=False), INTUNE),
        (known(phone(root=False), FRESH + HOUR, jailbroken=False, synced=FRESH + 2 * HOUR), AGENT),
        (known(phone(root=True, signs=("/sbin/su",)), FRESH * 9, jailbroken=False), AGENT),
        (known(phone(root=None, signs=("/sbin/su",)), FRESH * 9, jailbroken=False), AGENT),
        (known(phone(root=False), FRESH * 40, jailbroken=True, synced=EXPIRES + HOUR), AGENT),
        (known(phone(root=False), jailbroken=None, encrypted=True), AGENT),
    ],
    ids=[
        "only the app", "only Intune", "the app cannot tell", "what Intune found",
        "however old it is", "both found it", "both fresh", "the app is older", "both are old",
        "Intune does not clear", "nor what only a sign says", "Intune expired", "Intune does not say",
    ],
)  # fmt: skip
def test_whose_word_counts(case: Known, origin: str) -> None:
    merged = whole(case, NOW)
    assert merged
    assert merged.origins["root"] == origin


@pytest.mark.parametrize(
    ("seen", "synced", "says", "origin"),
    [
        (2 * HOUR, HOUR, False, INTUNE),
        (HOUR, 2 * HOUR, False, AGENT),
        (2 * HOUR, HOUR, True, AGENT),
    ],
    ids=["Intune found it later", "the app says since then that it is mended", "Intune agrees"],
)
def test_storage_without_encryption_counts_of_intune_until_the_app_says_otherwise(
    seen: dt.timedelta, synced: dt.timedelta, says: bool, origin: str
) -> None:
    posture = msgspec.structs.replace(ANDROID.posture, encrypted=True)
    merged = whole(
        known(msgspec.structs.replace(ANDROID, posture=posture), seen, encrypted=says, synced=synced), NOW
    )
    assert merged
    assert merged.origins["encrypted"] == origin


def test_what_nobody_says_stays_unknown_and_what_expired_is_nothing() -> None:
    merged = whole(known(jailbroken=False), NOW)
    assert merged
    assert merged.facts.posture.encrypted is None
    assert merged.facts.apps is None
    assert merged.live == {INTUNE}
    answers = {o.rule: o.status for o in run(merged.facts, Context()).observations}
    assert answers["device.root"] == "ok"
    assert {status for rule, status in answers.items() if rule != "device.root"} <= {"unknown", "ok"}
    assert answers["device.encryption"] == answers["device.screen_lock"] == "unknown"
    assert whole(known(jailbroken=True, synced=EXPIRES + HOUR), NOW) is None
    assert whole(known(), NOW) is None


def test_findings_say_who_said_it() -> None:
    merged = whole(known(jailbroken=True, encrypted=False), NOW)
    assert merged
    result = sources.attributed(run(merged.facts, Context()), merged.origins)
    found = {finding.classification: finding for finding in result.findings}
    assert found.keys() == {"ROOT_JAILBREAK", "UNENCRYPTED"}
    assert {finding.origin for finding in found.values()} == {INTUNE}
    assert found["ROOT_JAILBREAK"].evidence[-1].value == "Microsoft Intune"
    mine = whole(known(phone(root=True, signs=("/sbin/su",)), jailbroken=True), NOW)
    assert mine
    (root,) = sources.attributed(run(mine.facts, Context()), mine.origins).findings
    assert (root.classification, root.origin) == ("ROOT_JAILBREAK", AGENT)


@pytest.mark.parametrize(("code", "origin"), [("OUT_OF_DATE_OS", INTUNE), ("OUT_OF_DATE_ASPL", AGENT)])
def test_exploited_flaws_of_an_iphone_rest_on_its_version(code: str, origin: str) -> None:
    answer = found(code, "exploited", (Evidence("count", "1", "device.exploited"),))
    (marked,) = sources.attributed(Result((answer,), ()), {"os_version": INTUNE}).findings
    assert marked.origin == origin


NAMES = {"the spy": ("The Spy", Source("test"))}


@pytest.mark.parametrize(
    ("name", "found"), [("The Spy", True), (" the  SPY", True), ("The Spyglass", False), ("Maps", False)]
)
def test_a_name_alone_makes_a_risky_app(name: str, found: bool) -> None:
    case = Known("IOS", inventory=Inventory(apps=[NamedApp(name=name)]), inventory_at=NOW - HOUR)
    merged = whole(case, NOW)
    assert merged
    result = sources.attributed(run(merged.facts, Context(names=NAMES)), merged.origins)
    assert [(f.classification, f.origin) for f in result.findings] == [("RISKWARE", INTUNE)] * found
    assert [o.status for o in result.observations if o.key == "name:*"] == ["ok"]
    assert whole(case, NOW + INVENTORY_EXPIRES) is None


maybe = st.one_of(st.none(), st.booleans())


@given(maybe, maybe, maybe, maybe, st.integers(0, 60), st.integers(0, 60))
def test_a_fact_is_never_invented(
    root: bool | None,
    encrypted: bool | None,
    jailbroken: bool | None,
    safe: bool | None,
    seen: int,
    synced: int,
) -> None:
    posture = msgspec.structs.replace(ANDROID.posture, root=root, encrypted=encrypted)
    agent = msgspec.structs.replace(ANDROID, posture=posture)
    case = Known(
        "ANDROID", agent=agent, agent_at=NOW - dt.timedelta(days=seen),
        managed=ManagedFacts(jailbroken=jailbroken, encrypted=safe), managed_at=NOW - dt.timedelta(days=synced),
    )  # fmt: skip
    merged = whole(case, NOW)
    assert merged
    assert merged.facts.posture.root in {root, jailbroken}
    assert merged.facts.posture.encrypted in {encrypted, safe}
    if root is True or (root is not None and jailbroken is None):
        assert merged.facts.posture.root is root
    if encrypted is False:
        assert merged.facts.posture.encrypted is False
