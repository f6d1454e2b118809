"""Devices that leave, fall silent, check in again, or on which an administrator acts."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext

from vedette.compliance import signals, state
from vedette.compliance.appear import ADMINISTRATOR, CAUSE, absent, appear
from vedette.compliance.models import StateChange
from vedette.devices.managed import CHANGED
from vedette.devices.models import Device, DeviceKey, Invitation
from vedette.directory.models import DirectoryDevice
from vedette.directory.write import REPLACED
from vedette.events.log import SYSTEM, Actor, Draft, Target, change, emit, emit_all
from vedette.events.models import Event
from vedette.foundation import clock, database

LEFT_GROUPS: Final = "left_enrollment_groups"
UNSUPPORTED: Final = "unsupported"

__all__ = [
    "ADMINISTRATOR",
    "LEFT_GROUPS",
    "REPLACED",
    "UNSUPPORTED",
    "Refused",
    "absent",
    "appear",
    "check_in",
    "deactivate",
    "delete",
    "leave",
    "out_of_scope",
    "reinstate",
    "resync",
]

_BATCH: Final = 2000


class Refused(Exception):  # noqa: N818 - an answer to the administrator, not a fault of the program
    """The act makes no sense for this device now; the text says why."""


def out_of_scope(among: Sequence[UUID] | None = None) -> list[UUID]:
    """List live devices (AMONG these) that the directory lacks among the supported ones; inside the door.

    Only after a complete pass does that mean that they left.
    """
    live = Device.objects.filter(entra_object_id__isnull=False)
    live = live.exclude(activation_status=Device.Activation.DEACTIVATED)
    if among is not None:
        live = live.filter(id__in=among)
    entries = DirectoryDevice.objects.filter(unsupported_reason="")
    # EXCEPT, not NOT EXISTS: without statistics (after a first reading) the planner compares each with each.
    gone = live.values_list("entra_object_id", flat=True).difference(
        entries.values_list("object_id", flat=True)
    )
    return list(live.filter(entra_object_id__in=list(gone)).values_list("id", flat=True))


def leave(
    tenant_id: UUID, device_ids: Iterable[UUID], reason: str, *, delete: bool = False, actor: Actor = SYSTEM
) -> list[StateChange]:
    """Deactivate devices that left the groups or were unenrolled (D5), and delete them if `delete`.

    A device that is still in the directory, but replaced or no longer supported, gets that as its reason.
    Values at Microsoft are withdrawn by the receivers of `states_changed`. Keys of a device that may come
    back are kept: its phone hears "deactivated" at each check-in and is activated again by the first one
    after its return.
    """
    ids = iter(device_ids)
    changes: list[StateChange] = []
    while batch := list(islice(ids, _BATCH)):
        with database.writer(tenant_id):
            for precise, part in _by_reason(batch, reason).items():
                _deactivate_rows(part, precise)
                changes += state.decide_devices(part, CAUSE, {"reason": precise}, actor=actor)
            DeviceKey.objects.filter(device__in=batch).update(last_digest="")
            _revoke_invitations(batch)
            if delete:
                _remove(Device.objects.filter(id__in=batch), actor, reason)
    return changes


def _by_reason(device_ids: list[UUID], reason: str) -> dict[str, list[UUID]]:
    parts: dict[str, list[UUID]] = {reason: device_ids}
    if reason != LEFT_GROUPS:
        return parts
    entry = DirectoryDevice.objects.filter(object_id=OuterRef("entra_object_id"))
    rows = Device.objects.filter(id__in=device_ids).values_list(
        "id", Subquery(entry.values("unsupported_reason")[:1])
    )
    parts = {}
    for device_id, code in rows:
        precise = LEFT_GROUPS if not code else REPLACED if code == REPLACED else UNSUPPORTED
        parts.setdefault(precise, []).append(device_id)
    return parts


def _deactivate_rows(device_ids: list[UUID], reason: str) -> None:
    live = Device.objects.exclude(activation_status=Device.Activation.DEACTIVATED)
    live.filter(id__in=device_ids).update(
        activation_status=Device.Activation.DEACTIVATED,
        deactivated_at=clock.now(),
        deactivation_reason=reason,
        disconnected_at=None,
        disconnected_after=None,
    )


def check_in(tenant_id: UUID, device_ids: Iterable[UUID]) -> list[UUID]:
    """Reconnect disconnected devices and activate those that came back, since they have checked in.

    A device that counted as replaced and is still in the directory proves by its key that it is not.
    Called by the assessor inside its writer; returns the devices whose state is to be decided anew.
    """
    ids = list(device_ids)
    with database.writer(tenant_id):
        held = DeviceKey.objects.filter(device=OuterRef("pk"), retired_at__isnull=True)
        entry = DirectoryDevice.objects.filter(object_id=OuterRef("entra_object_id"), unsupported_reason="")
        devices = Device.objects.filter(Exists(held), id__in=ids)
        silent = Q(activation_status=Device.Activation.ACTIVATED, disconnected_at__isnull=False)
        pending = Q(activation_status=Device.Activation.PENDING)
        wronged = Q(
            Exists(entry), activation_status=Device.Activation.DEACTIVATED, deactivation_reason=REPLACED
        )
        reconnected = list(devices.filter(silent).values_list("id", flat=True))
        returned = list(devices.filter(pending | wronged).values_list("id", flat=True))
        Device.objects.filter(id__in=reconnected).update(disconnected_at=None)
        Device.objects.filter(id__in=returned).update(
            activation_status=Device.Activation.ACTIVATED,
            activated_at=clock.now(),
            deactivated_at=None,
            deactivation_reason="",
        )
        return [*reconnected, *returned]


def deactivate(device: Device, reason: str, actor: Actor) -> None:
    """Take a device out by hand: its identity is worth nothing from now on. Raises Refused.

    Only `reinstate` brings it back; the poll leaves it alone.
    """
    with database.writer(device.tenant_id):
        before = _locked(device).activation_status
        if before == Device.Activation.DEACTIVATED:
            raise Refused(gettext("This device is deactivated already."))
        DeviceKey.objects.filter(device=device, retired_at__isnull=True).update(retired_at=clock.now())
        emit(
            Draft(
                action="device.deactivated",
                actor=actor,
                target=_target(device),
                changes=[change("activation_status", before, "DEACTIVATED")],
                detail={"reason": reason},
            )
        )
        _deactivate_rows([device.id], ADMINISTRATOR)
        _revoke_invitations([device.id])
        state.decide_devices([device.id], ADMINISTRATOR, {"reason": reason}, actor=actor)
        device.refresh_from_db()


def reinstate(device: Device, actor: Actor) -> None:
    """Set a deactivated device back to Pending, so that it can be invited anew. Raises Refused."""
    with database.writer(device.tenant_id):
        if _locked(device).activation_status != Device.Activation.DEACTIVATED:
            raise Refused(gettext("This device is not deactivated."))
        rivals = Device.objects.exclude(id=device.id).filter(entra_object_id=device.entra_object_id)
        if device.entra_object_id and rivals.exclude(activation_status="DEACTIVATED").exists():
            raise Refused(gettext("Another row protects this phone by now. Delete one of the two."))
        Device.objects.filter(id=device.id).update(
            activation_status=Device.Activation.PENDING,
            activated_at=None,
            deactivated_at=None,
            deactivation_reason="",
            binding=Device.Binding.NONE,
            facts=None,
            facts_digest="",
            facts_observed_at=None,
            judged_with=CHANGED,
        )
        DeviceKey.objects.filter(device=device, retired_at__isnull=True).update(retired_at=clock.now())
        emit(
            Draft(
                action="device.reinstated",
                actor=actor,
                target=_target(device),
                changes=[change("activation_status", "DEACTIVATED", "PENDING")],
            )
        )
        state.decide_devices([device.id], ADMINISTRATOR, actor=actor)
        device.refresh_from_db()


def delete(device: Device, actor: Actor) -> None:
    """Delete a device with its history; its events stay. One that is still in a group comes back Pending."""
    with database.writer(device.tenant_id):
        before = _locked(device).activation_status
        emit(
            Draft(
                action="device.deleted",
                change_type="DELETED",
                actor=actor,
                target=_target(device),
                changes=[change("activation_status", before, None)],
            )
        )
        if before != Device.Activation.DEACTIVATED:
            leave(device.tenant_id, [device.id], ADMINISTRATOR, actor=actor)
        _remove(Device.objects.filter(id=device.id), actor, ADMINISTRATOR)


def resync(device: Device, actor: Actor) -> None:
    """Ask the phone for a whole report at its next check-in, and send its state to Microsoft again."""
    with database.writer(device.tenant_id):
        DeviceKey.objects.filter(device=device).update(last_digest="")
        emit(Draft(action="device.resync_requested", actor=actor, target=_target(device)))
        state.decide_devices([device.id], ADMINISTRATOR, actor=actor)
        signals.resync_requested.send(sender=Device, tenant_id=device.tenant_id, devices=[device])


def _remove(devices: QuerySet[Device], actor: Actor, reason: str) -> None:
    rows = list(devices.defer("facts"))
    tenant_id = database.current_tenant()
    signals.devices_removed.send(sender=Device, tenant_id=tenant_id, devices=rows)
    emit_all(
        [
            Draft(
                action="device.removed",
                type=Event.Type.DEVICE,
                change_type="PURGED",
                actor=actor,
                target=_target(row),
                detail={"reason": reason, "platform": row.platform},
            )
            for row in rows
        ]
    )
    # The foreign keys of the database take everything along; Django would first read it all.
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from devices_device where tenant_id = %s and id = any(%s::uuid[])",
            [tenant_id, [row.id for row in rows]],
        )


def _revoke_invitations(device_ids: list[UUID]) -> None:
    Invitation.objects.filter(device__in=device_ids, used_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=clock.now()
    )


def _locked(device: Device) -> Device:
    """Return the row as it is now, held until the transaction ends. Raises Refused when it is gone."""
    row = Device.objects.select_for_update().defer("facts").filter(id=device.id).first()
    if row is None:
        raise Refused(gettext("This device has been deleted meanwhile."))
    return row


def _target(device: Device) -> Target:
    return Target("device", str(device.id), device.display_name)
