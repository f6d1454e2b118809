"""Each fact of the device: ok, failed or unknown, and never a verdict from a single flag."""

import datetime as dt

import msgspec
import pytest
from tests.detection.phones import ANDROID, IPHONE, apps, device, posture

from vedette.detection import Context, run
from vedette.verdict.findings import Observation
from vedette.verdict.policy import Policy
from vedette_facts.report import AgentFacts, App, Facts, Posture


def answer(facts: Facts, rule: str, context: Context | None = None) -> Observation:
    (found,) = [o for o in run(facts, context or Context()).observations if o.rule == rule]
    return found


SETTINGS = [
    ("device.encryption", "encrypted", False, "UNENCRYPTED"),
    ("device.screen_lock", "screen_lock", False, "NO_DEVICE_LOCK"),
    ("device.developer_options", "developer_options", True, "DEVELOPER_MODE_ENABLED"),
    ("device.adb", "adb", True, "USB_DEBUGGING_ENABLED"),
    ("device.debug_build", "debug_build", True, "ACCESS_CONTROL_VIOLATION"),
]


@pytest.mark.parametrize(("rule", "fact", "bad", "classification"), SETTINGS)
def test_a_setting_is_ok_failed_or_unknown(rule: str, fact: str, bad: bool, classification: str) -> None:
    failed = answer(posture(**{fact: bad}), rule)
    assert (failed.status, failed.classification) == ("failed", classification)
    assert failed.finding is not None
    assert failed.finding.evidence[0].rule == rule
    assert failed.finding.summary
    assert failed.finding.detector == "device/1"
    fine = answer(posture(**{fact: not bad}), rule)
    assert (fine.status, fine.finding, fine.key) == ("ok", None, failed.key), "the same key: it resolves"
    silent = msgspec.structs.replace(
        device(build_type=None), posture=msgspec.structs.replace(ANDROID.posture, **{fact: None})
    )
    assert answer(silent, rule).status == "unknown"


@pytest.mark.parametrize(
    ("flag", "signs", "status"),
    [
        (False, [], "ok"),
        (False, ["ro.build.tags=test-keys"], "ok"),
        (None, [], "unknown"),
        (None, ["path /system/xbin/su"], "unknown"),
        (False, ["path /system/xbin/su"], "unknown"),
        (True, [], "unknown"),
        (True, ["ro.build.tags=test-keys"], "unknown"),
        (True, ["ro.debuggable=1", "boot loader unlocked"], "unknown"),
        (True, [" "], "unknown"),
        (True, ["path /system/xbin/su"], "failed"),
        (True, ["something an agent of tomorrow reports"], "failed"),
        (None, ["path /system/xbin/su", "path /system/bin/su"], "unknown"),
        (None, ["path /system/xbin/su", "path /data/adb/magisk"], "failed"),
        (False, ["ro.secure=0", "path /sbin/su"], "failed"),
        (False, ["ro.build.tags=test-keys", "ro.debuggable=1", "verified boot orange"], "ok"),
    ],
)
def test_root(flag: bool | None, signs: list[str], status: str) -> None:
    found = answer(posture(root=flag, root_signs=signs), "device.root")
    assert found.status == status, found.detail
    if found.finding is not None:
        assert (found.finding.classification, found.finding.key) == ("ROOT_JAILBREAK", "root")
        assert all(sign in found.finding.summary for sign in signs if "test-keys" not in sign)


def test_a_root_manager_in_the_inventory_is_one_sign() -> None:
    manager = App(package="com.topjohnwu.magisk", installer="com.android.vending")
    with_manager = apps(manager)
    assert answer(with_manager, "device.root").status == "unknown"
    rooted = msgspec.structs.replace(with_manager, posture=posture(root=True).posture)
    assert answer(rooted, "device.root").status == "failed"
    twice = msgspec.structs.replace(
        with_manager, posture=posture(root=None, root_signs=["path /sbin/.magisk"]).posture
    )
    assert answer(twice, "device.root").status == "unknown", "two signs of one sort are one sign"


def test_a_lineage_type_system_is_a_developer_build_and_not_root() -> None:
    lineage = msgspec.structs.replace(
        device(build_type="userdebug", build_tags="test-keys"),
        posture=posture(debug_build=True, root_signs=["ro.build.tags=test-keys"]).posture,
    )
    codes = {f.classification for f in run(lineage, Context()).findings}
    assert codes == {"ACCESS_CONTROL_VIOLATION"}


def test_the_build_type_counts_even_when_the_flag_is_missing() -> None:
    silent = posture(debug_build=None).posture
    engineering = msgspec.structs.replace(device(build_type="eng"), posture=silent)
    assert answer(engineering, "device.debug_build").status == "failed"
    assert answer(posture(debug_build=None), "device.debug_build").status == "ok"


@pytest.mark.parametrize(
    ("facts", "version", "minimum", "status"),
    [
        (ANDROID, "15", "13", "ok"),
        (ANDROID, "13", "13", "ok"),
        (ANDROID, "12", "13", "failed"),
        (ANDROID, "9", "13", "failed"),
        (ANDROID, "Baklava", "13", "unknown"),
        (ANDROID, "15", "newest", "unknown"),
        (ANDROID, "9", "", "ok"),
        (IPHONE, "17.0", "17.0", "ok"),
        (IPHONE, "16.7.11", "17.0", "failed"),
        (IPHONE, "18.10", "18.9", "ok"),
    ],
)
def test_minimum_os(facts: Facts, version: str, minimum: str, status: str) -> None:
    facts = msgspec.structs.replace(facts, device=msgspec.structs.replace(facts.device, os_version=version))
    context = Context(policy=Policy(minimum_os={facts.device.platform: minimum}))
    found = answer(facts, "device.minimum_os", context)
    assert found.status == status
    if found.finding:
        assert found.finding.summary == (
            f"The system is version {version}; your organisation asks for {minimum} or later."
        )


@pytest.mark.parametrize(
    ("patch", "minimum", "status"),
    [
        ("2026-09-05", dt.date(2026, 9, 1), "ok"),
        ("2026-09-01", dt.date(2026, 9, 5), "failed"),
        ("2025-12-05", dt.date(2026, 1, 1), "failed"),
        (None, dt.date(2026, 1, 1), "unknown"),
        (None, None, "ok"),
    ],
)
def test_patch_levels_are_compared_as_dates(patch: str | None, minimum: dt.date | None, status: str) -> None:
    context = Context(policy=Policy(minimum_patch=minimum))
    assert answer(device(security_patch=patch), "device.patch_level", context).status == status


def test_rules_are_asked_only_where_they_exist() -> None:
    rules = {o.rule for o in run(IPHONE, Context()).observations}
    tables = {"device.exploited", "device.support", "device.model_support"}
    assert rules == {"device.root", "device.screen_lock", "device.minimum_os", "agent.version"} | tables


def test_a_phone_that_reports_nothing_answers_nothing() -> None:
    empty = msgspec.structs.replace(device(os_version="?", security_patch=None, build_type=None))
    empty = msgspec.structs.replace(empty, posture=Posture(), apps=None, apps_complete=False)
    context = Context(policy=Policy(minimum_patch=dt.date(2026, 1, 1)))
    empty = msgspec.structs.replace(empty, agent=AgentFacts(version=""))
    answers = run(empty, context).observations
    off = {o.rule for o in answers if o.status == "ok"}
    assert off == {"device.exploited", "device.support", "device.model_support"}, (
        "rules without tables are off"
    )
    assert {o.status for o in answers if o.rule not in off} == {"unknown"}
