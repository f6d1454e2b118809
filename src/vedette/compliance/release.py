"""Temporary release: letting one phone in for some hours in spite of its state (requirement H).

While it lasts other systems are told `secured`; the state, its threats and their mails stay what they are.
It ends by itself, by a click, or when the phone no longer needs it; then the state of that moment is told.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext

from vedette.compliance import state
from vedette.compliance.lifecycle import Refused
from vedette.compliance.models import DeviceState, Release, StateChange
from vedette.compliance.telling import end_releases
from vedette.devices.models import Device
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.verdict import DeviceState as State

CAUSE: Final = "release"
HOURS: Final = (1, 8, 24)
_NOTHING_TO_RELEASE: Final = frozenset({State.SECURED, State.DEACTIVATED})


def running(device_id: UUID) -> Release | None:
    """Return the release in force, or None; inside the tenant's door."""
    return Release.objects.filter(device_id=device_id, ended_at=None).first()


def may_release(known: str) -> bool:
    """Tell whether a phone in this state can be let in: it is live, and some rule blocks it."""
    return State(known) not in _NOTHING_TO_RELEASE


def release(device: Device, hours: int, reason: str, actor: Actor) -> Release:
    """Let a phone in for 1, 8 or 24 hours. Raises Refused."""
    reason = reason.strip()
    if hours not in HOURS:
        raise Refused(gettext("A phone is let in for 1, 8 or 24 hours."))
    if not reason:
        raise Refused(gettext("Say why this phone is let in: the audit trail keeps the reason."))
    with database.writer(device.tenant_id):
        row = DeviceState.objects.filter(device_id=device.id).first()
        if row is None or not may_release(row.state):
            raise Refused(gettext("No rule by level blocks this phone now, so there is nothing to release."))
        if running(device.id):
            raise Refused(gettext("This phone is let in already. End that first to give it another time."))
        now = clock.now()
        made = Release.objects.create(
            tenant_id=device.tenant_id,
            device_id=device.id,
            reason=reason,
            state=row.state,
            granted_at=now,
            granted_by=actor.name or actor.id,
            until=now + timedelta(hours=hours),
        )
        until = made.until.isoformat(timespec="seconds")
        emit(
            Draft(
                action="device.released",
                actor=actor,
                target=Target("device", str(device.id), device.display_name),
                changes=[change("let_in_until", None, until)],
                detail={"reason": reason, "state": row.state},
            )
        )
        state.decide_devices([device.id], CAUSE, {"until": until, "reason": reason}, actor=actor)
        return made


def end(device: Device, actor: Actor) -> list[StateChange]:
    """End a release before its time. Raises Refused."""
    with database.writer(device.tenant_id):
        rows = Release.objects.filter(device_id=device.id, ended_at=None).select_related("device")
        ended = end_releases(rows, "by_hand", Draft("", actor=actor), actor.name or actor.id)
        if not ended:
            raise Refused(gettext("This phone is not let in any more: it ended meanwhile."))
        return state.decide_devices(ended, CAUSE, {"ended": "by_hand"}, actor=actor)


def tenants_due() -> list[UUID]:
    """List the tenants with releases whose time is over."""
    with database.system():
        over = Release.objects.filter(ended_at=None, until__lte=clock.now())
        return list(over.values_list("tenant_id", flat=True).distinct())


def expire(tenant_id: UUID) -> list[StateChange]:
    """End the releases whose time is over, and tell the states of these phones as they are now."""
    with database.writer(tenant_id):
        over = Release.objects.filter(ended_at=None, until__lte=clock.now()).select_related("device")
        ended = end_releases(over.order_by("id"), "expired", Draft(""))
        return state.decide_devices(ended, CAUSE, {"ended": "expired"})
