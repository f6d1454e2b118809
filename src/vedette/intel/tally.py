"""What an import took, and what it did not understand: counted per type, never swallowed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vedette.intel.indicators import BadValueError, Indicator
from vedette.intel.os_table import OsTable

_EXAMPLES = 20


@dataclass(frozen=True)
class Problem:
    """One thing that was not taken, with the reason in words."""

    type: str
    value: str
    why: str


@dataclass(frozen=True)
class Report:
    """Counts per type in the feed's own spelling.

    `taken`: new indicators. `duplicates`: said before in the same feed. `skipped`: understood and left out on
    purpose, by reason (`certificate: public signing key`). `rejected`: a known type with a malformed value.
    `not_understood`: types or combinations this importer does not read.
    """

    format: str
    taken: Mapping[str, int]
    duplicates: Mapping[str, int]
    skipped: Mapping[str, int]
    rejected: Mapping[str, int]
    not_understood: Mapping[str, int]
    examples: tuple[Problem, ...]

    @property
    def total(self) -> int:
        """How many indicators were taken."""
        return sum(self.taken.values())

    def as_json(self) -> dict[str, Any]:
        """Give the report as plain JSON values."""
        return {
            "format": self.format,
            "total": self.total,
            "taken": dict(self.taken),
            "duplicates": dict(self.duplicates),
            "skipped": dict(self.skipped),
            "rejected": dict(self.rejected),
            "not_understood": dict(self.not_understood),
            "examples": [{"type": p.type, "value": p.value, "why": p.why} for p in self.examples],
        }


class ImportFailedError(Exception):
    """The text is no feed, or a known type in it yielded nothing. `report` tells how far it got."""

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.report = report


@dataclass(frozen=True)
class Reference:
    """Another feed that an index of feeds names. `path`: where it stands beside the index, for imports of a folder."""

    name: str
    title: str
    address: str
    path: str


@dataclass(frozen=True)
class Document:
    """A feed as read: indicators, each once, or a table about systems, or references to feeds; and the report."""

    indicators: tuple[Indicator, ...]
    report: Report
    table: OsTable | None = None
    references: tuple[Reference, ...] = ()


@dataclass
class Tally:
    """Collects while an importer reads."""

    format: str
    indicators: dict[Indicator, None] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    not_understood: Counter[str] = field(default_factory=Counter)
    examples: list[Problem] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    _handled: set[str] = field(default_factory=set)

    def take(self, type_: str, indicator: Indicator) -> None:
        """Count an indicator in, once."""
        self._handled.add(type_)
        if indicator in self.indicators:
            self.duplicates[type_] += 1
            return
        self.indicators[indicator] = None
        self.taken[type_] += 1

    def refer(self, type_: str, reference: Reference) -> None:
        """Count a reference to another feed in."""
        self.count(type_)
        self.references.append(reference)

    def count(self, type_: str, number: int = 1) -> None:
        """Count entries of a table."""
        self._handled.add(type_)
        self.taken[type_] += number

    def skip(self, type_: str, reason: str) -> None:
        """Leave something out on purpose."""
        self._handled.add(type_)
        self.skipped[f"{type_}: {reason}"] += 1

    def reject(self, type_: str, value: str, error: BadValueError) -> None:
        """Count a malformed value of a known type."""
        self.rejected[type_] += 1
        self._example(type_, value, str(error))

    def puzzle(self, type_: str, value: str, why: str) -> None:
        """Count something that this importer does not read."""
        self.not_understood[type_] += 1
        self._example(type_, value, why)

    def finish(self, table: OsTable | None = None) -> Document:
        """Close the import. Raises ImportFailedError if a known type, or the whole text, yielded nothing."""
        report = Report(
            self.format,
            dict(self.taken),
            dict(self.duplicates),
            dict(self.skipped),
            dict(self.rejected),
            dict(self.not_understood),
            tuple(self.examples),
        )
        barren = sorted(set(self.rejected) - self._handled)
        if barren:
            raise ImportFailedError(
                f"Nothing could be read of the type(s) {', '.join(barren)}, although the feed has them: its "
                "spelling may have changed. Nothing was imported; see the examples in the report.",
                report,
            )
        if not (self.indicators or self.references or table):
            raise ImportFailedError(
                "Its content was not recognised: nothing in it is an indicator. "
                "Is it the right file, and the right format?",
                report,
            )
        return Document(tuple(self.indicators), report, table, tuple(self.references))

    def _example(self, type_: str, value: str, why: str) -> None:
        if len(self.examples) < _EXAMPLES:
            self.examples.append(Problem(type_, value[:200], why))
