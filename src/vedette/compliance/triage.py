"""What an administrator decides about one threat: ignore it, look at it again, or call it mended.

Only an administrator ignores; the person who carries the phone cannot (requirement E2).
"""

from collections.abc import Collection
from typing import Final

from django.utils.translation import gettext

from vedette.compliance import judge_again, state
from vedette.compliance.lifecycle import ADMINISTRATOR, Refused
from vedette.compliance.signals import threats_changed
from vedette.compliance.threat_events import threat_event
from vedette.devices.models import Device
from vedette.events.log import Actor, Draft, Target, change, emit_all
from vedette.foundation import clock, database
from vedette.threats.models import Threat

_ACTS: Final = {
    Threat.Status.IGNORED: "ignored",
    Threat.Status.OPEN: "reopened",
    Threat.Status.RESOLVED: "resolved",
}


def ignore(threat: Threat, reason: str, actor: Actor) -> None:
    """Take an open threat out of the device's risk until it is reopened or resolved. Raises Refused."""
    reason = reason.strip()
    if not reason:
        raise Refused(gettext("Say why this threat is ignored: the audit trail keeps the reason."))
    with database.writer(threat.tenant_id):
        row = _locked(threat, {Threat.Status.OPEN}, gettext("Only an open threat can be ignored."))
        row.status = Threat.Status.IGNORED
        row.ignored_at, row.ignored_by = clock.now(), actor.name or actor.id
        row.ignore_reason = reason
        _save(row, Threat.Status.OPEN, actor, reason)
        threat.refresh_from_db()


def reopen(threat: Threat, actor: Actor) -> None:
    """Count an ignored threat again. Raises Refused."""
    with database.writer(threat.tenant_id):
        row = _locked(threat, {Threat.Status.IGNORED}, gettext("Only an ignored threat can be reopened."))
        reason = row.ignore_reason
        row.status, row.ignored_at = Threat.Status.OPEN, None
        row.ignored_by = row.ignore_reason = ""
        _save(row, Threat.Status.IGNORED, actor, reason)
        threat.refresh_from_db()


def resolve(threat: Threat, reason: str, actor: Actor) -> None:
    """Call a threat mended. Raises Refused.

    The word alone proves nothing: the device is judged anew from what is known of it, and what still shows is opened
    again within seconds. So it ends what no report can disprove, such as the address of a message long deleted.
    """
    reason = reason.strip()
    if not reason:
        raise Refused(gettext("Say how this threat was mended: the audit trail keeps the reason."))
    if threat.simulated:
        raise Refused(gettext("This is a test threat: end the test instead."))
    with database.writer(threat.tenant_id):
        unresolved = (Threat.Status.OPEN, Threat.Status.IGNORED)
        row = _locked(threat, unresolved, gettext("This threat is resolved already."))
        before = row.status
        row.status, row.resolved_at = Threat.Status.RESOLVED, clock.now()
        row.resolution = reason
        _save(row, before, actor, reason)
        judge_again.mark(Device.objects.filter(id=row.device_id))
        threat.refresh_from_db()


def _locked(threat: Threat, statuses: Collection[str], otherwise: str) -> Threat:
    row = Threat.objects.select_for_update().filter(id=threat.id, status__in=statuses).first()
    if row is None:
        raise Refused(otherwise)
    return row


def _save(row: Threat, before: str, actor: Actor, reason: str) -> None:
    row.updated_at = clock.now()
    row.save(
        update_fields=[
            "status", "ignored_at", "ignored_by", "ignore_reason", "resolved_at", "resolution", "updated_at",
        ]
    )  # fmt: skip
    word = _ACTS[Threat.Status(row.status)]
    kind = "RESOLVED" if row.status == Threat.Status.RESOLVED else "UPDATED"
    emit_all(
        [
            Draft(
                action=f"threat.{word}",
                actor=actor,
                target=Target("threat", str(row.id), row.summary),
                changes=[change("status", before, row.status)],
                detail={"reason": reason, "device_id": row.device_id},
            ),
            threat_event(row, kind, before=before, actor=actor),
        ]
    )
    detail = {"threat_id": str(row.id), "status": row.status}
    state.decide_devices([row.device_id], ADMINISTRATOR, detail, actor=actor)
    threats_changed.send(sender=Threat, tenant_id=row.tenant_id, device_ids={row.device_id})
