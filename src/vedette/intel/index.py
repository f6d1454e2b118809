"""Immutable look-ups over the indicators of all feeds in force."""

import datetime as dt
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from vedette.intel.certificates import public_key
from vedette.intel.indicators import Indicator, Kind, kinds_of


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


Lists = Iterable[tuple[Source, Iterable[Indicator]]]
_CERTIFICATES = frozenset({Kind.CERTIFICATE_SHA1, Kind.CERTIFICATE_SHA256})
_FILES = {64: Kind.SHA256, 40: Kind.SHA1, 32: Kind.MD5}
_SIGNERS = {40: Kind.CERTIFICATE_SHA1, 64: Kind.CERTIFICATE_SHA256}


class Index:
    """All indicators by kind and value. Never changes after it is built; safe to share between threads.

    Empty values and public signing keys match nothing, even if a feed lists them (detection.md 1.2).
    """

    __slots__ = ("_by_kind", "size", "sources")

    def __init__(self, lists: Lists = (), *, at: dt.datetime | None = None) -> None:
        """Build in one pass. `at`: indicators whose validity ended by then are left out."""
        by_kind: dict[Kind, dict[str, tuple[Hit, ...]]] = {}
        sources = []
        size = 0
        for source, indicators in lists:
            sources.append(source)
            for item in indicators:
                if not _matchable(item, at):
                    continue
                hit = Hit(
                    item.kind, item.value, item.classification, item.family, item.role, item.note, source
                )
                values = by_kind.setdefault(item.kind, {})
                values[item.value] = (*values.get(item.value, ()), hit)
                size += 1
        self._by_kind: Mapping[Kind, Mapping[str, tuple[Hit, ...]]] = MappingProxyType(by_kind)
        self.sources = tuple(sources)
        self.size = size

    def find(self, kind: Kind, value: str) -> tuple[Hit, ...]:
        """Give the hits for a normal value of one kind."""
        values = self._by_kind.get(kind)
        return values.get(value, ()) if values and value else ()

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

    def counts(self) -> dict[str, int]:
        """Count distinct values per kind."""
        return {str(kind): len(values) for kind, values in sorted(self._by_kind.items())}


EMPTY = Index()


def _matchable(item: Indicator, at: dt.datetime | None) -> bool:
    if not item.value or (at is not None and item.valid_until is not None and item.valid_until <= at):
        return False
    return item.kind not in _CERTIFICATES or public_key(item.value) is None
