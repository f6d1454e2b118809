"""Comparing what a complete poll showed with what was written: drift is repaired, foreign values are flagged.

What changed at Microsoft by another hand becomes due again; the push that follows looks at the device itself,
writes what is missing and never overwrites a foreign value.
"""

import uuid
from datetime import datetime
from typing import Any, Final

from django.db import connection

from vedette.connectors.deliver import CHANNEL
from vedette.connectors.intune.attribute_route import ROUTE
from vedette.connectors.intune.desired import PREFIX
from vedette.connectors.intune.settings_read import attribute_name, connector_of
from vedette.connectors.signals import values_stale
from vedette.connectors.state_sync import settings_of
from vedette.foundation import clock, jobs


def repair(tenant_id: uuid.UUID, read_since: datetime) -> int:
    """Make due what is not as it should be; return how many deliveries. Inside the tenant's writer.

    `read_since` is when the poll began to read: what was sent later is not compared with it, nor is what the
    poll did not read, as nothing said that it changed.
    """
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "route": ROUTE,
        "attribute": attribute_name(connector_of(tenant_id)),
        "ours": f"{PREFIX}%",
        "read_since": read_since,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DRIFTED, values)
        count: int = cursor.rowcount
        cursor.execute(_READ_BACK, values)
        unowed = []
        if settings_of(tenant_id).armed:
            cursor.execute(_UNOWED, values)
            unowed = [row[0] for row in cursor.fetchall()]
    if unowed:
        values_stale.send(None, tenant_id=tenant_id, again=False, device_ids=unowed)
    if count:
        jobs.notify(CHANNEL)
    return count


# Settled rows whose value is another by now; flagged rows whose foreign value is gone; rows that failed although
# Entra has the device. A withdrawn row only counts while something of ours is there.
_DRIFTED: Final = """
update connectors_delivery as d
set status = 'due', due_at = %(now)s, attempts = 0, requested_at = %(now)s
from directory_directorydevice as x
where d.tenant_id = %(tenant)s and d.route = %(route)s and d.lease_until is null
  and x.tenant_id = %(tenant)s and x.object_id = d.entra_object_id
  and coalesce(d.sent_at, d.requested_at) < %(read_since)s
  and (d.status = 'failed' or x.seen_at >= %(read_since)s)
  and case d.status
        when 'confirmed' then
          coalesce(x.extension_attributes ->> d.place, '') <> d.desired
          and (d.desired <> '' or x.extension_attributes ->> d.place like %(ours)s)
        when 'foreign' then
          coalesce(x.extension_attributes ->> %(attribute)s, '') = ''
          or x.extension_attributes ->> %(attribute)s like %(ours)s
        else d.status = 'failed'
      end
"""

# Settled rows whose value this poll has seen where it was written.
_READ_BACK: Final = """
update connectors_delivery as d
set read_back_at = %(now)s
from directory_directorydevice as x
where d.tenant_id = %(tenant)s and d.route = %(route)s and d.lease_until is null and d.status = 'confirmed'
  and d.sent_at < %(read_since)s and (d.read_back_at is null or d.read_back_at < d.sent_at)
  and x.tenant_id = %(tenant)s and x.object_id = d.entra_object_id and x.seen_at >= %(read_since)s
  and coalesce(x.extension_attributes ->> d.place, '') = d.desired
"""

# Devices without a row, or whose row still stands for another Entra device.
_UNOWED: Final = """
select v.id from devices_device v
join compliance_devicestate s on s.tenant_id = %(tenant)s and s.device_id = v.id
left join connectors_delivery d
  on d.tenant_id = %(tenant)s and d.route = %(route)s and d.device_id = v.id
where v.tenant_id = %(tenant)s and v.activation_status <> 'DEACTIVATED'
  and (d.id is null or d.entra_object_id is distinct from v.entra_object_id)
"""
