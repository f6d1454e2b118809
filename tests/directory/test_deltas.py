"""Merging delta items: order, replays and repeated objects make no difference (design.md 2, rule 10)."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.directory.deltas import Touched

KNOWN = frozenset({"g1", "g2"})
REMOVED = {"@removed": {"reason": "deleted"}}


def member(kind: str, key: str, *, removed: bool = False) -> dict[str, Any]:
    typed = {"@odata.type": f"#microsoft.graph.{kind}"} if kind else {}
    return {**typed, "id": key, **(REMOVED if removed else {})}


def of_groups(*items: dict[str, Any]) -> Touched:
    touched = Touched()
    touched.take_groups(items, KNOWN)
    return touched


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"id": "G1", "displayName": "New"}, Touched(groups={"g1"})),
        ({"id": "g9", "members@delta": [member("user", "u1")]}, Touched()),
        ({"id": "g1", **REMOVED}, Touched(groups={"g1"}, regrouped=True)),
        ({"id": "g1", "members@delta": [member("user", "U1")]}, Touched(groups={"g1"}, member_users={"u1"})),
        (
            {"id": "g1", "members@delta": [member("user", "u1", removed=True)]},
            Touched(groups={"g1"}, member_users={"u1"}),
        ),
        (
            {"id": "g1", "members@delta": [member("device", "d1")]},
            Touched(groups={"g1"}, member_devices={"d1"}),
        ),
        ({"id": "g1", "members@delta": [member("group", "g9")]}, Touched(groups={"g1"}, regrouped=True)),
        (
            {"id": "g1", "members@delta": [member("", "g2", removed=True)]},
            Touched(groups={"g1"}, regrouped=True),
        ),
        (
            {"id": "g1", "members@delta": [member("", "x1", removed=True)]},
            Touched(groups={"g1"}, strangers={"x1"}),
        ),
        ({"id": "g1", "members@delta": [member("orgContact", "c1")]}, Touched(groups={"g1"})),
        ({"id": "g1", "members@delta": None}, Touched(groups={"g1"})),
    ],
    ids=[
        *("renamed", "not_ours", "gone", "came", "left", "device", "nested_came", "nested_left"),
        *("no_type", "contact", "no_members"),
    ],
)
def test_what_an_item_of_a_group_touches(item: dict[str, Any], expected: Touched) -> None:
    assert of_groups(item) == expected


def test_an_item_without_an_id_is_an_error() -> None:
    with pytest.raises(KeyError):
        Touched().take_users([{"displayName": "Nobody"}])


def test_strangers_get_their_kind_from_what_is_known() -> None:
    touched = Touched(strangers={"u1", "d1", "x1"}, member_users={"u2"})
    touched.tell_apart(["u1"], ["d1"])
    assert touched == Touched(member_users={"u1", "u2"}, member_devices={"d1"})


def test_nothing_is_nothing_and_each_object_counts_once() -> None:
    assert not Touched()
    assert Touched(groups={"g1"})
    assert Touched(users={"u1"}, member_users={"u1", "u2"}, devices={"d1"}, member_devices={"d1"}).size == 3


members = st.builds(
    member,
    st.sampled_from(["user", "device", "group", "orgContact", ""]),
    st.sampled_from(["a", "b", "c", "g2"]),
    removed=st.booleans(),
)
group_items = st.fixed_dictionaries(
    {"id": st.sampled_from(["g1", "g2", "g9"])},
    optional={"members@delta": st.lists(members, max_size=4), "@removed": st.just({"reason": "changed"})},
)
objects = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b", "c"])}, optional={"@removed": st.just({"reason": "changed"})}
)
rounds = st.lists(
    st.one_of(
        st.tuples(st.just("groups"), group_items),
        st.tuples(st.just("users"), objects),
        st.tuples(st.just("devices"), objects),
    ),
    max_size=12,
)


def merged(items: list[tuple[str, dict[str, Any]]]) -> Touched:
    touched = Touched()
    for kind, item in items:
        if kind == "groups":
            touched.take_groups([item], KNOWN)
        elif kind == "users":
            touched.take_users([item])
        else:
            touched.take_devices([item])
    return touched


@given(rounds, st.randoms(use_true_random=False))
def test_any_order_and_any_replay_give_the_same(
    items: list[tuple[str, dict[str, Any]]], rng: random.Random
) -> None:
    again = [*items, *rng.sample(items, rng.randint(0, len(items)))]
    rng.shuffle(again)
    assert merged(again) == merged(items)


@given(st.lists(members, max_size=12), st.integers(1, 5))
def test_members_spread_over_repeated_objects_are_one_set(rows: list[dict[str, Any]], size: int) -> None:
    whole = of_groups({"id": "g1", "members@delta": rows})
    pieces = [{"id": "g1", "members@delta": rows[at : at + size]} for at in range(0, max(len(rows), 1), size)]
    assert of_groups(*pieces) == whole
