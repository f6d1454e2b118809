"""The table of design.md 4 and the inversion of requirements E3."""

import pytest

from vedette.verdict.risk import Risk
from vedette.verdict.states import (
    ATTRIBUTE,
    HEALTH,
    REQUIRED_FOR_MINIMUM,
    THREAT_STATES,
    DeviceState,
    RequiredLevel,
    at_or_under,
    health,
)

GRAPH = {
    "unknown",
    "activated",
    "deactivated",
    "secured",
    "lowSeverity",
    "mediumSeverity",
    "highSeverity",
    "unresponsive",
    "compromised",
    "misconfigured",
}


@pytest.mark.parametrize(
    ("state", "graph", "attribute"),
    [
        ("pending", "unknown", "mtd:pending"),
        ("secured", "secured", "mtd:secured"),
        ("low", "lowSeverity", "mtd:low"),
        ("medium", "mediumSeverity", "mtd:medium"),
        ("high", "highSeverity", "mtd:high"),
        ("misconfigured", "misconfigured", "mtd:misconfigured"),
        ("disconnected", "unresponsive", "mtd:disconnected"),
        ("deactivated", "deactivated", None),
    ],
)
def test_table_of_design_4(state: str, graph: str, attribute: str | None) -> None:
    assert HEALTH[DeviceState(state)] == graph == health(DeviceState(state))
    assert ATTRIBUTE[DeviceState(state)] == attribute


def test_every_state_has_both_spellings_and_all_ten_health_states_are_reached() -> None:
    assert set(HEALTH) == set(ATTRIBUTE) == set(DeviceState)
    reached = {
        health(state, needs_it=needs_it, activated=activated)
        for state in DeviceState
        for needs_it in (False, True)
        for activated in (False, True)
    }
    assert reached == GRAPH


def test_refinements() -> None:
    assert health(DeviceState.HIGH, needs_it=True) == "compromised"
    assert health(DeviceState.PENDING, activated=True) == "activated"
    assert health(DeviceState.LOW, needs_it=True) == "lowSeverity"
    assert health(DeviceState.DISCONNECTED, needs_it=True, activated=True) == "unresponsive"


def test_none_and_advisory_are_secured() -> None:
    assert [THREAT_STATES[risk] for risk in Risk] == ["secured", "secured", "low", "medium", "high"]


# rows: the seed pages' minimum level; columns: state of the device; cell: is the device noncompliant?
INVERSION = {
    "high": {"secured": False, "low": False, "medium": False, "high": True},
    "medium": {"secured": False, "low": False, "medium": True, "high": True},
    "low": {"secured": False, "low": True, "medium": True, "high": True},
}


@pytest.mark.parametrize("minimum", INVERSION)
@pytest.mark.parametrize("state", ["secured", "low", "medium", "high"])
def test_minimum_level_is_at_or_under_inverted(minimum: str, state: str) -> None:
    noncompliant = not at_or_under(REQUIRED_FOR_MINIMUM[minimum], DeviceState(state))
    assert noncompliant is INVERSION[minimum][state]


def test_required_levels_of_the_inversion() -> None:
    assert dict(REQUIRED_FOR_MINIMUM) == {"high": "medium", "medium": "low", "low": "secured"}


@pytest.mark.parametrize("state", ["secured", "low", "medium", "high"])
def test_intune_high_never_blocks_for_a_threat(state: str) -> None:
    assert at_or_under(RequiredLevel.HIGH, DeviceState(state))


@pytest.mark.parametrize("required", list(RequiredLevel))
@pytest.mark.parametrize("state", ["pending", "misconfigured", "disconnected", "deactivated"])
def test_a_device_without_a_proven_level_meets_none(required: RequiredLevel, state: str) -> None:
    assert not at_or_under(required, DeviceState(state))
