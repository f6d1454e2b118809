"""How often somebody may call: the bucket by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.foundation.rates import Buckets, caller


def test_a_burst_passes_then_only_as_fast_as_the_bucket_fills() -> None:
    buckets = Buckets(per_second=2, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b", 0.0) == 0, "each key has its own"
    assert buckets.take("a", 0.25) == 0.25
    assert buckets.take("a", 0.5) == 0
    assert buckets.take("a", 0.5) == 0.5
    # never more than the burst, however long it was quiet
    assert [buckets.take("a", 1000.0) for _ in range(4)] == [0, 0, 0, 0.5]


@given(st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_never_more_than_burst_and_rate_allow(gaps: list[float]) -> None:
    buckets, now, passed = Buckets(per_second=3, burst=5), 0.0, 0
    for gap in gaps:
        now += gap
        passed += buckets.take("k", now) == 0
    assert passed <= 5 + 3 * now + 1e-6


def test_many_callers_cost_no_more_than_so_much_memory() -> None:
    buckets = Buckets(per_second=1, burst=1, most=10)
    for number in range(100):
        buckets.take(number, 0.0)
    assert len(buckets) == 10
    assert buckets.take(99, 0.0) > 0, "the newest are remembered"


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_who_is_behind_an_address(address: str, known_as: str) -> None:
    assert caller(address) == known_as
