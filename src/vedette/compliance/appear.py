"""Devices of the directory that appear, change, or come back after a wipe.

A phone that was wiped registers anew and gets another Entra device. When its old Entra device is gone, the
row is taken over: same history, no key, waiting for activation. When the old one is still there, the new one
gets its own row and the old row is retired, by the poll (same serial number) or at the activation of the new
one (enroll.py), because what was written to the old Entra device must be withdrawn (requirement D5).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from vedette.compliance import owner_change, state
from vedette.compliance.defaults import default_group
from vedette.devices import managed
from vedette.devices.models import Device, DeviceGroup, DeviceKey
from vedette.directory import read as directory
from vedette.directory.models import DirectoryDevice, DirectoryUser
from vedette.directory.platforms import platform_of
from vedette.directory.write import REPLACED
from vedette.events.log import Draft, Target, change, emit_all
from vedette.events.models import Event
from vedette.foundation import clock, database

ADMINISTRATOR: Final = "administrator"
"""`deactivation_reason` of a device that only an administrator brings back."""

CAUSE: Final = "lifecycle"
# A replaced phone's Entra device lingers in the directory; only a sign of life brings its row back.
_STAYS_OUT: Final = frozenset({ADMINISTRATOR, REPLACED})
_BATCH: Final = 2000


def appear(tenant_id: UUID, directory_devices: Iterable[DirectoryDevice]) -> list[Device]:
    """Bring the tenant's devices in line with these supported ones of the directory; return the changed ones.

    New ones become Pending, known ones get their names and owner, one that had left comes back as Pending
    (its key still counts: its next check-in activates it), a wiped one takes over its old row. A device that
    an administrator deactivated stays so. Call it before `lifecycle.leave` for the same pass.
    """
    rows = (row for row in directory_devices if not row.unsupported_reason)
    appeared: list[Device] = []
    while batch := list(islice(rows, _BATCH)):
        with database.writer(tenant_id):
            appeared += _appear(tenant_id, batch)
    return appeared


def absent() -> list[UUID]:
    """List supported devices of the directory, by object ID, that no device row stands for; inside the door.

    EXCEPT, not NOT EXISTS: right after a first reading there are no statistics, and the planner would compare
    each with each.
    """
    gone = Q(activation_status=Device.Activation.DEACTIVATED) & ~Q(deactivation_reason__in=_STAYS_OUT)
    standing = Device.objects.filter(~gone, entra_object_id__isnull=False)
    wanted = directory.supported().order_by().values_list("object_id", flat=True)
    return list(wanted.difference(standing.values_list("entra_object_id", flat=True)))


def _appear(tenant_id: UUID, batch: Sequence[DirectoryDevice]) -> list[Device]:
    owner_change.note(batch, _STAYS_OUT)
    _refresh([row.object_id for row in batch])
    known = _known([row.object_id for row in batch])
    group = default_group(tenant_id)
    owners = directory.users(row.owner_oid for row in batch if row.owner_oid)
    fresh = [row for row in batch if row.object_id not in known]
    back = [(known[row.object_id], row) for row in batch if _came_back(known.get(row.object_id))]
    taken = _orphans_of(fresh)
    new = [row for row in fresh if row not in taken.values()]
    changed = [*_pend(back, owners), *_hand_over(taken, owners), *_create(tenant_id, group, new, owners)]
    managed.take([row.object_id for row in batch])
    state.decide_devices([device.id for device in changed], CAUSE)
    return changed


def _known(object_ids: list[UUID]) -> dict[UUID, Device]:
    """Devices by Entra object, the live one before one that was deactivated, then the newest."""
    found = Device.objects.defer("facts").filter(entra_object_id__in=object_ids).order_by("created_at")
    known: dict[UUID, Device] = {}
    for device in found:
        assert device.entra_object_id
        before = known.get(device.entra_object_id)
        if before is None or before.activation_status == Device.Activation.DEACTIVATED:
            known[device.entra_object_id] = device
    return known


def _came_back(device: Device | None) -> bool:
    return (
        device is not None
        and device.activation_status == Device.Activation.DEACTIVATED
        and device.deactivation_reason not in _STAYS_OUT
    )


def _create(
    tenant_id: UUID,
    group: DeviceGroup,
    rows: Sequence[DirectoryDevice],
    owners: dict[UUID, DirectoryUser],
) -> list[Device]:
    devices = []
    for row in rows:
        platform = platform_of(row.operating_system)
        if platform is None:
            continue
        device = Device(tenant_id=tenant_id, group=group, platform=platform, created_at=clock.now())
        _describe(device, row, owners)
        devices.append(device)
    return Device.objects.bulk_create(devices)


def _describe(device: Device, row: DirectoryDevice, owners: dict[UUID, DirectoryUser]) -> None:
    owner = owners.get(row.owner_oid) if row.owner_oid else None
    device.display_name = row.display_name
    device.manufacturer, device.model = row.manufacturer, row.model
    device.os_version = row.os_version
    device.entra_object_id, device.entra_device_id = row.object_id, row.entra_device_id
    device.serial_number = row.serial_number
    if device.owner_oid != row.owner_oid:
        # the names of somebody else must not stay: mail goes there
        device.owner_upn = device.owner_name = device.owner_email = ""
    device.owner_oid = row.owner_oid
    if owner:
        device.owner_upn, device.owner_name = owner.upn, owner.display_name
        device.owner_email = owner.mail or owner.upn


_REWRITTEN: Final = (
    "display_name", "manufacturer", "model", "os_version", "security_patch", "entra_object_id",
    "entra_device_id", "serial_number", "owner_oid", "owner_upn", "owner_name", "owner_email",
    "activation_status", "activated_at", "deactivated_at", "deactivation_reason", "disconnected_at",
    "disconnected_after", "binding", "facts", "facts_digest", "facts_observed_at", "judged_with",
    "managed_facts", "managed_at", "managed_apps", "managed_apps_at",
)  # fmt: skip


def _pend(back: Sequence[tuple[Device, DirectoryDevice]], owners: dict[UUID, DirectoryUser]) -> list[Device]:
    """Set devices back to Pending. Their old facts no longer speak for them: missing is not clean."""
    for device, row in back:
        _describe(device, row, owners)
        device.activation_status = Device.Activation.PENDING
        device.activated_at = device.deactivated_at = None
        device.disconnected_at = device.disconnected_after = None
        device.deactivation_reason = device.facts_digest = ""
        # What was found by what Intune said before is judged anew, even if Intune says nothing any more.
        device.judged_with = managed.CHANGED
        device.facts = device.facts_observed_at = device.security_patch = None
        device.managed_facts = device.managed_at = device.managed_apps = device.managed_apps_at = None
    devices = [device for device, _ in back]
    Device.objects.bulk_update(devices, _REWRITTEN, batch_size=500)
    DeviceKey.objects.filter(device__in=devices).update(last_digest="")
    return devices


def _hand_over(taken: dict[Device, DirectoryDevice], owners: dict[UUID, DirectoryUser]) -> list[Device]:
    """Give the rows of wiped phones to their new Entra devices; the old keys are worth nothing now."""
    before = {device.id: device.entra_object_id for device in taken}
    for device in taken:
        device.binding = Device.Binding.NONE
    devices = _pend(list(taken.items()), owners)
    DeviceKey.objects.filter(device__in=devices, retired_at__isnull=True).update(retired_at=clock.now())
    emit_all(
        [
            Draft(
                action="device.taken_over",
                type=Event.Type.DEVICE,
                target=Target("device", str(device.id), device.display_name),
                changes=[change("entra_object_id", before[device.id], device.entra_object_id)],
                detail={"why": "The phone was wiped or enrolled anew: its old Entra device is gone."},
            )
            for device in devices
        ]
    )
    return devices


def _orphans_of(fresh: Sequence[DirectoryDevice]) -> dict[Device, DirectoryDevice]:
    """Pair devices whose Entra device is gone with the new Entra device of the same phone, where certain."""
    by_owner: dict[UUID | None, list[Device]] = {}
    for device in _orphans(fresh):
        by_owner.setdefault(device.owner_oid, []).append(device)
    pairs = [
        (device, row)
        for row in fresh
        for device in by_owner.get(row.owner_oid, [])
        if _same_phone(device, row)
    ]
    devices, rows = Counter(d.id for d, _ in pairs), Counter(r.object_id for _, r in pairs)
    return {d: r for d, r in pairs if devices[d.id] == rows[r.object_id] == 1}


def _orphans(fresh: Sequence[DirectoryDevice]) -> list[Device]:
    """Live devices of the same owners whose Entra device the directory no longer has."""
    owners = {row.owner_oid for row in fresh if row.owner_oid}
    live = (
        Device.objects.defer("facts")
        .exclude(activation_status=Device.Activation.DEACTIVATED)
        .filter(owner_oid__in=owners, entra_object_id__isnull=False)
    )
    present = set(DirectoryDevice.objects.filter(owner_oid__in=owners).values_list("object_id", flat=True))
    return [device for device in live if device.entra_object_id not in present]


def _same_phone(device: Device, row: DirectoryDevice) -> bool:
    if device.owner_oid != row.owner_oid or device.platform != platform_of(row.operating_system):
        return False
    if device.serial_number and row.serial_number:
        return device.serial_number == row.serial_number
    return same_model(device.model, row.model) and bool(row.model)


def same_model(one: str, other: str) -> bool:
    """Compare two spellings of a model's name."""
    return one.strip().casefold() == other.strip().casefold()


