"""Inserting threats, by set: risk and response are looked up by SQL in the policy of each device's group."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection

from vedette.foundation import clock, database
from vedette.threats.models import Threat


def insert(rows: Sequence[Mapping[str, Any]]) -> list[Threat]:
    """Insert threats and return those that were not there, with their device loaded; inside the tenant's writer.

    Each row has the columns of `_INSERT`, as JSON can hold them. `status`, `mend`, `resolution` and `resolved_at` may
    be left out: the threat is open then.
    """
    if not rows:
        return []
    given: dict[str, Any] = {
        "tenant": database.current_tenant(),
        "rows": json.dumps(rows),
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, given)
        ids = [row[0] for row in cursor.fetchall()]
    opened = Threat.objects.filter(id__in=ids).select_related("device").defer("device__facts")
    return list(opened.order_by("id"))


_INSERT: Final = """
insert into threats_threat
    (id, tenant_id, device_id, classification, family, key, status, risk, response, summary, mend, evidence,
     detector, source, origin, simulated, detected_at, created_at, updated_at, resolved_at, resolution, ignored_by,
     ignore_reason)
select f.id, %(tenant)s, f.device_id, f.classification, f.family, f.key, coalesce(f.status, 'open'),
       coalesce(level.risk, other.risk), coalesce(level.response, other.response),
       f.summary, coalesce(f.mend, ''), f.evidence, f.detector, f.source, f.origin, false, f.detected_at,
       %(now)s, %(now)s, f.resolved_at, coalesce(f.resolution, ''), '', ''
from jsonb_to_recordset(%(rows)s::jsonb)
    as f(id uuid, device_id uuid, classification text, key text, family text, status text, resolution text,
         resolved_at timestamptz, summary text, mend text, evidence jsonb, detector text, source text, origin text,
         detected_at timestamptz)
join devices_device d on d.tenant_id = %(tenant)s and d.id = f.device_id
left join threats_policylevel level on level.tenant_id = %(tenant)s
     and level.group_id = d.group_id and level.classification = f.classification
left join threats_policylevel other on other.tenant_id = %(tenant)s
     and other.group_id = d.group_id and other.classification = 'UNKNOWN'
on conflict (tenant_id, device_id, classification, key) where not (status = 'resolved') do nothing
returning id
"""
