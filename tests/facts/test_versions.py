import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_facts.versions import Version, older, parse_version, patch_date, patch_older


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("9", "10"),
        ("14", "14.1"),
        ("17.7.3", "17.7.11"),
        ("17.7.11", "18"),
        ("18.1", "18.1 (a)"),
        ("18.1 (a)", "18.1(c)"),
        ("18.1 (c)", "18.1.1"),
        ("8.1.0", "15"),
        ("12", "12L"),
        ("iOS 17.2", "iPadOS 17.3"),
        ("Android 13", "14"),
    ],
)
def test_order_of_versions(low: str, high: str) -> None:
    assert older(low, high) is True
    assert older(high, low) is False


@pytest.mark.parametrize(("one", "other"), [("14", "14.0"), ("14.0.0", "14"), (" 18.1 (A) ", "18.1(a)")])
def test_versions_that_are_the_same(one: str, other: str) -> None:
    assert parse_version(one) == parse_version(other)
    assert hash(parse_version(one)) == hash(parse_version(other))
    assert older(one, other) is False


@pytest.mark.parametrize(
    "text", [None, "", "unknown", "Baklava", "14..1", "-1", "1" * 5000, "14 beta", "v14"]
)
def test_what_cannot_be_read_is_unknown_and_not_fine(text: str | None) -> None:
    assert parse_version(text) is None
    assert older(text, "14") is None
    assert older("14", text) is None


@given(st.lists(st.integers(0, 99), min_size=1, max_size=5), st.sampled_from(["", "a", "b"]))
def test_text_of_a_version_reads_back(numbers: list[int], letter: str) -> None:
    version = Version(tuple(numbers), letter)
    assert parse_version(str(version)) == version


@given(st.lists(st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=3), st.sampled_from(["", "a"]))))
def test_the_order_is_total(drawn: list[tuple[list[int], str]]) -> None:
    versions = sorted(Version(tuple(numbers), letter) for numbers, letter in drawn)
    for low, high in pairwise(versions):
        assert low <= high
        assert (low < high) != (low == high)


def test_patch_levels_are_compared_as_dates() -> None:
    assert patch_date("2024-05-05") == dt.date(2024, 5, 5)
    assert patch_date("2024-05") == dt.date(2024, 5, 1)
    assert patch_older("2024-05-01", dt.date(2024, 5, 5)) is True
    assert patch_older("2024-05-05", dt.date(2024, 5, 5)) is False
    assert patch_older("2024-13-01", dt.date(2024, 5, 5)) is None
    assert patch_older(None, dt.date(2024, 5, 5)) is None
    assert patch_older("2024-05-01", None) is None
