"""Writing down what Entra and Intune said, in passes.

A pass is one reading of the directory: `start_pass`, any number of `store_users` and `store_devices`, then
`finish_pass` or `fail_pass`. Only `finish_pass` removes what was not seen, because absence is never inferred
from an error of ours (design.md 2, rule 7). Every function runs inside the tenant's door.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

from vedette.directory.models import DirectoryDevice, DirectoryPass, DirectoryUser
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id

REPLACED: Final = "replaced"
"""`unsupported_reason` of an Entra device whose phone (by serial number) has registered anew since."""

_BATCH: Final = 2000
_KEEP_PASSES: Final = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class UserRecord:
    """A person as Graph describes them."""

    oid: UUID
    upn: str
    display_name: str = ""
    mail: str = ""
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class DeviceRecord:
    """A device as Graph describes it, joined with Intune's record; `unsupported_reason` is ours, a code."""

    object_id: UUID
    entra_device_id: UUID
    display_name: str = ""
    operating_system: str = ""
    os_version: str = ""
    manufacturer: str = ""
    model: str = ""
    trust_type: str = ""
    enabled: bool = True
    managed: bool | None = None
    compliant: bool | None = None
    owner_oid: UUID | None = None
    last_sign_in_at: datetime | None = None
    registered_at: datetime | None = None
    extension_attributes: Mapping[str, Any] = field(default_factory=dict)
    managed_device_id: str = ""
    serial_number: str = ""
    compliance_state: str = ""
    reported_health: str = ""
    managed_facts: Mapping[str, Any] = field(default_factory=dict)
    managed_synced_at: datetime | None = None
    unsupported_reason: str = ""


@dataclass(frozen=True)
class Finished:
    """What a complete pass saw, and how many users and devices it no longer saw."""

    users: int
    devices: int
    users_gone: int
    devices_gone: int


def start_pass() -> DirectoryPass:
    """Begin a reading, of everything unless `only_changes` follows."""
    return DirectoryPass.objects.create(tenant_id=database.current_tenant(), started_at=clock.now())


def only_changes(reading: DirectoryPass) -> None:
    """Note that a reading looks at changes only."""
    reading.kind = DirectoryPass.Kind.CHANGES
    reading.save(update_fields=["kind"])


def everything_after_all(reading: DirectoryPass, why: str) -> None:
    """Note that changes alone did not do."""
    reading.kind, reading.why_full = DirectoryPass.Kind.FULL, why
    reading.save(update_fields=["kind", "why_full"])


def store_users(reading: DirectoryPass | None, users: Iterable[UserRecord]) -> int:
    """Insert or update users by object ID and mark them as seen; return how many.

    Without a pass (a live question about one person) their mark stays as it is.
    """
    unique = {user.oid: user for user in users}
    return _store(_USERS, reading, list(unique.values()))


def store_devices(reading: DirectoryPass | None, devices: Iterable[DeviceRecord]) -> int:
    """Insert or update devices by object ID and mark them as seen; return how many."""
    unique = {device.object_id: device for device in devices}
    return _store(_DEVICES, reading, list(unique.values()))


def finish_pass(
    reading: DirectoryPass, *, keep_unseen: bool = False, devices_changed: bool = True
) -> Finished:
    """End a pass that read everything without an error: what it did not see is no longer in the directory.

    With `keep_unseen` it stays: a part of the directory could not be looked at (a group that is gone), or the
    pass looked at changes only.
    """
    users_gone, devices_gone = (0, 0) if keep_unseen else _remove_unseen(reading)
    if devices_changed:
        with connection.cursor() as cursor:
            cursor.execute(_MARK_REPLACED, {"tenant": database.current_tenant(), "reason": REPLACED})
    finished = Finished(
        DirectoryUser.objects.count(), DirectoryDevice.objects.count(), users_gone, devices_gone
    )
    reading.finished_at = clock.now()
    reading.complete = True
    reading.users, reading.devices = finished.users, finished.devices
    reading.save(update_fields=["finished_at", "complete", "users", "devices"])
    DirectoryPass.objects.filter(started_at__lt=reading.started_at - _KEEP_PASSES).delete()
    return finished


