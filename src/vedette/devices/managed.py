"""What Intune says of devices, kept beside what their own app reports; every function runs inside the tenant's door.

A change marks the verdict as resting on other facts (`CHANGED` before `judged_with`), so that the review judges
the device anew. When a phone merely synchronised, only the age of what is known moves.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

from vedette.foundation import clock, database

CHANGED: Final = "+"
"""Stands before Device.judged_with when what Intune says has changed since."""


def take(object_ids: Collection[UUID]) -> int:
    """Copy what the directory holds of these devices (by Entra object ID); return how many changed."""
    values: dict[str, Any] = {"objects": list(object_ids), **_always()}
    with connection.cursor() as cursor:
        cursor.execute(_AGE, values)
        cursor.execute(_TAKE, values)
        return int(cursor.rowcount)


def note_synchronised(times: Mapping[UUID, datetime]) -> None:
    """Move on when devices, by Entra object ID, last synchronised; never back."""
    rows = [{"object_id": key, "at": at} for key, at in times.items()]
    with connection.cursor() as cursor:
        cursor.execute(_SYNCHRONISED, {"rows": msgspec.json.encode(rows).decode(), **_always()})


def store_inventories(found: Mapping[str, Mapping[str, Any]], read_at: datetime) -> int:
    """Keep what an inventory of all managed devices found; return how many devices changed.

    `found`: Intune's device ID to an Inventory; a managed device that is not in it has none of these applications.
    """
    rows = [{"managed_id": key, "inventory": inventory} for key, inventory in found.items()]
    values = {"rows": msgspec.json.encode(rows).decode(), "read_at": read_at, **_always()}
    with connection.cursor() as cursor:
        cursor.execute(_INVENTORIES, values)
        cursor.execute(_CHANGED_INVENTORIES, values)
        return int(cursor.rowcount)


def _always() -> dict[str, Any]:
    return {"tenant": database.current_tenant(), "now": clock.now(), "mark": CHANGED}


_AGE: Final = """
update devices_device as d
set managed_at = x.managed_synced_at
from directory_directorydevice x
where d.tenant_id = %(tenant)s and x.tenant_id = %(tenant)s and x.object_id = d.entra_object_id
  and x.object_id = any(%(objects)s::uuid[]) and d.activation_status <> 'DEACTIVATED'
  and d.managed_at is distinct from x.managed_synced_at
"""

# A device that left Intune keeps no inventory of Intune's either.
_TAKE: Final = """
update devices_device as d
set managed_facts = nullif(x.managed_facts, '{}'), managed_changed_at = %(now)s,
    managed_apps = case when x.managed_facts = '{}' then null else d.managed_apps end,
    judged_with = %(mark)s || ltrim(d.judged_with, %(mark)s)
from directory_directorydevice x
where d.tenant_id = %(tenant)s and x.tenant_id = %(tenant)s and x.object_id = d.entra_object_id
  and x.object_id = any(%(objects)s::uuid[]) and d.activation_status <> 'DEACTIVATED'
  and d.managed_facts is distinct from nullif(x.managed_facts, '{}')
"""

_SYNCHRONISED: Final = """
update devices_device as d
set managed_at = r.at
from jsonb_to_recordset(%(rows)s::jsonb) as r(object_id uuid, at timestamptz)
where d.tenant_id = %(tenant)s and d.entra_object_id = r.object_id and d.managed_at < r.at
  and d.activation_status <> 'DEACTIVATED'
"""

_MANAGED: Final = """
    select d.id, coalesce(r.inventory, '{"apps": []}') as inventory
    from devices_device d
    join directory_directorydevice x
      on x.tenant_id = %(tenant)s and x.object_id = d.entra_object_id and x.managed_device_id <> ''
    left join jsonb_to_recordset(%(rows)s::jsonb) as r(managed_id text, inventory jsonb)
      on r.managed_id = x.managed_device_id
    where d.tenant_id = %(tenant)s and d.activation_status <> 'DEACTIVATED'
"""

_INVENTORIES: Final = f"""
update devices_device as d
set managed_apps_at = %(read_at)s
from ({_MANAGED}) as known
where d.tenant_id = %(tenant)s and d.id = known.id
"""  # noqa: S608 - only our own text is written in

_CHANGED_INVENTORIES: Final = f"""
update devices_device as d
set managed_apps = known.inventory, managed_changed_at = %(now)s,
    judged_with = %(mark)s || ltrim(d.judged_with, %(mark)s)
from ({_MANAGED}) as known
where d.tenant_id = %(tenant)s and d.id = known.id and d.managed_apps is distinct from known.inventory
"""  # noqa: S608 - only our own text is written in
