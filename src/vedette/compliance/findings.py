"""Writing what the detectors found: threats opened, seen again, resolved; blind spots noted and cleared."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_noop

from vedette.compliance import minimise, open_threats
from vedette.compliance.judge import Judged
from vedette.compliance.models import DetectorFailure
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id
from vedette.threats.models import Threat
from vedette.verdict import Finding, reconcile
from vedette.verdict.findings import ACQUISITION, AGENT, INTUNE

RESOLVED_BY_REPORT: Final = gettext_noop("The phone reported that it is gone.")
RESOLVED_BY_INTUNE: Final = gettext_noop("Intune reported that it is gone.")
RESOLVED_BY_EXPIRY: Final = gettext_noop("What Intune said of the phone is too old to count.")
RESOLVED_BY_END_OF_SCAN: Final = gettext_noop("No scan of the phone that still counts shows it.")
RESOLVED_BY_CHOICE: Final = gettext_noop(
    "The organisation chose not to look at the applications of this phone."
)
RESOLVED_BY_REVIEW: Final = gettext_noop("Judged anew with the intelligence and policy in force, it is none.")

_KEPT_MESSAGE: Final = 500


@dataclass
class Written:
    """Threats that were opened or resolved, with their device loaded."""

    opened: list[Threat] = field(default_factory=list)
    resolved: list[tuple[Threat, str]] = field(default_factory=list)
    """With the status each had before."""


def write(judged: Sequence[Judged]) -> Written:
    """Bring the threats and blind spots of the judged devices in line with the detectors' answers."""
    ids = [item.case.device_id for item in judged]
    _note_blind_spots(judged)
    unresolved: dict[UUID, list[Threat]] = {}
    # A test threat is no finding: no report proves or disproves it.
    rows = Threat.objects.filter(device__in=ids, simulated=False).exclude(status=Threat.Status.RESOLVED)
    for threat in rows.select_related("device").defer("device__facts").order_by("id"):
        unresolved.setdefault(threat.device_id, []).append(threat)
    new: list[tuple[Judged, Finding]] = []
    still: list[tuple[Threat, Finding]] = []
    written = Written()
    for item in judged:
        if item.result is None:
            continue
        changes = reconcile(unresolved.get(item.case.device_id, []), item.result.observations)
        new += [(item, each) for each in changes.new if (each.classification, each.key) not in item.held]
        still += [(threat, finding) for threat, finding in changes.still_open if finding]
        written.resolved += [_resolve(threat, _proof(item, threat)) for threat in changes.resolved]
        written.resolved += [
            _resolve(threat, why)
            for threat, finding in changes.still_open
            if finding is None and (why := _end_without_proof(item, threat))
        ]
    _save_resolved([threat for threat, _ in written.resolved])
    _touch(still)
    written.opened = _open(new)
    return written


def _proof(item: Judged, threat: Threat) -> str:
    """Say what proved that a threat is gone."""
    if item.case.report_id:
        return RESOLVED_BY_REPORT
    return RESOLVED_BY_INTUNE if item.case.news and threat.origin == INTUNE else RESOLVED_BY_REVIEW


def _end_without_proof(item: Judged, threat: Threat) -> str:
    """Say why a threat is over of which nobody says anything any more; empty where it stays."""
    if item.collect.applications == "none" and _about_applications(threat):
        return RESOLVED_BY_CHOICE
    if threat.origin == AGENT or threat.origin in item.live:
        return ""
    return RESOLVED_BY_END_OF_SCAN if threat.origin == ACQUISITION else RESOLVED_BY_EXPIRY


def _about_applications(threat: Threat) -> bool:
    rules = [item.get("rule", "") for item in threat.evidence]
    return bool(rules) and rules[0].startswith(minimise.ABOUT_APPLICATIONS)


