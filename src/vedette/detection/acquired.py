"""What an analyst's scans say of a phone beside its app and Intune: it counts until it expires (docs/adr/0017).

A scan adds what it found. What it says is in order counts only where it is newer than everything the app and Intune
said, and what the app says later counts against the scan, but for a root. What a scan does not answer is no answer
at all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from vedette.detection import Context, Result, run, sources
from vedette.verdict.findings import ACQUISITION, AGENT, Evidence, Finding, Observation
from vedette_facts.report import Facts

EXPIRES: Final = timedelta(days=30)
"""Since it was collected; as long as what Intune says."""
SAID_BY: Final = "analyst_scan"
"""A code of verdict.terms."""
MARGIN: Final = timedelta(seconds=2)
"""Between the time at which a scan was attached and the end of the transaction that did so."""


@dataclass(frozen=True)
class Acquired:
    """One scan of the phone: when it was collected, its facts, and what its traces met in the feeds of that time.

    `attached_at`: since when it counts; None where that is only asked.
    """

    at: datetime
    facts: Facts | None
    findings: tuple[Finding, ...] = ()
    attached_at: datetime | None = None


@dataclass(frozen=True)
class Heard:
    """When the app and Intune were heard of last; None where they said nothing."""

    agent_at: datetime | None
    managed_at: datetime | None

    @property
    def last(self) -> datetime | None:
        """The newest of both."""
        return max((at for at in (self.agent_at, self.managed_at) if at), default=None)


def merged(
    own: Result, origins: Mapping[str, str], heard: Heard, scans: Sequence[Acquired], context: Context
) -> Result:
    """Join what scans say to the answers that rest on app and Intune (`own`, with `origins` of their facts)."""
    parts = [(scan.at, _answers(scan, context)) for scan in scans]
    proofs = [
        (at, answer)
        for at, result in parts
        for answer in result.observations
        if answer.status == "ok" and (heard.last is None or at > heard.last)
    ]
    denied = [
        (heard.agent_at, answer)
        for answer in own.observations
        if heard.agent_at and answer.status == "ok" and _may_deny(answer, origins)
    ]
    found = [
        answer
        for at, result in parts
        for answer in result.observations
        if answer.status == "failed" and not _is_cleared(answer, at, [*proofs, *denied])
    ]
    kept = [answer for answer in own.observations if not _is_overtaken(answer, proofs)]
    failures = {failure.name: failure for _, result in parts for failure in result.failures}
    failures |= {failure.name: failure for failure in own.failures}
    # the app's own answers last: of two that find the same, reconcile keeps the last one's words
    return Result((*found, *(answer for _, answer in proofs), *kept), tuple(failures.values()))


def has_failed(result: Result, own: Result) -> bool:
    """Whether a detector could not judge a scan: what rested on it is not over then."""
    return len(result.failures) > len(own.failures)


def is_settled(scan: Acquired, answered_at: datetime) -> bool:
    """Whether the app's whole facts of that time came after a scan and were judged with it."""
    since = scan.attached_at
    return since is not None and max(since, scan.at) + MARGIN < answered_at


def settled(result: Result, newly: Result, rules: Collection[str]) -> frozenset[tuple[str, str]]:
    """Name what scans found by `rules`, but for what is in `newly`: the app and the scans that it has not answered.

    Where the app's facts behind these rules were dropped, its "ok" cannot be asked for again. What it cleared stays
    cleared, and what it did not clear stays open, until whole facts come.
    """
    fresh = {(each.classification, each.key) for each in newly.findings}
    found = {
        (each.finding.classification, each.finding.key)
        for each in result.observations
        if each.finding is not None and each.finding.origin == ACQUISITION and each.rule in rules
    }
    return frozenset(found - fresh)


def _may_deny(answer: Observation, origins: Mapping[str, str]) -> bool:
    """The app may say that what a scan found is gone, but for a root: who has one can make the app say anything."""
    return sources.origin_of(answer, origins) == AGENT and sources.RESTS_ON.get(answer.rule) != sources.ROOT


def _answers(scan: Acquired, context: Context) -> Result:
    """Let the detectors judge the facts; what the traces met stays as it was found."""
    result = run(scan.facts, context) if scan.facts is not None else Result((), ())
    traced = tuple(
        Observation(each.evidence[0].rule, "failed", each.classification, each.key, each, each.summary)
        for each in scan.findings
    )
    return Result(tuple(_marked(each) for each in (*result.observations, *traced)), result.failures)


def _marked(answer: Observation) -> Observation:
    if answer.finding is None:
        return answer
    said = Evidence("reported_by", SAID_BY, answer.rule)
    finding = replace(answer.finding, origin=ACQUISITION, evidence=(*answer.finding.evidence, said))
    return replace(answer, finding=finding)


def _is_cleared(answer: Observation, at: datetime, proofs: Sequence[tuple[datetime, Observation]]) -> bool:
    """Whether something newer proves that what was found is gone."""
    assert answer.finding is not None
    code, key = answer.finding.classification, answer.finding.key
    return any(when > at and proof.covers(code, key) and not proof.spares(key) for when, proof in proofs)


def _is_overtaken(answer: Observation, proofs: Sequence[tuple[datetime, Observation]]) -> bool:
    """Whether a newer scan answers what app and Intune found or did not know."""
    if answer.status == "failed" and answer.finding is not None:
        code, key = answer.finding.classification, answer.finding.key
        return any(proof.covers(code, key) and not proof.spares(key) for _, proof in proofs)
    if answer.status == "unknown":
        same = (answer.rule, answer.classification, answer.key)
        return any((proof.rule, proof.classification, proof.key) == same for _, proof in proofs)
    return False
