"""When changes will do and when everything is read: pure rules, as tables."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from vedette.connectors.intune.delta_pass import is_expired, most, scope_of, why_full
from vedette.connectors.intune.eligibility import Limits
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.directory.delta_links import Standing
from vedette.foundation.graph import GraphError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMITS = Limits(intune_only=True, minimum_android="10", minimum_ios="16.0", seen_within=timedelta(days=90))


def standing(scope: str = "same", hours: float = 1.0) -> Standing:
    at = NOW - timedelta(hours=hours)
    return Standing({}, scope, frozenset(), at, at)


@pytest.mark.parametrize(
    ("links", "held", "expected"),
    [
        (None, False, "no_links"),
        (standing(), False, ""),
        (standing("other"), False, "settings"),
        (standing(), True, "group_missing"),
        (standing(hours=23.9), False, ""),
        (standing(hours=24), False, "daily"),
        (standing(hours=-1), False, "daily"),
    ],
    ids=["first", "changes", "settings", "group", "before_a_day", "after_a_day", "clock_went_back"],
)
def test_why_everything_is_read(links: Standing | None, held: bool, expected: str) -> None:
    assert why_full(links, "same", held=held, now=NOW) == expected


@pytest.mark.parametrize(("known", "expected"), [(0, 200), (8_000, 200), (20_000, 500), (200_000, 5_000)])
def test_how_many_changes_are_looked_at_one_by_one(known: int, expected: int) -> None:
    assert most(known) == expected


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (410, "resyncRequired", True),
        (410, "http410", True),
        (404, "syncStateNotFound", True),
        (409, "resyncRequired", True),
        (400, "Request_BadRequest", True),
        (403, "Authorization_RequestDenied", False),
        (429, "TooManyRequests", False),
        (503, "serviceNotAvailable", False),
        (0, "timeout", False),
    ],
)
def test_which_refusals_mean_that_the_link_is_worth_nothing(status: int, code: str, expected: bool) -> None:
    assert is_expired(GraphError(status, code, "", "")) is expected


def group(number: int, *, nested: bool = True) -> EnrollmentGroup:
    return EnrollmentGroup(object_id=UUID(int=number), include_nested=nested)


def test_what_decides_who_counts_is_in_the_scope_and_its_order_is_not() -> None:
    scope = scope_of([group(1), group(2)], LIMITS)
    assert scope_of([group(2), group(1)], LIMITS) == scope
    other = Limits(intune_only=True, minimum_android="11", minimum_ios="16.0", seen_within=LIMITS.seen_within)
    changed = {
        scope_of([group(1)], LIMITS),
        scope_of([group(1), group(2, nested=False)], LIMITS),
        scope_of([group(1), group(2)], other),
    }
    assert len(changed | {scope}) == 4