def _refresh(object_ids: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, {"tenant": database.current_tenant(), "objects": object_ids})


# What the phone itself reported of model and system is newer than what the directory says.
_REFRESH: Final = """
update devices_device as d
set display_name = x.display_name, entra_device_id = x.entra_device_id, owner_oid = x.owner_oid,
    serial_number = x.serial_number,
    -- the names of somebody else must not stay: mail goes there
    owner_upn = coalesce(u.upn,
        case when d.owner_oid is not distinct from x.owner_oid then d.owner_upn else '' end),
    owner_name = coalesce(u.display_name,
        case when d.owner_oid is not distinct from x.owner_oid then d.owner_name else '' end),
    owner_email = coalesce(nullif(u.mail, ''), u.upn,
        case when d.owner_oid is not distinct from x.owner_oid then d.owner_email else '' end),
    manufacturer = case when d.facts is null then x.manufacturer else d.manufacturer end,
    model = case when d.facts is null then x.model else d.model end,
    os_version = case when d.facts is null then x.os_version else d.os_version end
from directory_directorydevice x
left join directory_directoryuser u on u.tenant_id = x.tenant_id and u.oid = x.owner_oid
where d.tenant_id = %(tenant)s and x.tenant_id = %(tenant)s and x.object_id = d.entra_object_id
  and x.object_id = any(%(objects)s::uuid[]) and d.activation_status <> 'DEACTIVATED'
  and ((d.display_name, d.entra_device_id, d.owner_oid, d.serial_number)
         is distinct from (x.display_name, x.entra_device_id, x.owner_oid, x.serial_number)
    or (u.oid is not null and (d.owner_upn, d.owner_name, d.owner_email)
         is distinct from (u.upn, u.display_name, coalesce(nullif(u.mail, ''), u.upn)))
    or (d.facts is null and (d.manufacturer, d.model, d.os_version)
         is distinct from (x.manufacturer, x.model, x.os_version)))
"""
