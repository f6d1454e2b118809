"""What a full pass reads before it can be joined, kept in the database so that no list of everything is in memory.

Intune's records come before Entra's devices, and member devices before both. Every function runs inside the
tenant's door; the rows go with the pass they belong to.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

from vedette.directory.models import DirectoryPass, DirectoryUser, StagedRow
from vedette.foundation import database
from vedette.foundation.ids import new_id


def put_managed(reading: DirectoryPass, records: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep Intune's records by Entra device ID; of several the one that synced last stays."""
    _put(reading, StagedRow.Kind.MANAGED, records)


def put_members(reading: DirectoryPass, object_ids: Iterable[str]) -> None:
    """Note devices that are members of a group themselves."""
    _put(reading, StagedRow.Kind.MEMBER, {key: {} for key in object_ids})


def managed(reading: DirectoryPass, device_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return Intune's records of these devices, by Entra device ID in lower case."""
    rows = _rows(reading, StagedRow.Kind.MANAGED, device_ids)
    return {str(key): dict(body) for key, body in rows.values_list("key", "body")}


def members(reading: DirectoryPass, object_ids: Collection[str]) -> set[str]:
    """Return which of these devices are members themselves."""
    rows = _rows(reading, StagedRow.Kind.MEMBER, object_ids)
    return {str(key) for key in rows.values_list("key", flat=True)}


def people(reading: DirectoryPass, oids: Collection[str]) -> set[str]:
    """Return which of these people the pass has found in a group."""
    found = DirectoryUser.objects.filter(last_pass=reading, oid__in=_uuids(oids))
    return {str(oid) for oid in found.values_list("oid", flat=True)}


def clear() -> None:
    """Drop what this and earlier passes staged."""
    with connection.cursor() as cursor:
        cursor.execute("delete from directory_stagedrow where tenant_id = %s", [database.current_tenant()])


def _rows(reading: DirectoryPass, kind: str, keys: Collection[str]) -> Any:
    return StagedRow.objects.filter(reading=reading, kind=kind, key__in=_uuids(keys))


def _uuids(keys: Iterable[str]) -> list[UUID]:
    return [UUID(key) for key in set(keys) if key]


def _put(reading: DirectoryPass, kind: str, bodies: Mapping[str, Mapping[str, Any]]) -> None:
    rows = [{"id": new_id(), "key": key, "body": _clean(body)} for key, body in bodies.items()]
    text = msgspec.json.encode(rows).decode()
    values: dict[str, Any] = {
        "tenant": database.current_tenant(),
        "reading": reading.id,
        "kind": kind,
        "rows": text,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PUT, values)


def _clean(body: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out NUL characters, which PostgreSQL cannot store and a name never needs."""
    return {k: value.replace("\0", "") if isinstance(value, str) else value for k, value in body.items()}


_PUT: Final = """
insert into directory_stagedrow as known (id, tenant_id, reading_id, kind, key, body)
select r.id, %(tenant)s, %(reading)s, %(kind)s, r.key, r.body
from jsonb_to_recordset(%(rows)s::jsonb) as r(id uuid, key uuid, body jsonb)
on conflict (reading_id, kind, key) do update set body = excluded.body
where coalesce(excluded.body ->> 'lastSyncDateTime', '') >= coalesce(known.body ->> 'lastSyncDateTime', '')
"""
