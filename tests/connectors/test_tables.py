"""Pure parts of the connectors, as tables: what is written, how the connector stands, who is protected."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.connectors.intune.attribute_route import changes_needed
from vedette.connectors.intune.desired import desired_value, is_ours
from vedette.connectors.intune.eligibility import Candidate, Limits, unsupported_reason
from vedette.connectors.intune.recipes import admitted_values, blocked_values, device_filters
from vedette.connectors.intune.standing import Standing, connector_state
from vedette.connectors.partner.messages import desired_health, portions, takes_back
from vedette.connectors.settling import BACK_OFF_MOST, back_off
from vedette.connectors.state_sync import DEVICE_STATUS, SyncSettings
from vedette.directory.platforms import platform_of
from vedette.verdict.states import REQUIRED_FOR_MINIMUM, DeviceState, at_or_under

ON = SyncSettings(armed=True, platforms=frozenset({"ANDROID", "IOS"}), device_status=True, threat_status=True)
STATES = list(DeviceState)
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


# --- what is written


@pytest.mark.parametrize(
    ("state", "value"),
    [
        ("pending", "mtd:pending"),
        ("secured", "mtd:secured"),
        ("low", "mtd:low"),
        ("medium", "mtd:medium"),
        ("high", "mtd:high"),
        ("misconfigured", "mtd:misconfigured"),
        ("disconnected", "mtd:disconnected"),
        ("deactivated", ""),
    ],
)
def test_value_of_each_state(state: str, value: str) -> None:
    assert desired_value(state, "ANDROID", ON) == value


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "settings",
    [replace(ON, armed=False), replace(ON, platforms=frozenset({"IOS"})), replace(ON, platforms=frozenset())],
    ids=["monitor mode", "other platform", "no platform"],
)
def test_nothing_is_written_in_monitor_mode_or_for_a_platform_that_is_off(
    state: DeviceState, settings: SyncSettings
) -> None:
    assert desired_value(state, "ANDROID", settings) == ""


@pytest.mark.parametrize("state", STATES)
def test_each_switch_holds_back_its_own_states(state: DeviceState) -> None:
    is_status = state in {
        DeviceState.PENDING, DeviceState.DISCONNECTED, DeviceState.DEACTIVATED, DeviceState.MISCONFIGURED,
    }  # fmt: skip
    assert (state in DEVICE_STATUS) == is_status
    written = desired_value(state, "IOS", ON)
    without_status = desired_value(state, "IOS", replace(ON, device_status=False))
    without_threats = desired_value(state, "IOS", replace(ON, threat_status=False))
    assert without_status == ("" if is_status else written)
    assert without_threats == (written if is_status else "")


@pytest.mark.parametrize(
    ("value", "ours"),
    [(None, True), ("", True), ("mtd:high", True), ("BYOD", False), ("MTD:high", False), (" mtd:x", False)],
)
def test_only_our_own_spelling_counts_as_ours(value: str | None, ours: bool) -> None:
    assert is_ours(value) == ours


@pytest.mark.parametrize(
    ("held", "desired", "old_place", "changes"),
    [
        ({}, "mtd:low", "", {"extensionAttribute3": "mtd:low"}),
        ({"extensionAttribute3": "mtd:low"}, "mtd:low", "extensionAttribute3", {}),
        ({"extensionAttribute3": "mtd:low"}, "", "extensionAttribute3", {"extensionAttribute3": None}),
        ({"extensionAttribute3": None}, "", "", {}),
        (
            {"extensionAttribute1": "mtd:high", "extensionAttribute3": None},
            "mtd:high",
            "extensionAttribute1",
            {"extensionAttribute3": "mtd:high", "extensionAttribute1": None},
        ),
        (
            {"extensionAttribute1": "BYOD"},
            "mtd:low",
            "extensionAttribute1",
            {"extensionAttribute3": "mtd:low"},
        ),
        ({"extensionAttribute1": ""}, "mtd:low", "extensionAttribute1", {"extensionAttribute3": "mtd:low"}),
    ],
)
def test_changes_of_attributes(
    held: dict[str, str | None], desired: str, old_place: str, changes: dict[str, str | None]
) -> None:
    assert changes_needed(held, "extensionAttribute3", desired, old_place) == changes


@pytest.mark.parametrize(
    ("state", "more", "health"),
    [
        ("pending", {}, "unknown"),
        ("pending", {"activated": True}, "activated"),
        ("secured", {}, "secured"),
        ("low", {}, "lowSeverity"),
        ("medium", {}, "mediumSeverity"),
        ("high", {}, "highSeverity"),
        ("high", {"needs_it": True}, "compromised"),
        ("misconfigured", {}, "misconfigured"),
        ("disconnected", {}, "unresponsive"),
        ("deactivated", {}, "deactivated"),
    ],
)
def test_health_of_each_state(state: str, more: dict[str, bool], health: str) -> None:
    given = {"needs_it": False, "activated": False} | more
    assert desired_health(state, "IOS", settings=ON, **given) == health
    assert desired_health(state, "IOS", settings=replace(ON, armed=False), **given) == ""


def test_withdrawing_and_deactivating_take_back() -> None:
    assert [takes_back(value) for value in ("", "deactivated", "secured", "unknown")] == [
        True, True, False, False,
    ]  # fmt: skip


@given(st.integers(0, 2500))
def test_portions_hold_all_messages_in_order(count: int) -> None:
    messages: list[dict[str, Any]] = [{"n": number} for number in range(count)]
    cut = list(portions(messages))
    assert [message for portion in cut for message in portion] == messages
    assert all(0 < len(portion) <= 1000 for portion in cut)


# --- how the connector stands (C6)

FINE = Standing(
    saved=True,
    ever_succeeded=True,
    missed=0,
    missed_allowed=3,
    consent_withdrawn=False,
    lacking="",
    fault="",
    platform_on=True,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"saved": False}, ("notSetUp", "settings_not_saved")),
        ({"saved": False, "consent_withdrawn": True}, ("notSetUp", "settings_not_saved")),
        ({"ever_succeeded": False}, ("notSetUp", "no_heartbeat_yet")),
        ({"ever_succeeded": False, "missed": 1, "fault": "timeout"}, ("error", "timeout")),
        ({"platform_on": False}, ("available", "no_platform_on")),
        ({}, ("enabled", "")),
        ({"missed": 2, "fault": "timeout"}, ("enabled", "")),
        ({"missed": 2, "fault": "timeout", "platform_on": False}, ("available", "no_platform_on")),
        ({"missed": 3, "fault": "timeout"}, ("unresponsive", "timeout")),
        ({"missed": 3}, ("unresponsive", "heartbeats_missed")),
        ({"lacking": "write_permission_missing"}, ("error", "write_permission_missing")),
        ({"lacking": "write_permission_missing", "missed": 1}, ("error", "write_permission_missing")),
        ({"lacking": "write_permission_missing", "missed": 3}, ("unresponsive", "heartbeats_missed")),
        ({"consent_withdrawn": True}, ("unavailable", "consent_withdrawn")),
        ({"consent_withdrawn": True, "missed": 9, "fault": "timeout"}, ("unavailable", "consent_withdrawn")),
        ({"consent_withdrawn": True, "ever_succeeded": False}, ("unavailable", "consent_withdrawn")),
    ],
)
def test_state_of_the_connector(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert connector_state(replace(FINE, **changes)) == expected


# --- who is protected (D1)

LIMITS = Limits(intune_only=True, minimum_android="10", minimum_ios="16.0", seen_within=dt.timedelta(days=90))
PHONE = Candidate(
    operating_system="Android", os_version="14", enabled=True, managed=True, last_sign_in_at=NOW
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"operating_system": "AndroidForWork"}, ""),
        ({"operating_system": "iPadOS", "os_version": "17.1"}, ""),
        ({"operating_system": "Windows"}, "platform"),
        ({"operating_system": ""}, "platform"),
        ({"operating_system": "Windows", "enabled": False}, "platform"),
        ({"enabled": False}, "disabled"),
        ({"managed": False}, "not_in_intune"),
        ({"os_version": "9"}, "os_too_old"),
        ({"os_version": "10"}, ""),
        ({"os_version": "10.0.1"}, ""),
        ({"os_version": "9.9"}, "os_too_old"),
        ({"operating_system": "iOS", "os_version": "15.8.3"}, "os_too_old"),
        ({"operating_system": "iOS", "os_version": "16"}, ""),
        ({"os_version": ""}, ""),
        ({"os_version": "unknown"}, ""),
        ({"last_sign_in_at": None}, ""),
        ({"last_sign_in_at": NOW - dt.timedelta(days=90)}, ""),
        ({"last_sign_in_at": NOW - dt.timedelta(days=90, seconds=1)}, "not_seen"),
        ({"last_sign_in_at": NOW - dt.timedelta(days=365), "managed": False}, "not_in_intune"),
    ],
)
def test_eligibility(changes: dict[str, Any], reason: str) -> None:
    assert unsupported_reason(replace(PHONE, **changes), LIMITS, NOW) == reason


def test_scope_of_registered_devices_asks_for_no_intune() -> None:
    limits = replace(LIMITS, intune_only=False)
    assert unsupported_reason(replace(PHONE, managed=False), limits, NOW) == ""


@pytest.mark.parametrize(
    ("spelling", "platform"),
    [
        *((name, "ANDROID") for name in ("Android", "AndroidForWork", "androidEnterprise", "Android AOSP")),
        *((name, "IOS") for name in ("iOS", "IPhone", "iPad", "iPadOS", "iPhone/iPad", " ios ")),
        *((name, None) for name in ("Windows", "MacMDM", "macOS", "Linux", "iOSimulator", "")),
    ],
)
def test_platform_behind_each_spelling(spelling: str, platform: str | None) -> None:
    assert platform_of(spelling) == platform


# --- rules to make at Microsoft (E3)


@pytest.mark.parametrize(
    ("minimum", "blocked", "admitted"),
    [
        ("high", ["mtd:high", "mtd:disconnected"], ["mtd:secured", "mtd:low", "mtd:medium"]),
        ("medium", ["mtd:medium", "mtd:high", "mtd:disconnected"], ["mtd:secured", "mtd:low"]),
        ("low", ["mtd:low", "mtd:medium", "mtd:high", "mtd:disconnected"], ["mtd:secured"]),
    ],
)
def test_values_of_the_rules(minimum: str, blocked: list[str], admitted: list[str]) -> None:
    assert blocked_values(minimum) == blocked
    assert admitted_values(minimum) == admitted
    closed, opened = device_filters(7, minimum)[1], device_filters(7, minimum)[0]
    assert opened.rule == f"device.extensionAttribute7 -in [{quoted(blocked)}]"
    assert closed.rule == f"device.extensionAttribute7 -notIn [{quoted(admitted)}]"


@pytest.mark.parametrize("minimum", ["low", "medium", "high"])
def test_minimum_is_the_inversion_of_intunes_at_or_under(minimum: str) -> None:
    """The seed pages' High is Intune's "at or under Medium": both rules and Intune block the same levels."""
    required = REQUIRED_FOR_MINIMUM[minimum]
    for level in ("secured", "low", "medium", "high"):
        state = DeviceState(level)
        meets = at_or_under(required, state)
        assert (f"mtd:{level}" in admitted_values(minimum)) == meets
        assert (f"mtd:{level}" in blocked_values(minimum)) == (not meets)


@pytest.mark.parametrize("word", ["secured", "pending", "HIGH", ""])
def test_no_rule_for_what_is_no_level_of_risk(word: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        device_filters(1, word)


def quoted(values: list[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)


# --- trying again


def test_back_off_doubles_up_to_a_quarter_of_an_hour() -> None:
    assert [back_off(attempt) for attempt in range(1, 12)] == [
        2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900,
    ]  # fmt: skip


@given(st.integers(1, 10_000))
def test_back_off_never_shrinks_and_has_an_end(attempts: int) -> None:
    assert 0 < back_off(attempts) <= back_off(attempts + 1) <= BACK_OFF_MOST