def remove_gone(reading: DirectoryPass, users: Collection[UUID], devices: Collection[UUID]) -> None:
    """Remove users and devices, by object ID, that a pass by deltas has looked at and that no longer count.

    What a live question about one person brought in while the pass was running is newer than the pass. Call it
    before what the pass found is stored.
    """
    newer = DirectoryDevice.objects.filter(owner_oid__in=users, seen_at__gte=reading.started_at)
    asked = set(newer.values_list("owner_oid", flat=True))
    DirectoryUser.objects.filter(oid__in=set(users) - asked).delete()
    DirectoryDevice.objects.filter(object_id__in=devices, seen_at__lt=reading.started_at).delete()


def note_synchronised(times: Mapping[UUID, datetime]) -> None:
    """Move on when devices, by object ID, were last seen by Microsoft; never back."""
    rows = [{"object_id": key, "at": at} for key, at in times.items()]
    values: dict[str, Any] = {"tenant": database.current_tenant(), "rows": msgspec.json.encode(rows).decode()}
    with connection.cursor() as cursor:
        cursor.execute(_SYNCHRONISED, values)


def grow_old(not_since: datetime, reason: str) -> int:
    """Give REASON to supported devices that Microsoft has not seen since then; return how many."""
    old = DirectoryDevice.objects.filter(unsupported_reason="", last_sign_in_at__lt=not_since)
    return old.update(unsupported_reason=reason)


def _remove_unseen(reading: DirectoryPass) -> tuple[int, int]:
    # What a live question about one person brought in while the pass was running is newer than the pass.
    newer = DirectoryDevice.objects.filter(seen_at__gte=reading.started_at).exclude(last_pass=reading)
    asked = set(newer.values_list("owner_oid", flat=True))
    users_gone, _ = DirectoryUser.objects.exclude(last_pass=reading).exclude(oid__in=asked).delete()
    devices_gone, _ = (
        DirectoryDevice.objects.exclude(last_pass=reading).filter(seen_at__lt=reading.started_at).delete()
    )
    return users_gone, devices_gone


def fail_pass(reading: DirectoryPass, code: str, message: str) -> None:
    """End a pass that met an error. Nobody is taken out; what was read stays."""
    reading.finished_at, reading.complete = clock.now(), False
    reading.error_code, reading.error = code, message
    reading.save(update_fields=["finished_at", "complete", "error_code", "error"])


def _store(sql: str, reading: DirectoryPass | None, records: Sequence[UserRecord | DeviceRecord]) -> int:
    parameters = {
        "tenant": database.current_tenant(),
        "pass": reading.id if reading else None,
        "now": clock.now(),
        "replaced": REPLACED,
    }
    rows = iter(records)
    with connection.cursor() as cursor:
        while batch := list(islice(rows, _BATCH)):
            given = [{"id": new_id(), **_plain(record)} for record in batch]
            cursor.execute(sql, {**parameters, "rows": msgspec.json.encode(given).decode()})
    return len(records)


def _plain(record: UserRecord | DeviceRecord) -> dict[str, Any]:
    """Columns of a record, without NUL characters, which PostgreSQL cannot store and a name never needs."""
    return {
        name: value.replace("\0", "") if isinstance(value, str) else value
        for name, value in vars(record).items()
    }


_USERS: Final = """
insert into directory_directoryuser as known
    (id, tenant_id, oid, upn, display_name, mail, enabled, last_pass_id)
select r.id, %(tenant)s, r.oid, r.upn, r.display_name, r.mail, r.enabled, %(pass)s::uuid
from jsonb_to_recordset(%(rows)s::jsonb)
    as r(id uuid, oid uuid, upn text, display_name text, mail text, enabled boolean)
on conflict (tenant_id, oid) do update
set upn = excluded.upn, display_name = excluded.display_name, mail = excluded.mail,
    enabled = excluded.enabled, last_pass_id = coalesce(excluded.last_pass_id, known.last_pass_id)
"""

