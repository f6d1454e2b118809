"""A file of an application, installed or not: signatures, code and what is hidden in it, behaviour, feeds, rules."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from vedette.detection import app_behaviour, apps, organisation
from vedette.detection.apk_signing import is_broken, judge_signing
from vedette.detection.detector import Context, found
from vedette.detection.labels import app_label
from vedette.detection.trackers import trackers_in
from vedette.intel.index import Hit, Index
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.apk.facts import ApkFacts, RuleMatch
from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts
from vedette_facts.settings import Settings

LABEL: Final = "apk/1"
INDICATORS: Final = "apk.indicators"
TRACKERS: Final = "apk.trackers"
RULE: Final = "apk.rule"
DECEIVES: Final = "apk.deceives"
INSIDE: Final = "apk.inside"
RULE_CLASSIFICATION: Final = "DENYLISTED_APP"
"""What a rule of the organisation makes of a file, unless its `classification` says otherwise."""
_MOST_SHOWN: Final = 20
_IN_A_SENTENCE: Final = 3
_NOT_TRICKS: Final = frozenset({"janus"})


def judge_apk(facts: ApkFacts, context: Context) -> list[Observation]:
    """Judge one file; answers *failed* only: a file proves nothing about a phone."""
    app = facts.app
    label = app_label(app) if app else f"the file {facts.sha256[:12]}\u2026"
    key = app.package if app else facts.sha256
    answers: list[Observation] = []
    if not _is_proven(facts):
        context = replace(context, lists=context.lists.without_allowed_signers())
    if app is not None and context.lists.allows(app):
        return []
    if app is not None:
        answers += _as_installed(app, context)
        answers += _behaviour(facts, app)
    answers += judge_signing(facts, label, key)
    answers += _listed(facts, label, key, context.index)
    answers += _trackers(facts, label, key, context.index)
    answers += _rules(facts, label, key)
    answers += _hidden(facts, label, key)
    return [_signed(answer) for answer in answers if answer.status == "failed"]


def _is_proven(facts: ApkFacts) -> bool:
    """Whether all of the file is what its signers signed. What stands before a v1 signature's entries is not."""
    return facts.signatures.verifies and not any(oddity.code in _NOT_TRICKS for oddity in facts.oddities)


def _signed(answer: Observation) -> Observation:
    assert answer.finding is not None
    return replace(answer, finding=replace(answer.finding, detector=LABEL))


def _as_installed(app: App, context: Context) -> Iterator[Observation]:
    """Ask the detectors that judge an inventory what they say about this one application."""
    facts = Facts(
        device=DeviceFacts(platform="ANDROID", manufacturer="", model="", os_version="-"),
        agent=AgentFacts(version="-"),
        apps=[app],
    )
    yield from apps.judge(facts, context)
    yield from organisation.judge(facts, context)


def _behaviour(facts: ApkFacts, app: App) -> Iterator[Observation]:
    seen = app_behaviour.see(app, [app], Settings(), frozenset())
    if seen is not None and not facts.split:
        yield from app_behaviour.judged(app, replace(seen, installed=False, in_file=frozenset(_shown(facts))))


def _shown(facts: ApkFacts) -> Iterator[str]:
    """Name what the file shows beyond its manifest, for the weights."""
    if _tricks(facts):
        yield "deceives_tools"
    if is_broken(facts):
        yield "broken_signature"
    kinds = {found.kind for found in facts.embedded}
    if "apk" in kinds:
        yield "carries_app"
    if kinds & {"dex", "elf"}:
        yield "carries_code"
    if facts.opaque:
        yield "carries_secret"


def _tricks(facts: ApkFacts) -> list[str]:
    return [oddity.code for oddity in facts.oddities if oddity.code not in _NOT_TRICKS]


def _listed(facts: ApkFacts, label: str, key: str, index: Index) -> Iterator[Observation]:
    """Compare what an inventory does not have: older hashes, files inside, certificates of older schemes and keys."""
    for value, hits in _hits(facts, index):
        for hit in hits[:1]:
            evidence = (
                Evidence("app", label, INDICATORS),
                Evidence("value", value, INDICATORS),
                Evidence("family", hit.family or hit.classification, INDICATORS),
                Evidence("feed", str(hit.source), INDICATORS, str(hit.source)),
                *((Evidence("note", hit.note, INDICATORS),) if hit.note else ()),
            )
            yield found(
                hit.classification,
                f"inside:{key}@{hit.value}",
                evidence,
                family=hit.family,
                source=str(hit.source),
            )