def _resolve(threat: Threat, resolution: str) -> tuple[Threat, str]:
    before = threat.status
    threat.status = Threat.Status.RESOLVED
    threat.resolved_at = threat.updated_at = clock.now()
    threat.resolution = resolution
    return threat, before


def _save_resolved(threats: Sequence[Threat]) -> None:
    Threat.objects.bulk_update(threats, ["status", "resolved_at", "updated_at", "resolution"])


def _touch(still: Iterable[tuple[Threat, Finding]]) -> None:
    """Keep the newest words and evidence of a threat that was seen again."""
    seen, changed = [], []
    for threat, finding in still:
        fresh = {
            "summary": finding.summary,
            "evidence": _evidence(finding),
            "detector": finding.detector,
            "source": finding.source or "",
            "family": finding.family,
            "mend": finding.mend or "",
            "origin": finding.origin,
        }
        seen.append(threat.id)
        if any(getattr(threat, name) != value for name, value in fresh.items()):
            for name, value in fresh.items():
                setattr(threat, name, value)
            changed.append(threat)
    Threat.objects.bulk_update(
        changed, ["summary", "evidence", "detector", "source", "family", "mend", "origin"]
    )
    Threat.objects.filter(id__in=seen).update(updated_at=clock.now())


def _open(new: Sequence[tuple[Judged, Finding]]) -> list[Threat]:
    """Insert threats; risk and response are looked up by SQL in the policy of each device's group."""
    rows = [
        {
            "id": str(new_id()),
            "device_id": str(item.case.device_id),
            "classification": finding.classification,
            "key": finding.key,
            "family": finding.family,
            "summary": finding.summary,
            "mend": finding.mend or "",
            "evidence": _evidence(finding),
            "detector": finding.detector,
            "source": finding.source or "",
            "origin": finding.origin,
            "detected_at": item.case.observed_at.isoformat(),
        }
        for item, finding in new
    ]
    return open_threats.insert(rows)


def _evidence(finding: Finding) -> list[dict[str, Any]]:
    return [asdict(item) for item in finding.evidence]


def _note_blind_spots(judged: Sequence[Judged]) -> None:
    now, tenant_id = clock.now(), database.current_tenant()
    spots = {
        (spot.device_id, spot.kind, spot.detector, spot.classification): spot
        for item in judged
        for spot in _blind_spots(item)
    }
    known = {
        (spot.device_id, spot.kind, spot.detector, spot.classification): spot
        for spot in DetectorFailure.objects.filter(device__in=[item.case.device_id for item in judged])
    }
    gone = [spot.id for identity, spot in known.items() if identity not in spots]
    if gone:
        DetectorFailure.objects.filter(id__in=gone).delete()
    fresh = [spot for identity, spot in spots.items() if identity not in known]
    for spot in fresh:
        spot.tenant_id, spot.since = tenant_id, now
    DetectorFailure.objects.bulk_create(fresh)
    changed = []
    for identity, spot in spots.items():
        if identity in known and known[identity].message != spot.message:
            known[identity].message = spot.message
            changed.append(known[identity])
    DetectorFailure.objects.bulk_update(changed, ["message"])


def _blind_spots(item: Judged) -> list[DetectorFailure]:
    device_id = item.case.device_id
    if item.result is None:
        return [_spot(device_id, "failed", "report", "", item.problem)]
    crashed = [_spot(device_id, "failed", f.name, "", f.message) for f in item.result.failures]
    if item.case.facts is None:
        # Without the app most rules have no answer: that is what Pending says already.
        return crashed
    silent = [
        _spot(device_id, "unanswered", o.rule, o.classification, o.detail)
        for o in item.result.observations
        if o.status == "unknown"
    ]
    return crashed + silent


def _spot(device_id: UUID, kind: str, name: str, classification: str, message: str) -> DetectorFailure:
    return DetectorFailure(
        device_id=device_id,
        kind=kind,
        detector=name,
        classification=classification,
        message=message.replace("\0", "")[:_KEPT_MESSAGE],
    )
