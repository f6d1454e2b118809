"""Sets of host names, each of which covers every name below it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, Protocol

from vedette.intel.hash_table import HashTable


class Covered(NamedTuple):
    """The listed name that covers a host, and what the list says of it."""

    name: str
    word: str


class Names(Protocol):
    """What finds the listed name that covers a host."""

    def covering(self, host: str) -> Covered | None:
        """Give the longest listed name that is the host or lies above it."""


def with_parents(host: str) -> Iterator[str]:
    """Give a host name and every name above it, longest first."""
    while host:
        yield host
        host = host.partition(".")[2]


class FewNames:
    """Names with a word each, as a dict: for lists that people write."""

    __slots__ = ("entries",)

    def __init__(self, entries: Mapping[str, str] | None = None) -> None:
        self.entries: Final[Mapping[str, str]] = dict(entries or {})

    def covering(self, host: str) -> Covered | None:
        """Give the longest listed name that is the host or lies above it."""
        entries = self.entries
        if not entries:
            return None
        for name in with_parents(host):
            word = entries.get(name)
            if word is not None:
                return Covered(name, word)
        return None


class ManyNames:
    """Names with a word each, 12 bytes a name: for feeds. The values are kept as keyed hashes (intel/hash_table.py)."""

    __slots__ = ("_table", "_words")

    def __init__(self, entries: Iterable[tuple[str, str]] = ()) -> None:
        """Take pairs of a name and its word; few different words are expected."""
        self._table = HashTable()
        numbers: dict[str, int] = {}
        for name, word in entries:
            self._table.add(name, numbers.setdefault(word, len(numbers)))
        self._table.freeze()
        self._words = tuple(numbers)

    def covering(self, host: str) -> Covered | None:
        """Give the longest listed name that is the host or lies above it."""
        if not self._table.size:
            return None
        for name in with_parents(host):
            if numbers := self._table.get(name):
                return Covered(name, self._words[numbers[0]])
        return None
