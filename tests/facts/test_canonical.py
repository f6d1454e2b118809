"""Canonical JSON against the plain way: Python's encoder with members sorted by UTF-16 units."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_facts.canonical import CanonicalError, canonical_json

names = st.one_of(st.text(max_size=4), st.sampled_from(["a", "é", "\U0001f600", "\uffff", "b\x7f", "\x01"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


def plain_way(value: Any) -> Any:
    if isinstance(value, list):
        return [plain_way(inner) for inner in value]
    if isinstance(value, dict):
        return {key: plain_way(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return value


@given(values)
def test_the_quick_way_gives_the_same_bytes(value: Any) -> None:
    assert (
        canonical_json(value)
        == json.dumps(plain_way(value), ensure_ascii=False, separators=(",", ":")).encode()
    )


@given(st.text(st.characters(max_codepoint=0x2100)))
def test_control_characters_are_escaped_alike(text: str) -> None:
    assert (
        canonical_json({"t": text})
        == json.dumps({"t": text}, ensure_ascii=False).replace('": ', '":', 1).encode()
    )


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), 2**53, -(2**53), {"a": [{"é": 0.5}]}, {1: "a"}, {"é": 1, 2: 3}, b"x", {"a": "\ud800"},
     {"\ud800": 1}, ["é", {"ü": "\udfff"}]],
)  # fmt: skip
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(CanonicalError):
        canonical_json(value)


def test_the_depth_is_bounded() -> None:
    value: Any = 1
    for _ in range(32):
        value = [value]
    canonical_json(value)
    for _ in range(3):
        value = [value]
    with pytest.raises(CanonicalError):
        canonical_json(value)