_DEVICES: Final = """
insert into directory_directorydevice as known
    (id, tenant_id, object_id, entra_device_id, display_name, operating_system, os_version, manufacturer,
     model, trust_type, enabled, managed, compliant, owner_oid, last_sign_in_at, registered_at,
     extension_attributes, managed_device_id, serial_number, compliance_state, reported_health,
     managed_facts, managed_synced_at, unsupported_reason, last_pass_id, seen_at)
select r.id, %(tenant)s, r.object_id, r.entra_device_id, r.display_name, r.operating_system, r.os_version,
       r.manufacturer, r.model, r.trust_type, r.enabled, r.managed, r.compliant, r.owner_oid,
       r.last_sign_in_at, r.registered_at, r.extension_attributes, r.managed_device_id, r.serial_number,
       r.compliance_state, r.reported_health, r.managed_facts, r.managed_synced_at, r.unsupported_reason,
       %(pass)s::uuid, %(now)s
from jsonb_to_recordset(%(rows)s::jsonb)
    as r(id uuid, object_id uuid, entra_device_id uuid, display_name text, operating_system text,
         os_version text, manufacturer text, model text, trust_type text, enabled boolean, managed boolean,
         compliant boolean, owner_oid uuid, last_sign_in_at timestamptz, registered_at timestamptz,
         extension_attributes jsonb, managed_device_id text, serial_number text, compliance_state text,
         reported_health text, managed_facts jsonb, managed_synced_at timestamptz, unsupported_reason text)
on conflict (tenant_id, object_id) do update
set entra_device_id = excluded.entra_device_id, display_name = excluded.display_name,
    operating_system = excluded.operating_system, os_version = excluded.os_version,
    manufacturer = excluded.manufacturer, model = excluded.model, trust_type = excluded.trust_type,
    enabled = excluded.enabled, managed = excluded.managed, compliant = excluded.compliant,
    owner_oid = excluded.owner_oid, last_sign_in_at = excluded.last_sign_in_at,
    registered_at = excluded.registered_at, extension_attributes = excluded.extension_attributes,
    managed_device_id = excluded.managed_device_id, serial_number = excluded.serial_number,
    compliance_state = excluded.compliance_state, reported_health = excluded.reported_health,
    managed_facts = excluded.managed_facts, managed_synced_at = excluded.managed_synced_at,
    unsupported_reason = case
        when known.unsupported_reason = %(replaced)s and excluded.unsupported_reason = ''
             and excluded.last_pass_id is not null then known.unsupported_reason
        else excluded.unsupported_reason end,
    last_pass_id = coalesce(excluded.last_pass_id, known.last_pass_id), seen_at = excluded.seen_at
"""

_SYNCHRONISED: Final = """
update directory_directorydevice as device
set last_sign_in_at = greatest(device.last_sign_in_at, r.at),
    managed_synced_at = greatest(device.managed_synced_at, r.at)
from jsonb_to_recordset(%(rows)s::jsonb) as r(object_id uuid, at timestamptz)
where device.tenant_id = %(tenant)s and device.object_id = r.object_id
"""

# Of several entries with one serial number the newest stands for the phone. A pass is stored in several
# transactions: until its end a device that counted as replaced stays so. Ranking sorts once
# instead of comparing each with each.
_MARK_REPLACED: Final = """
update directory_directorydevice as device
set unsupported_reason = ranked.reason
from (
    select id, case when row_number() over (
        partition by case when serial_number = '' then id::text else 'serial ' || serial_number end
        order by coalesce(registered_at, '-infinity') desc, object_id desc) = 1
      then '' else %(reason)s end as reason
    from directory_directorydevice
    where tenant_id = %(tenant)s and unsupported_reason in ('', %(reason)s)
) as ranked
where device.tenant_id = %(tenant)s and device.id = ranked.id and device.unsupported_reason <> ranked.reason
"""
