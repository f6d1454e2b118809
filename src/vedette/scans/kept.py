"""What is kept of a scan in the database, with a bound on each part, and the way back to findings and reports."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import msgspec

from vedette.detection import Context
from vedette.scans.result import Scan
from vedette.verdict.findings import Finding
from vedette_facts.acquisition.found import Acquisition
from vedette_facts.apk import ApkFacts
from vedette_facts.ios.ipa import IpaFacts
from vedette_facts.limits import Unread
from vedette_facts.report import Facts
from vedette_facts.traces import Moment

PART_BYTES: Final = 1024 * 1024
"""Of findings, moments and what was not read, each."""
FACTS_BYTES: Final = 4 * PART_BYTES
T = TypeVar("T")


class Kept(msgspec.Struct, kw_only=True):
    """A scan as it is stored. `cut`: how many there were of a part of which not all are kept."""

    kind: str
    facts: Facts | None = None
    findings: list[Finding] = []
    unread: list[Unread] = []
    timeline: list[Moment] = []
    sources: list[str] = []
    apks: list[ApkFacts] = []
    ipas: list[IpaFacts] = []
    cut: dict[str, int] = {}

    def scan(self) -> Scan:
        """Give the scan that reports are written from, rated by the default policy."""
        acquisition = Acquisition(
            self.kind,
            self.facts,
            (),
            tuple(self.timeline),
            tuple(self.unread),
            tuple(self.apks),
            tuple(self.ipas),
        )
        return Scan(acquisition, tuple(self.findings), tuple(self.unread), Context(), tuple(self.sources))


def kept(scan: Scan) -> Kept:
    """Bound a scan: the worst findings, the newest moments, the first parts that were not read."""
    facts, unread = scan.acquisition.facts, list(scan.unread)
    if facts is not None and len(msgspec.json.encode(facts)) > FACTS_BYTES:
        facts = None
        unread.insert(
            0, Unread(".", "The facts are larger than what is kept; the findings are not affected.")
        )
    cut: dict[str, int] = {}
    return Kept(
        kind=scan.acquisition.kind,
        facts=facts,
        findings=_within("findings", scan.findings, cut),
        unread=_within("unread", unread, cut),
        timeline=_within("timeline", reversed(scan.acquisition.timeline), cut)[::-1],
        sources=list(scan.sources),
        ipas=list(scan.acquisition.ipas),
        apks=_within("apks", map(_without_classes, scan.acquisition.apks), cut),
        cut=cut,
    )


def _without_classes(facts: ApkFacts) -> ApkFacts:
    """The names of classes have been judged; they are thousands."""
    return msgspec.structs.replace(facts, classes=[])


def as_contract(done: Scan) -> bytes:
    """Write a scan as `vedette scan --json` does."""
    return msgspec.json.format(msgspec.json.encode(done.as_json()), indent=2) + b"\n"


def to_json(value: Kept) -> dict[str, Any]:
    """Give plain values for a jsonb column, which knows no NUL character."""
    plain: dict[str, Any] = _without_nul(msgspec.to_builtins(value))
    return plain


def from_json(stored: dict[str, Any]) -> Kept:
    """Read what `to_json` gave."""
    return msgspec.convert(stored, Kept)


def newest_moment(acquisition: Acquisition, now: dt.datetime) -> dt.datetime | None:
    """When the acquisition was made at the earliest: the newest thing in it that is not of the future."""
    moments = [moment.at for moment in acquisition.timeline if moment.at <= now]
    return max(moments, default=None)


def findings_of(text: str) -> list[Finding]:
    """Read findings from the JSON of a stored result."""
    return msgspec.json.decode(text, type=list[Finding])


def is_trace(finding: Finding) -> bool:
    """Whether a finding rests on traces alone: facts cannot bring it back."""
    return finding.key.startswith("trace:")


def _within(name: str, parts: Iterable[T], cut: dict[str, int]) -> list[T]:
    found, size, count = [], 0, 0
    for part in parts:
        count += 1
        size += len(msgspec.json.encode(part))
        if size <= PART_BYTES:
            found.append(part)
    if count > len(found):
        cut[name] = count
    return found


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        case dict():
            return {_without_nul(key): _without_nul(each) for key, each in value.items()}
        case list() | tuple():
            return [_without_nul(each) for each in value]
    return value
