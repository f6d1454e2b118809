"""Hostile variants of honest texts: parts of other types, cut, repeated and flipped bytes.

`FUZZ_EXAMPLES` sets how many are tried for each text; what CI tries is fixed and the same in each run.
"""

import copy
import json
import os
from collections.abc import Callable
from random import Random
from typing import Any, Final

EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "60"))
ODD: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 2**63, 1e308, "", "x", "\0", "😀\ud800", "9" * 5000, "2026-13-45", "..", "[[", [], {}, [[]],
    [None], {"a": {}}, ["x"] * 50, {"type": 1}, {"id": []},
)  # fmt: skip


def structures(value: Any, seed: int) -> Any:
    """Return a copy of plain data in which a few parts are replaced, left out or repeated."""
    rng = Random(seed)
    changed = json.loads(json.dumps(value))
    for _ in range(rng.randint(1, 3)):
        changed = _changed(changed, rng)
    return changed


def _changed(value: Any, rng: Random) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        act = rng.random()
        if act < 0.1:
            del value[key]
        elif act < 0.15:
            value[rng.choice(("", "x" * 3000, "type", key.upper()))] = value[key]
        else:
            value[key] = _changed(value[key], rng)
        return value
    if isinstance(value, list) and value and rng.random() < 0.85:
        place = rng.randrange(len(value))
        value[place] = _changed(value[place], rng)
        return value * 2 if rng.random() < 0.05 else value
    return copy.deepcopy(rng.choice(ODD))


def texts(content: bytes, seed: int) -> bytes:
    """Return a copy of a text in which bytes are flipped, cut out, repeated or put in."""
    rng = Random(seed)
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        _ACTS[rng.randrange(len(_ACTS))](changed, rng)
    return bytes(changed)


def _flip(text: bytearray, rng: Random) -> None:
    if text:
        text[rng.randrange(len(text))] = rng.randrange(256)


def _cut(text: bytearray, rng: Random) -> None:
    place = rng.randrange(len(text) + 1)
    del text[place : place + rng.choice((1, 7, 64, len(text)))]


def _repeat(text: bytearray, rng: Random) -> None:
    place = rng.randrange(len(text) + 1)
    text[place:place] = text[max(0, place - 40) : place] * rng.choice((1, 3, 50))


def _insert(text: bytearray, rng: Random) -> None:
    place = rng.randrange(len(text) + 1)
    odd = (
        b"\0",
        b"\xff\xfe",
        b"\n\n",
        b'"',
        b"{" * 300,
        b"[" * 300,
        b"- " * 300,
        b"&a *a",
        b"\t",
        b":",
        b"\xed\xa0\x80",
    )
    text[place:place] = rng.choice(odd)


_ACTS: Final[tuple[Callable[[bytearray, Random], None], ...]] = (_flip, _cut, _repeat, _insert)
