"""What a scan found, and the JSON of it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import msgspec

from vedette.detection import Context, run
from vedette.detection.apk import judge_apk
from vedette.detection.ipa import judge_ipa
from vedette.detection.traces import judge_traces
from vedette.verdict.classifications import classification
from vedette.verdict.findings import Finding, Observation
from vedette.verdict.risk import Risk
from vedette_facts.acquisition.found import Acquisition
from vedette_facts.apk import ApkFacts
from vedette_facts.limits import Unread


@dataclass(frozen=True)
class Scan:
    """An acquisition and the findings in it, the worst first. `sources`: feeds it was compared with."""

    acquisition: Acquisition
    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    context: Context
    sources: tuple[str, ...] = ()

    def risk(self, finding: Finding) -> Risk:
        """Rate a finding by the policy of the scan."""
        return self.context.policy.risk(finding.classification)

    def mend(self, finding: Finding) -> str:
        """Say how to mend it."""
        return finding.mend or classification(finding.classification).mend

    def as_json(self) -> dict[str, Any]:
        """Give the contract's JSON (facts, findings, unread), and beside it kind and timeline."""
        return {
            "kind": self.acquisition.kind,
            "facts": self._facts(),
            "findings": [self._row(finding) for finding in self.findings],
            "unread": [plain(part) for part in self.unread],
            "timeline": [plain(moment) for moment in self.acquisition.timeline],
        }

    def _facts(self) -> dict[str, Any]:
        """Give the phone's facts; of a file of an application that file's, of several parts the first one's and all."""
        apks = [apk_facts(facts) for facts in self.acquisition.apks]
        if apks:
            return apks[0] if len(apks) == 1 else {**apks[0], "parts": apks}
        if self.acquisition.ipas:
            return plain(self.acquisition.ipas[0])
        facts: dict[str, Any] = msgspec.to_builtins(self.acquisition.facts) if self.acquisition.facts else {}
        return facts

    def _row(self, finding: Finding) -> dict[str, Any]:
        return {
            "classification": finding.classification,
            "risk": self.risk(finding).name,
            "summary": finding.summary,
            "evidence": [asdict(evidence) for evidence in finding.evidence],
            "mend": self.mend(finding),
        }


def apk_facts(facts: ApkFacts) -> dict[str, Any]:
    """Give the facts of a file as JSON, without the names of its classes: they are thousands."""
    values: dict[str, Any] = msgspec.to_builtins(facts)
    del values["classes"]
    return values


def plain(value: msgspec.Struct) -> dict[str, Any]:
    """Turn a struct into plain values for JSON."""
    values: dict[str, Any] = msgspec.to_builtins(value)
    return values


def scan(acquisition: Acquisition, context: Context) -> Scan:
    """Let every detector judge the facts, and compare the traces with the feeds.

    What could not be judged is named beside what could not be read: missing is not clean.
    """
    findings: list[Finding] = []
    unread = list(acquisition.unread)
    facts = acquisition.facts
    if facts is not None:
        result = run(facts, context)
        findings += result.findings
        unread += [
            Unread(".", f"The detector {failure.name} failed: {failure.message}")
            for failure in result.failures
        ]
    platform = facts.device.platform if facts is not None else "ANDROID"
    for apk in acquisition.apks:
        findings += _of_file(partial(judge_apk, apk, context), "apk", unread)
    for ipa in acquisition.ipas:
        findings += _of_file(partial(judge_ipa, ipa, context), "ipa", unread)
    # parts of one application have its name and its signer: each finding is told once
    findings = list(dict.fromkeys(findings))
    findings += judge_traces(acquisition.traces, context.index, platform)
    if not context.index.size:
        unread.append(
            Unread(
                ".", "No threat intelligence is loaded: nothing was compared with known threats. See --feed."
            )
        )
    findings.sort(key=lambda finding: (-context.policy.risk(finding.classification), finding.summary))
    sources = tuple(str(source) for source in context.index.sources)
    return Scan(acquisition, tuple(findings), tuple(unread), context, sources)


def _of_file(judge: Callable[[], list[Observation]], name: str, unread: list[Unread]) -> list[Finding]:
    """Judge a file of an application; a judge that crashes is told, never taken for clean."""
    try:
        answers = judge()
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the file must not pass for clean
        unread.append(Unread(".", f"The detector {name} failed: {type(error).__name__}: {error}"))
        return []
    return [answer.finding for answer in answers if answer.finding is not None]
