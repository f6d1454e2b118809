"""Silence is data: devices that have not checked in for too long become Disconnected (requirement D4).

`Device.disconnected_after` is stored at each check-in, so finding the overdue ones is one indexed query
(design.md 2, rule 5).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from vedette.compliance import state
from vedette.compliance.models import StateChange
from vedette.compliance.telling import SWEEP, Cause
from vedette.devices.models import Device
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant

LEAST_DAYS: Final = 1
MOST_DAYS: Final = 90
CAUSE: Final = "sweep"


class OutOfRange(ValueError):  # noqa: N818 - an answer to the administrator, not a fault of the program
    """Not a number of days that the setting takes; the text says which it takes."""


@dataclass(frozen=True)
class Preview:
    """How many devices a number of days would disconnect at once, and how many it would no longer."""

    would_disconnect: int
    would_return: int


def sweep(tenant_id: UUID) -> list[StateChange]:
    """Disconnect the devices that are overdue; return the changes of state."""
    now = clock.now()
    with database.tenant(tenant_id):
        if not _overdue().filter(disconnected_after__lt=now).exists():
            return []
    with database.writer(tenant_id):
        overdue = list(
            _overdue()
            .filter(disconnected_after__lt=now)
            .order_by("id")
            .select_for_update()
            .values_list("id", flat=True)
        )
        Device.objects.filter(id__in=overdue).update(disconnected_at=now)
        days = Tenant.objects.values_list("disconnected_days", flat=True).get(id=tenant_id)
        silence = Cause(SWEEP, "silence")
        return state.decide_devices(overdue, CAUSE, {"disconnected_days": days}, watched=silence)


def tenants_due() -> list[UUID]:
    """List the tenants that have overdue devices."""
    with database.system():
        return list(
            _overdue()
            .filter(disconnected_after__lt=clock.now())
            .values_list("tenant_id", flat=True)
            .distinct()
        )


def preview_disconnected_days(tenant_id: UUID, days: int) -> Preview:
    """Count whom `days` (1 to 90) would disconnect now, before it is saved. Raises OutOfRange."""
    limit = clock.now() - timedelta(days=_checked(days))
    with database.tenant(tenant_id):
        activated = Device.objects.filter(activation_status=Device.Activation.ACTIVATED)
        return Preview(
            would_disconnect=activated.filter(disconnected_at=None, last_seen_at__lt=limit).count(),
            would_return=activated.filter(disconnected_at__isnull=False, last_seen_at__gte=limit).count(),
        )


def set_disconnected_days(tenant_id: UUID, days: int, actor: Actor) -> list[StateChange]:
    """Change the setting (1 to 90 days) and apply it at once, both ways. Raises OutOfRange."""
    _checked(days)
    with database.writer(tenant_id):
        tenant = Tenant.objects.select_for_update(no_key=True).get(id=tenant_id)
        before = tenant.disconnected_days
        if before == days:
            return []
        tenant.disconnected_days = days
        tenant.save(update_fields=["disconnected_days"])
        event = emit(
            Draft(
                action="enrollment.disconnected_days_changed",
                actor=actor,
                target=Target("tenant", str(tenant_id), tenant.name),
                changes=[change("disconnected_days", before, days)],
            )
        )
        moved = _move_deadlines(days)
        watched = Cause(SWEEP, str(event.id), {"event": str(event.id)})
        return state.decide_devices(moved, CAUSE, {"disconnected_days": days}, actor=actor, watched=watched)


def _move_deadlines(days: int) -> list[UUID]:
    """Store the new deadline of every activated device; return those it disconnects or lets return."""
    now, span = clock.now(), timedelta(days=days)
    activated = Device.objects.filter(activation_status=Device.Activation.ACTIVATED)
    activated.filter(last_seen_at__isnull=False).update(disconnected_after=F("last_seen_at") + span)
    activated.filter(last_seen_at__isnull=True).update(disconnected_after=F("activated_at") + span)
    crossed = activated.filter(
        Q(disconnected_at=None, disconnected_after__lt=now)
        | Q(disconnected_at__isnull=False, disconnected_after__gte=now)
    )
    moved = list(crossed.order_by("id").select_for_update().values_list("id", "disconnected_at"))
    Device.objects.filter(id__in=[i for i, at in moved if at is None]).update(disconnected_at=now)
    Device.objects.filter(id__in=[i for i, at in moved if at is not None]).update(disconnected_at=None)
    return [device_id for device_id, _ in moved]


def _overdue() -> QuerySet[Device]:
    """Return the connected ones, in the words of the index `device_sweep`."""
    return Device.objects.filter(activation_status=Device.Activation.ACTIVATED, disconnected_at__isnull=True)


def _checked(days: int) -> int:
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise OutOfRange(
            gettext("Set a number of days from %(least)d to %(most)d.")
            % {"least": LEAST_DAYS, "most": MOST_DAYS}
        )
    return days
