"""Finding words within a text without a space."""

from collections.abc import Iterable, Mapping
from typing import Final

SHORTEST: Final = 4
"""Letters of the shortest word that is looked for: shorter ones stand in any text."""


class Words:
    """Words by how they begin. Never changes; safe to share between threads."""

    __slots__ = ("_beginning",)

    def __init__(self, words: Iterable[str]) -> None:
        """Take the words; those of fewer than four letters are left out."""
        beginning: dict[str, tuple[str, ...]] = {}
        for word in sorted((w for w in words if len(w) >= SHORTEST), key=len, reverse=True):
            start = word[:SHORTEST]
            beginning[start] = (*beginning.get(start, ()), word)
        self._beginning: Final[Mapping[str, tuple[str, ...]]] = beginning

    def within(self, text: str) -> list[str]:
        """List the words in a text from left to right, the longest at each place, none overlapping."""
        beginning, found, at, last = self._beginning, [], 0, len(text) - SHORTEST
        while at <= last:
            for word in beginning.get(text[at : at + SHORTEST], ()):
                if text.startswith(word, at):
                    found.append(word)
                    at += len(word) - 1
                    break
            at += 1
        return found
