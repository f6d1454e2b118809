"""Immutable look-ups over the indicators of all feeds in force."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vedette.intel.address_ranges import AddressRanges
from vedette.intel.certificates import public_key
from vedette.intel.hash_table import HashTable
from vedette.intel.indicators import ALLOW_BELOW, ALLOWING, Indicator, Kind, kinds_of


class Source(NamedTuple):
    """The version of a feed that an indicator stands in."""

    feed: str
    version: int = 1

    def __str__(self) -> str:
        return f"{self.feed} (version {self.version})"


class Hit(NamedTuple):
    """An indicator that was found, with the feed that names it."""

    kind: Kind
    value: str
    classification: str
    family: str
    role: str
    note: str
    source: Source
    confidence: int | None = None


_Meaning = tuple[Kind, tuple[str, ...], int | None, int]
"""What many indicators have in common: kind; classification, family, role, note; confidence; number of the source."""

Lists = Iterable[tuple[Source, Iterable[Indicator]]]
_CERTIFICATES = frozenset({Kind.CERTIFICATE_SHA1, Kind.CERTIFICATE_SHA256})
_FILES = {64: Kind.SHA256, 40: Kind.SHA1, 32: Kind.MD5}
_SIGNERS = {40: Kind.CERTIFICATE_SHA1, 64: Kind.CERTIFICATE_SHA256}
_ADDRESSES = frozenset({Kind.IPV4, Kind.IPV6})


class Index:
    """All indicators by kind and value. Never changes after it is built; safe to share between threads.

    Empty values and public signing keys match nothing, even if a feed lists them (detection.md 1.2). What an allow or
    warning list names is found by no `find`, whatever feeds say: `overruled` tells of it.
    """

    __slots__ = ("_allowed", "_below", "_listed", "_meanings", "_ranges", "size", "sources")

    def __init__(self, lists: Lists = (), *, at: dt.datetime | None = None) -> None:
        """Build in one pass. `at`: indicators whose validity ended by then are left out."""
        self._listed, self._allowed = HashTable(), HashTable()
        self._below: dict[str, list[int]] = {}
        self._ranges: AddressRanges[int] = AddressRanges()
        numbers: dict[_Meaning, int] = {}
        sources: list[Source] = []
        for source, indicators in lists:
            position = len(sources)
            sources.append(source)
            for item in indicators:
                if _matchable(item, at):
                    meaning = (item[0], item[2:6], item[7], position)
                    self._enter(item, numbers.setdefault(meaning, len(numbers)))
        self._listed.freeze()
        self._allowed.freeze()
        self._meanings = tuple(numbers)
        self.sources = tuple(sources)
        self.size = self._listed.size

    def _enter(self, item: Indicator, number: int) -> None:
        if item.role not in ALLOWING:
            self._listed.add(_key(item.kind, item.value), number)
        elif item.kind is Kind.ADDRESS_RANGE:
            self._ranges.add(item.value, number)
        elif item.role == ALLOW_BELOW:
            self._below.setdefault(item.value, []).append(number)
        else:
            self._allowed.add(_key(item.kind, item.value), number)

    def find(self, kind: Kind, value: str) -> tuple[Hit, ...]:
        """Give the hits for a normal value of one kind; none for what an allow or warning list names."""
        hits = self.listed(kind, value)
        return () if hits and self.overruled(kind, value) else hits

    def listed(self, kind: Kind, value: str) -> tuple[Hit, ...]:
        """Give what feeds say about a normal value, whether or not an allow list overrules it."""
        numbers = self._listed.get(_key(kind, value)) if value else ()
        return tuple([self._hit(number, value) for number in numbers]) if numbers else ()

    def overruled(self, kind: Kind, value: str) -> tuple[Hit, ...]:
        """Give the allow and warning lists that name a value (for a host of the organisation: a name above it)."""
        numbers = [*self._allowed.get(_key(kind, value))]
        if kind in _ADDRESSES:
            numbers += self._ranges.containing(value)
        if self._below and (host := _host(kind, value)):
            numbers += [number for name in _with_parents(host) for number in self._below.get(name, ())]
        return tuple(self._hit(number, value) for number in numbers)

    def package(self, name: str, platform: str = "ANDROID") -> tuple[Hit, ...]:
        """Give the hits for an application's package name or iOS bundle ID."""
        hits = self.find(Kind.PACKAGE, name)
        return (*hits, *self.find(Kind.IOS_BUNDLE, name)) if platform == "IOS" else hits

    def file(self, digest: str) -> tuple[Hit, ...]:
        """Give the hits for a file's MD5, SHA-1 or SHA-256 in hex, told apart by length."""
        kind = _FILES.get(len(digest))
        return self.find(kind, digest.lower()) if kind else ()

    def certificate(self, fingerprint: str) -> tuple[Hit, ...]:
        """Give the hits for a signer's SHA-1 or SHA-256 in hex; none for a public key or an empty value."""
        kind = _SIGNERS.get(len(fingerprint))
        return self.find(kind, fingerprint.lower()) if kind else ()

    def explain(self, value: str) -> tuple[Hit, ...]:
        """Give every hit for a value typed by a person: any kind, defanged or not."""
        return tuple(hit for kind, clean in kinds_of(value) for hit in self.find(kind, clean))

    def explain_overruled(self, value: str) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
        """Give what feeds say about a value in vain, and the allow or warning lists that overrule them."""
        vain: list[Hit] = []
        allowing: list[Hit] = []
        for kind, clean in kinds_of(value):
            if named := self.overruled(kind, clean):
                vain += self.listed(kind, clean)
                allowing += named
        return tuple(vain), tuple(allowing)

    def counts(self) -> dict[str, int]:
        """Count distinct values per kind."""
        counted = Counter(str(self._meanings[number][0]) for number in self._listed.distinct())
        return dict(sorted(counted.items()))

    def _hit(self, number: int, value: str) -> Hit:
        kind, (classification, family, role, note), confidence, source = self._meanings[number]
        return Hit(kind, value, classification, family, role, note, self.sources[source], confidence)


def _key(kind: Kind, value: str) -> str:
    return kind + "\0" + value


def _host(kind: Kind, value: str) -> str:
    if kind is Kind.URL:
        return value.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
    return value if kind is Kind.DOMAIN else ""


def _with_parents(host: str) -> Iterator[str]:
    while host:
        yield host
        host = host.partition(".")[2]


def _matchable(item: Indicator, at: dt.datetime | None) -> bool:
    if not item.value or (at is not None and item.valid_until is not None and item.valid_until <= at):
        return False
    return item.kind not in _CERTIFICATES or public_key(item.value) is None


EMPTY = Index()
