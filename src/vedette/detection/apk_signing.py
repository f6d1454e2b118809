"""What the signatures of an application's file say: who stands behind it, and whether it is what they signed."""

import re
from collections.abc import Iterator
from typing import Final

from vedette.detection.detector import found
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.apk.facts import ApkFacts, Certificate, Verdict

SIGNATURE: Final = "apk.signature"
OLD_SIGNATURE: Final = "apk.old_signature"
DEBUG_KEY: Final = "apk.debug_key"
WEAK_KEY: Final = "apk.weak_key"
JANUS: Final = "apk.janus"

_DEBUG: Final = re.compile(r"\bCN=Android Debug\b")
_LEAST_RSA: Final = 1024
_SINCE_V2: Final = 24
_ANDROID: Final = (
    (18, "4.3"), (19, "4.4"), (21, "5.0"), (22, "5.1"), (23, "6.0"), (24, "7.0"), (25, "7.1"), (26, "8.0"), (27, "8.1"),
    (28, "9"), (29, "10"), (30, "11"), (31, "12"), (32, "12L"), (33, "13"), (34, "14"), (35, "15"), (36, "16"),
)  # fmt: skip
"""First API level of each version (source.android.com, "Codenames, tags, and build numbers")."""


def judge_signing(facts: ApkFacts, label: str, key: str) -> Iterator[Observation]:
    """Judge one file. `label` names the application to people, `key` identifies it."""
    yield from _refused(facts, label, key)
    signatures = facts.signatures
    if any(oddity.code == "janus" for oddity in facts.oddities):
        yield found("EXPLOIT", f"janus:{key}", (Evidence("app", label, JANUS),))
    if (schemes := {check.scheme for check in signatures.schemes}) and schemes <= {"v1", "v4"}:
        oldest = signatures.verdicts[0].min_sdk if signatures.verdicts else _SINCE_V2
        if oldest < _SINCE_V2:
            yield found("VULNERABILITY", f"old_signature:{key}", (Evidence("app", label, OLD_SIGNATURE),))
    for signer in signatures.signers:
        yield from _key(signer, label, key)


def is_broken(facts: ApkFacts) -> bool:
    """Whether the newest Android refuses it because it is not what somebody had signed."""
    last = _newest(facts)
    return last is not None and bool(last.problems) and _problem(facts, last) in ("sig_broken", "sig_removed")


def _newest(facts: ApkFacts) -> Verdict | None:
    return facts.signatures.verdicts[-1] if facts.signatures.verdicts else None


def _refused(facts: ApkFacts, label: str, key: str) -> Iterator[Observation]:
    refusing = [verdict for verdict in facts.signatures.verdicts if verdict.problems]
    if not refusing:
        return
    # what the newest versions make of it counts most
    verdict = refusing[-1]
    code = "RISKWARE" if verdict is _newest(facts) else "VULNERABILITY"
    yield found(
        code,
        f"signature:{key}",
        (
            Evidence("app", label, SIGNATURE),
            Evidence("signature_problem", _problem(facts, verdict), SIGNATURE),
            Evidence("versions", _versions(verdict), SIGNATURE),
            *(Evidence("detail", problem, SIGNATURE) for problem in verdict.problems[:5]),
            Evidence("schemes", _schemes(facts), SIGNATURE),
        ),
    )


def _problem(facts: ApkFacts, verdict: Verdict) -> str:
    if verdict.scheme is None:
        return "sig_broken" if facts.signatures.schemes else "sig_missing"
    check = next(check for check in facts.signatures.schemes if check.scheme == verdict.scheme)
    if check.problems:
        return "sig_broken"
    return "sig_needs_v2" if verdict.scheme == "v1" and "Android 11" in verdict.problems[0] else "sig_removed"


def _schemes(facts: ApkFacts) -> str:
    """Tell each scheme with a sign that needs no language."""
    told = [check.scheme + (" \u2713" if check.verifies else " \u2717") for check in facts.signatures.schemes]
    return ", ".join(told) or "\u2013"


def _versions(verdict: Verdict) -> str:
    start = _version(verdict.min_sdk)
    return f"{start}+" if verdict.max_sdk is None else f"{start}\u2013{_version(verdict.max_sdk)}"


def _version(sdk: int) -> str:
    known = [name for level, name in _ANDROID if level <= sdk]
    return known[-1] if known else str(sdk)


def _key(signer: Certificate, label: str, key: str) -> Iterator[Observation]:
    shown = Evidence("certificate", signer.sha256, DEBUG_KEY)
    if _DEBUG.search(signer.subject):
        evidence = (Evidence("app", label, DEBUG_KEY), Evidence("subject", signer.subject, DEBUG_KEY), shown)
        yield found("VULNERABILITY", f"debug_key:{key}", evidence)
    kind, _, size = signer.key.partition(" ")
    if kind == "RSA" and size.isdigit() and int(size) < _LEAST_RSA:
        evidence = (Evidence("app", label, WEAK_KEY), Evidence("key", signer.key, WEAK_KEY), shown)
        yield found("VULNERABILITY", f"weak_key:{key}", evidence)