def _hits(facts: ApkFacts, index: Index) -> Iterator[tuple[str, tuple[Hit, ...]]]:
    hashes = (facts.sha1, facts.md5) if facts.app else (facts.sha256, facts.sha1, facts.md5)
    for digest in hashes:
        yield digest, index.file(digest)
    for part in facts.embedded:
        yield f"{part.path} ({part.sha256})", index.file(part.sha256)
        if part.package:
            yield f"{part.path} ({part.package})", index.package(part.package)
    known = {signer.sha256 for signer in facts.signatures.signers} if facts.app else set()
    others = {
        certificate.sha256: certificate
        for check in facts.signatures.schemes
        for certificate in (*check.lineage, *check.signers)
        if certificate.sha256 not in known
    }
    for other in others.values():
        named = other.subject or other.sha256
        yield named, (*index.certificate(other.sha256), *index.certificate(other.sha1))


def _trackers(facts: ApkFacts, label: str, key: str, index: Index) -> Iterator[Observation]:
    hits = trackers_in(facts.classes, index)
    if not hits:
        return
    families = sorted({hit.family or hit.value for hit in hits})
    shown = ", ".join(families[:_MOST_SHOWN]) + (", \u2026" if len(families) > _MOST_SHOWN else "")
    feeds = sorted({str(hit.source) for hit in hits})
    evidence = (
        Evidence("app", label, TRACKERS),
        Evidence("trackers", shown, TRACKERS),
        *(Evidence("feed", feed, TRACKERS, feed) for feed in feeds),
        *(
            Evidence("code", f"{hit.value}: {hit.family}" + (f" ({hit.note})" if hit.note else ""), TRACKERS)
            for hit in hits[:_MOST_SHOWN]
        ),
    )
    yield found(hits[0].classification, f"trackers:{key}", evidence, source=feeds[0])


def _rules(facts: ApkFacts, label: str, key: str) -> Iterator[Observation]:
    """Make one finding of each rule that holds, wherever in the file it does."""
    by_rule: dict[tuple[str, str], list[RuleMatch]] = {}
    for match in facts.rules:
        by_rule.setdefault((match.namespace, match.rule), []).append(match)
    for (namespace, rule), matches in by_rule.items():
        meta = matches[0].meta
        wanted = meta.get("classification", "").upper()
        evidence = (
            Evidence("app", label, RULE),
            Evidence("rule", f"{namespace}: {rule}" if namespace else rule, RULE),
            *(Evidence("place", match.path, RULE) for match in matches[:_MOST_SHOWN]),
            *(
                Evidence(name, value, RULE)
                for name, value in meta.items()
                if name in ("description", "reference")
            ),
        )
        code = wanted if wanted in CLASSIFICATIONS else RULE_CLASSIFICATION
        yield found(code, f"file_rule:{namespace}/{rule}:{key}", evidence, family=meta.get("family", ""))


def _hidden(facts: ApkFacts, label: str, key: str) -> Iterator[Observation]:
    """Tell what a file hides, also where the points of all that it does are too few for a finding of their own."""
    if tricks := _tricks(facts):
        entries = [
            Evidence("entry", item, DECEIVES)
            for oddity in facts.oddities
            if oddity.code in tricks
            for item in oddity.items[:3]
        ]
        told = Evidence("tricks", ", ".join(tricks), DECEIVES)
        yield found("RISKWARE", f"deceives:{key}", (Evidence("app", label, DECEIVES), told, *entries))
    # native tools among the assets are common in honest applications: they weigh, but are no finding alone
    if any(part.kind != "elf" for part in facts.embedded):
        shown = facts.embedded[:_MOST_SHOWN]
        more = ", \u2026" if len(facts.embedded) > _IN_A_SENTENCE else ""
        programs = ", ".join(part.path for part in shown[:_IN_A_SENTENCE]) + more
        details = [
            Evidence(
                "program", f"{part.path}: {part.kind}, {part.size:,} bytes {part.package}".rstrip(), INSIDE
            )
            for part in shown
        ]
        secrets = [
            Evidence("opaque", f"{part.path}: {part.size:,} bytes, {part.entropy} bits a byte", INSIDE)
            for part in facts.opaque[:_MOST_SHOWN]
        ]
        told = Evidence("programs", programs, INSIDE)
        yield found(
            "APP_DROPPER" if _installs(facts) else "RISKWARE",
            f"carries:{key}",
            (Evidence("app", label, INSIDE), told, *details, *secrets),
        )


def _installs(facts: ApkFacts) -> bool:
    """Whether it carries another application and asks to install it: all that a dropper needs."""
    manifest = facts.app.manifest if facts.app else None
    wanted = {"android.permission.REQUEST_INSTALL_PACKAGES", "android.permission.INSTALL_PACKAGES"}
    carries = any(part.kind == "apk" for part in facts.embedded)
    return carries and manifest is not None and bool(wanted & set(manifest.requested))
