"""What the detectors say of one record."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from vedette.detection import run
from vedette.detection.apk import judge_apk
from vedette.detection.detector import Context
from vedette.detection.evaluation.links import judge_link
from vedette.detection.evaluation.records import Record
from vedette.detection.traces import judge_traces
from vedette.detection.web import WebLists
from vedette.verdict.classifications import classification
from vedette.verdict.findings import Finding
from vedette.verdict.risk import Risk
from vedette.verdict.summaries import summary_in
from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts

ABOUT_APPS: Final = frozenset({"apps.indicators", "apps.behaviour", "apps.root_tool", "apps.listed_name"})
"""Rules that call an application harmful; where it came from and how it is signed are no verdict on it."""
ABOUT_FILES: Final = ABOUT_APPS | {"apk.indicators", "apk.janus", "apk.deceives", "apk.rule"}
"""The same of an application's file; that it carries programs counts only where it may install them."""
ABOUT_PHONES: Final = ABOUT_APPS | {
    "device.root", "device.processes", "device.listed_profile", "network.mitm", "traces.indicators",
}  # fmt: skip
"""Rules that call a whole phone compromised; a missing lock or an old version is posture, and no verdict."""
_PHONE: Final = Facts(
    device=DeviceFacts(platform="ANDROID", manufacturer="", model="", os_version="15", sdk=35),
    agent=AgentFacts(version=""),
    apps_complete=True,
)


@dataclass(frozen=True)
class Verdict:
    """Whether a record was reported, as what, and by which rule; the summary is for the list of errors."""

    reported: bool
    classification: str = ""
    rule: str = ""
    summary: str = ""


def judge_record(
    record: Record, context: Context, *, at_least: Risk = Risk.LOW, installer: str = ""
) -> Verdict:
    """Judge a record alone on a phone. `installer` is assumed where the record tells none."""
    if record.apks:
        return _judge_file(record, context, at_least=at_least, installer=installer)
    facts = record.facts or msgspec.structs.replace(_PHONE, apps=[_installed(record.app, installer)])
    result = run(facts, context)
    if result.failures:
        failure = result.failures[0]
        raise RuntimeError(f"detector {failure.name} failed on {record.identity}: {failure.message}")
    rules = ABOUT_PHONES if record.facts else ABOUT_APPS
    findings = (*result.findings, *judge_traces(record.traces, context.index, facts.device.platform))
    return _worst(findings, rules, at_least)


def _judge_file(record: Record, context: Context, *, at_least: Risk, installer: str) -> Verdict:
    findings = []
    for facts in record.apks:
        app = _installed(facts.app, installer) if facts.app else None
        answers = judge_apk(msgspec.structs.replace(facts, app=app), context)
        findings += [answer.finding for answer in answers if answer.finding is not None]
    droppers = {"apk.inside"} if any(f.classification == "APP_DROPPER" for f in findings) else set()
    return _worst(findings, ABOUT_FILES | droppers, at_least)


def _worst(findings: Iterable[Finding], rules: Collection[str], at_least: Risk) -> Verdict:
    for finding in sorted(findings, key=lambda f: -classification(f.classification).default_risk):
        rule = finding.evidence[0].rule
        if rule in rules and classification(finding.classification).default_risk >= at_least:
            return Verdict(True, finding.classification, rule, finding.summary)  # noqa: FBT003 - reported
    return Verdict(reported=False)


def judge_link_record(record: Record, lists: WebLists, *, only_blocked: bool = False) -> Verdict:
    """Judge the link of a record. Both the blocked and the suspicious count as reported, unless told otherwise."""
    verdict = judge_link(record.url, lists)
    if not verdict.stops(block_suspicious=not only_blocked):
        return Verdict(reported=False)
    summary = summary_in("en", verdict.reasons) or ""
    return Verdict(True, verdict.classification, verdict.reasons[0].rule, summary)  # noqa: FBT003 - reported


def _installed(app: App | None, installer: str) -> App:
    assert app is not None
    return msgspec.structs.replace(app, installer=installer) if installer and app.installer is None else app
