"""The inbox of reports: what waits, which report of a device counts, and what becomes of the others.

The newest facts of a device win, by the time they were observed; a report that comes late loses and is marked
as assessed all the same. Reports of an identity that has been retired since lose too.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from vedette.compliance import attached
from vedette.compliance.judge import Bench, Case, Managed
from vedette.devices.managed import CHANGED
from vedette.devices.models import Report
from vedette.foundation import clock, database


@dataclass(frozen=True)
class Batch:
    """Reports that wait: all their ids by device, and the case of each device whose facts are to be judged."""

    reports: dict[UUID, list[UUID]]
    cases: list[Case]

    def part(self, device_id: UUID) -> "Batch":
        """Return what belongs to one device."""
        cases = [case for case in self.cases if case.device_id == device_id]
        return Batch({device_id: self.reports.get(device_id, [])}, cases)


def tenants_waiting() -> list[UUID]:
    """List the tenants with reports that wait."""
    with database.system():
        return list(
            Report.objects.filter(assessed_at__isnull=True).values_list("tenant_id", flat=True).distinct()
        )


def waiting(limit: int) -> Batch:
    """Read the oldest unassessed reports; inside the tenant's door."""
    reports: dict[UUID, list[UUID]] = {}
    cases = []
    for report_id, device_id, group_id, observed_at, digest, facts, *managed in _rows(_WAITING, limit=limit):
        reports.setdefault(device_id, []).append(report_id)
        if facts is not None:
            about = Managed(*managed)
            cases.append(Case(device_id, group_id, facts.encode(), digest, observed_at, about, report_id))
    return Batch(reports, attached.with_scans(cases))


def outdated(benches: dict[UUID, Bench], limit: int) -> list[Case]:
    """Read devices whose verdict rests on older intelligence, detectors, parameters or words of Intune.

    Inside the tenant's door.
    """
    cases: list[Case] = []
    for group_id, bench in benches.items():
        rows = _rows(_OUTDATED, limit=limit - len(cases), group=group_id, fingerprint=bench.fingerprint)
        cases += [_case(group_id, row) for row in rows]
        if len(cases) >= limit:
            break
    return attached.with_scans(cases)


def of_device(device_id: UUID) -> Case | None:
    """Read what is known of one device, whatever its verdict rests on; None for one that is not judged.

    Inside the tenant's door.
    """
    rows = _rows(_ONE, device=device_id)
    return attached.with_scans([_case(rows[0][0], rows[0][1:])])[0] if rows else None


def _case(group_id: UUID, row: tuple[Any, ...]) -> Case:
    device_id, digest, at, facts, seen_at, news, dropped, *managed = row
    text = facts.encode() if facts is not None else None
    about = Managed(*managed)
    gone = json.loads(dropped) if dropped else None
    return Case(device_id, group_id, text, digest, at, about, seen_at=seen_at, news=news, dropped=gone)


def take(report_ids: Iterable[UUID]) -> set[UUID]:
    """Hold those reports that nobody assessed meanwhile until the transaction ends."""
    rows = Report.objects.filter(id__in=list(report_ids), assessed_at__isnull=True)
    return set(rows.order_by("id").select_for_update().values_list("id", flat=True))


def close(report_ids: Iterable[UUID], problem: str = "") -> None:
    """Mark reports as assessed.

    A key whose digest does not stand for the facts we hold now must send whole facts next time; otherwise an
    "unchanged" would refer to a report that lost or was set aside.
    """
    ids = list(report_ids)
    Report.objects.filter(id__in=ids).update(assessed_at=clock.now(), problem=problem)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_DIGESTS, {"tenant": database.current_tenant(), "reports": ids})


def _rows(query: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"tenant": database.current_tenant(), **parameters})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


# In the order of judge.Managed.
_MANAGED: Final = """
    d.platform, d.manufacturer, d.model, d.managed_facts::text, d.managed_at, d.managed_apps::text,
    d.managed_apps_at, d.managed_changed_at"""

_WAITING: Final = f"""
with waiting as materialized (
    select r.id, r.device_id, r.key_id, r.observed_at, r.received_at, r.digest, r.facts is not null as whole
    from devices_report r
    where r.tenant_id = %(tenant)s and r.assessed_at is null
    order by r.received_at, r.id
    limit %(limit)s
),
ranked as (
    select w.id, d.group_id,
           row_number() over (
               partition by w.device_id order by w.observed_at desc, w.received_at desc, w.id desc) as place
    from waiting w
    join devices_device d on d.tenant_id = %(tenant)s and d.id = w.device_id
    join devices_devicekey k
      on k.tenant_id = %(tenant)s and k.key_id = w.key_id and k.device_id = d.id and k.retired_at is null
    where w.whole and (d.facts_observed_at is null or w.observed_at >= d.facts_observed_at)
)
select w.id, w.device_id, ranked.group_id, w.observed_at, w.digest,
       case when ranked.place = 1
            then (select r.facts::text from devices_report r where r.tenant_id = %(tenant)s and r.id = w.id)
       end, {_MANAGED}
from waiting w
left join ranked on ranked.id = w.id
left join devices_device d on d.tenant_id = %(tenant)s and d.id = w.device_id
"""  # noqa: S608 - only our own names are written in

_OUTDATED: Final = f"""
select d.id, d.facts_digest, coalesce(d.facts_observed_at, d.managed_at, d.created_at), d.facts::text,
       d.last_seen_at, left(d.judged_with, 1) = '{CHANGED}', d.facts_dropped::text, {_MANAGED}
from devices_device d
where d.tenant_id = %(tenant)s and d.group_id = %(group)s and d.activation_status in ('ACTIVATED', 'PENDING')
  and (d.facts is not null or d.judged_with <> '') and d.judged_with <> %(fingerprint)s
order by d.id
limit %(limit)s
"""  # noqa: S608 - only our own names are written in

_ONE: Final = f"""
select d.group_id, d.id, d.facts_digest, coalesce(d.facts_observed_at, d.managed_at, d.created_at), d.facts::text,
       d.last_seen_at, false, d.facts_dropped::text, {_MANAGED}
from devices_device d
where d.tenant_id = %(tenant)s and d.id = %(device)s and d.activation_status in ('ACTIVATED', 'PENDING')
"""  # noqa: S608 - only our own names are written in

_FORGET_DIGESTS: Final = """
update devices_devicekey k
set last_digest = ''
from devices_report r
join devices_device d on d.tenant_id = %(tenant)s and d.id = r.device_id
where r.tenant_id = %(tenant)s and r.id = any(%(reports)s::uuid[]) and r.facts is not null
  and k.tenant_id = %(tenant)s and k.key_id = r.key_id and k.last_digest = r.digest
  and d.facts_digest <> r.digest
"""
