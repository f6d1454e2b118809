"""What Vedette expects beside what Microsoft reports: every case of the table (E3)."""

from datetime import UTC, datetime, timedelta

import pytest

from vedette.connectors.expected import Line
from vedette.console.comparison import Reported, Told, compare, differs
from vedette.verdict.states import DeviceState

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)


def told(value: str, place: str = "extensionAttribute1", at: datetime | None = NOW) -> Told:
    return Told(value, place, at)


def reported(
    *,
    compliant: bool | None = True,
    state: str = "compliant",
    health: str = "unknown",
    attribute: str | None = None,
    at: datetime = AFTER,
) -> Reported:
    return Reported(compliant, state, health, {"extensionAttribute1": attribute}, at)


def line(lines: list[Line], what: str) -> Line:
    return next(entry for entry in lines if what in entry.what)


@pytest.mark.parametrize(
    ("sent", "found", "read_at", "outcome"),
    [
        (told("mtd:high"), "mtd:high", AFTER, "same"),
        (told("mtd:high"), "mtd:secured", AFTER, "differs"),
        (told("mtd:high"), "cost centre 12", AFTER, "differs"),
        (told("mtd:high"), None, AFTER, "differs"),
        (told("mtd:high"), "mtd:secured", BEFORE, "outdated"),
        (told("mtd:high"), "mtd:secured", NOW, "outdated"),
        (told("mtd:high", at=None), "mtd:secured", AFTER, "outdated"),
        (told(""), None, AFTER, "same"),
        (told(""), "mtd:high", AFTER, "differs"),
    ],
)
def test_the_attribute(sent: Told, found: str | None, read_at: datetime, outcome: str) -> None:
    lines = compare(DeviceState.HIGH, reported(attribute=found, at=read_at), sent, None)
    assert line(lines, "extensionAttribute1").outcome == outcome
    assert differs(lines) is (outcome == "differs")


@pytest.mark.parametrize(
    ("value", "health", "outcome"),
    [
        ("highSeverity", "highSeverity", "same"),
        ("highSeverity", "secured", "differs"),
        ("highSeverity", "unknown", "differs"),
        ("unknown", "unknown", "same"),
        ("", "unknown", "same"),
        ("", "secured", "differs"),
    ],
)
def test_the_threat_level_at_intune(value: str, health: str, outcome: str) -> None:
    lines = compare(DeviceState.HIGH, reported(compliant=False, health=health), None, told(value, place=""))
    assert line(lines, "Threat level").outcome == outcome


@pytest.mark.parametrize(
    ("state", "partner", "compliant", "read_at", "outcome", "expected"),
    [
        ("secured", False, True, AFTER, "same", "compliant"),
        ("secured", False, False, AFTER, "differs", "compliant"),
        ("secured", False, None, AFTER, "open", "compliant"),
        ("high", False, True, AFTER, "open", "not touched"),
        ("high", True, True, AFTER, "differs", "not compliant"),
        ("high", True, True, BEFORE, "outdated", "not compliant"),
        ("high", True, False, AFTER, "same", "not compliant"),
        ("high", True, None, AFTER, "open", "not compliant"),
        ("disconnected", True, True, AFTER, "differs", "not compliant"),
        ("medium", True, True, AFTER, "open", "by your policy"),
        ("low", True, False, AFTER, "open", "by your policy"),
        ("pending", True, True, AFTER, "open", "by your policy"),
        ("misconfigured", True, False, AFTER, "open", "by your policy"),
        ("deactivated", True, True, AFTER, "open", "by your policy"),
    ],
)
def test_compliance(
    state: str, partner: bool, compliant: bool | None, read_at: datetime, outcome: str, expected: str
) -> None:
    way = told("highSeverity", place="") if partner else None
    lines = compare(
        DeviceState(state), reported(compliant=compliant, health="highSeverity", at=read_at), None, way
    )
    found = line(lines, "Compliance")
    assert (found.outcome, found.expected) == (outcome, expected)


def test_every_state_is_compared() -> None:
    for state in DeviceState:
        for compliant in (True, False, None):
            lines = compare(
                state, reported(compliant=compliant), told("mtd:low"), told("lowSeverity", place="")
            )
            assert len(lines) == 3
            assert all(entry.note for entry in lines if entry.outcome == "differs")


def test_a_route_that_is_not_used_is_not_compared() -> None:
    assert [entry.what for entry in compare(DeviceState.SECURED, reported(), None, None)] == [
        "Compliance (isCompliant)"
    ]
    assert len(compare(DeviceState.SECURED, reported(), told("mtd:secured", place=""), None)) == 1


@pytest.mark.parametrize(
    ("compliant", "read_at", "outcome"),
    [(True, AFTER, "differs"), (True, BEFORE, "outdated"), (False, AFTER, "same"), (None, AFTER, "open")],
    ids=["still-compliant", "not-read-yet", "noncompliant", "unknown"],
)
def test_a_phone_in_the_group_at_risk_is_expected_noncompliant(
    compliant: bool | None, read_at: datetime, outcome: str
) -> None:
    found = compare(
        DeviceState.HIGH, reported(compliant=compliant, at=read_at), None, None, told("group", place="group")
    )
    assert (found[-1].expected, found[-1].outcome) == ("not compliant", outcome)
