"""What a detector is, and what it may look at beside the facts."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from vedette.detection.app_lists import AppLists
from vedette.intel.index import EMPTY, Index, Source
from vedette.intel.os_knowledge import NOTHING_KNOWN, OsKnowledge
from vedette.verdict.findings import Evidence, Finding, Observation
from vedette.verdict.policy import DEFAULT_POLICY, Policy
from vedette.verdict.summaries import summary_in
from vedette_facts.report import Facts


@dataclass(frozen=True)
class Context:
    """The intelligence in force and the policy of the device's group.

    `names`: families that come as an application, by name in small letters: the feed's spelling, and the feed.
    `systems`: tables about operating systems; `lists`: the organisation's own; `today`: for ends of support.
    """

    index: Index = EMPTY
    policy: Policy = field(default=DEFAULT_POLICY)
    names: Mapping[str, tuple[str, Source]] = field(default_factory=dict)
    systems: OsKnowledge = NOTHING_KNOWN
    lists: AppLists = field(default_factory=AppLists)
    today: dt.date | None = None


@dataclass(frozen=True)
class Detector:
    """A named function from facts to answers. The version rises when the same facts may get another answer."""

    name: str
    version: int
    judge: Callable[[Facts, Context], Iterable[Observation]]

    @property
    def label(self) -> str:
        """Name and version as findings carry them."""
        return f"{self.name}/{self.version}"


def found(
    classification: str,
    key: str,
    evidence: tuple[Evidence, ...],
    *,
    family: str = "",
    source: str | None = None,
) -> Observation:
    """Answer *failed*, with the finding; the rule is that of the evidence, `run` signs it with the detector."""
    rule = evidence[0].rule
    summary = summary_in("en", evidence) or classification
    finding = Finding(classification, key, summary, evidence, "", family, source)
    return Observation(rule, "failed", classification, key, finding, summary)


def fine(rule: str, classification: str, key: str, detail: str) -> Observation:
    """Answer *ok*: positive evidence of absence."""
    return Observation(rule, "ok", classification, key, detail=detail)


def closing(
    rule: str, classification: str, prefix: str, *, complete: bool, exempt: Collection[str] = ()
) -> Observation:
    """Say what an inventory of applications proves about all that was not found in it; `exempt` was not judged."""
    if not complete:
        return unknown(rule, classification, f"{prefix}:*", "the list of applications is not complete")
    detail = "complete list of applications checked"
    return Observation(rule, "ok", classification, f"{prefix}:*", detail=detail, exempt=frozenset(exempt))


def unknown(rule: str, classification: str, key: str, detail: str) -> Observation:
    """Answer *unknown*."""
    return Observation(rule, "unknown", classification, key, detail=detail)
