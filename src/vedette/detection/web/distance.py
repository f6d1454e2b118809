"""Words that were mistyped on purpose: optimal string alignment distance (Damerau 1964), and a fast way to find it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

SHORTEST: Final = 5
"""Shorter words have too many neighbours that are words themselves."""
LONG: Final = 12
"""From so many letters on two mistakes are still recognised."""
_SHORT: Final = 7


def allowed(word: str) -> int:
    """Tell how many mistakes in a word still count as that word."""
    return 0 if len(word) < SHORTEST else 2 if len(word) >= LONG else 1


def distance(a: str, b: str, most: int) -> int:
    """Count insertions, deletions, replacements and swaps of neighbours; `most` + 1 as soon as it is more."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    a, b = _differing(a, b)
    if not a or not b:
        return max(len(a), len(b))
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        older, before, row = before, row, [i] + [0] * len(b)
        for j, other in enumerate(b, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > most and min(before) > most:
            return most + 1
    return min(row[-1], most + 1)


def _differing(a: str, b: str) -> tuple[str, str]:
    """Cut off what both begin and end with: it changes no distance."""
    start, least = 0, min(len(a), len(b))
    while start < least and a[start] == b[start]:
        start += 1
    end = 0
    while end < least - start and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[start : len(a) - end], b[start : len(b) - end]


class Neighbours:
    """Finds the word that a text is a mistyping of.

    The first letter must be right: people look there first, so mistakes there deceive least, and without it `mail`
    would be a mistyping of `gmail`. Of the ends of the word one must be right too: two or three letters, which one
    mistake cannot both change; of two mistakes few do.
    """

    __slots__ = ("_ends", "_longest", "_starts")

    def __init__(self, words: Iterable[str]) -> None:
        """Take the words to be recognised; those too short for any mistake are left out."""
        starts: dict[str, list[str]] = {}
        ends: dict[str, list[str]] = {}
        known = [word for word in words if allowed(word)]
        for word in known:
            size = 2 if len(word) < _SHORT else 3
            starts.setdefault(word[:size], []).append(word)
            ends.setdefault(word[-size:], []).append(word)
        self._starts: Final[Mapping[str, list[str]]] = starts
        self._ends: Final[Mapping[str, list[str]]] = ends
        self._longest: Final = max(map(len, known), default=0) + 2

    def near(self, text: str) -> tuple[str, int] | None:
        """Give the nearest word that is not the text itself, with the distance; None where none is near."""
        if not SHORTEST - 1 <= len(text) <= self._longest:
            return None
        best: tuple[str, int] | None = None
        for word in self._candidates(text):
            most = allowed(word)
            if word[0] == text[0] and -most <= len(word) - len(text) <= most:
                far = distance(text, word, most)
                if 0 < far <= most and (best is None or (far, word) < (best[1], best[0])):
                    best = word, far
        return best

    def _candidates(self, text: str) -> Iterator[str]:
        yield from self._starts.get(text[:2], ())
        yield from self._starts.get(text[:3], ())
        yield from self._ends.get(text[-2:], ())
        yield from self._ends.get(text[-3:], ())
