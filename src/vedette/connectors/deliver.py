"""Owing, claiming and settling what other systems are to be told about devices.

One row per route and device, newest value wins. `owe` runs inside the transaction of the state change;
`claim` sets a lease and commits; the network call happens after; `settle` writes the result, unless a
newer value has been owed meanwhile (its generation is higher).
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from vedette.connectors.models import Delivery
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id

CHANNEL = "vedette_delivery"
LEASE = timedelta(seconds=90)
BACK_OFF_FIRST = 2.0
BACK_OFF_MOST = 900.0


@dataclass(frozen=True)
class Owed:
    """A value owed for one device; empty means: withdraw what was written."""

    device_id: uuid.UUID
    value: str
    state_change_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Result:
    """What came of one delivery. ``status`` is a Delivery.Status; DUE asks for another try."""

    delivery_id: uuid.UUID
    generation: int
    status: str
    value: str | None = None
    place: str = ""
    before: str | None = None
    request_id: str = ""
    error_code: str = ""
    error: str = ""
    retry_after: float | None = None


_OWE = """
insert into connectors_delivery as d
    (id, tenant_id, route, device_id, desired, before, status, generation, due_at, attempts,
     error_code, error, request_id, state_change_id, requested_at,
     entra_object_id, entra_device_id, owner_oid, place)
select o.id, %(tenant)s, %(route)s, o.device_id, o.value, '', 'due', 1, %(now)s, 0, '', '', '',
       o.state_change_id, %(now)s, dev.entra_object_id, dev.entra_device_id, dev.owner_oid, ''
from jsonb_to_recordset(%(owed)s::jsonb) as o(id uuid, device_id uuid, value text, state_change_id uuid)
join devices_device dev on dev.tenant_id = %(tenant)s and dev.id = o.device_id
where o.value <> '' or exists (
    select 1 from connectors_delivery x
    where x.tenant_id = %(tenant)s and x.route = %(route)s and x.device_id = o.device_id)
on conflict (tenant_id, route, device_id) do update
set desired = excluded.desired, status = 'due', generation = d.generation + 1, due_at = excluded.due_at,
    attempts = 0, lease_until = null, error_code = '', error = '',
    state_change_id = excluded.state_change_id, requested_at = excluded.requested_at,
    entra_object_id = excluded.entra_object_id, entra_device_id = excluded.entra_device_id,
    owner_oid = excluded.owner_oid
where d.desired <> excluded.desired or %(again)s
"""


def owe(tenant_id: uuid.UUID, route: str, owed: Sequence[Owed], *, again: bool = False) -> int:
    """Note the newest values of ROUTE and wake the publisher; return how many rows are due by this.

    A value that is already owed or sent is not owed anew, unless `again` (an administrator's "send again").
    A withdrawal of something never owed is nothing.
    """
    if not owed:
        return 0
    rows = [
        {
            "id": str(new_id()),
            "device_id": str(item.device_id),
            "value": item.value,
            "state_change_id": str(item.state_change_id) if item.state_change_id else None,
        }
        for item in owed
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _OWE,
            {
                "tenant": tenant_id,
                "route": route,
                "owed": json.dumps(rows),
                "now": clock.now(),
                "again": again,
            },
        )
        count: int = cursor.rowcount
        if count:
            cursor.execute("select pg_notify(%s, %s)", [CHANNEL, str(tenant_id)])
    return count


def tenants_due(routes: Iterable[str]) -> list[tuple[str, uuid.UUID]]:
    """List the pairs of route and tenant that have something to send now."""
    now = clock.now()
    with database.system():
        return list(
            Delivery.objects.filter(_claimable(now), route__in=list(routes))
            .values_list("route", "tenant_id")
            .distinct()
        )


def claim(tenant_id: uuid.UUID, route: str, limit: int) -> list[Delivery]:
    """Lease up to LIMIT due deliveries of one tenant, oldest first."""
    now = clock.now()
    with database.tenant(tenant_id):
        due = list(
            Delivery.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(_claimable(now), route=route)
            .order_by("due_at")[:limit]
        )
        for delivery in due:
            delivery.attempts += 1
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in due]).update(
            status=Delivery.Status.LEASED, lease_until=now + LEASE
        )
        Delivery.objects.bulk_update(due, ["attempts"], batch_size=500)
    return due


def settle(tenant_id: uuid.UUID, results: Sequence[Result], attempts: dict[uuid.UUID, int]) -> None:
    """Write what came of claimed deliveries; a result of an older generation changes only what was sent."""
    now = clock.now()
    with database.tenant(tenant_id):
        for result in results:
            arrived = _arrived(result, now)
            rows = Delivery.objects.filter(pk=result.delivery_id)
            if arrived:
                rows.update(**arrived)
            rows.filter(generation=result.generation).update(
                status=result.status,
                lease_until=None,
                error_code=result.error_code,
                error=result.error,
                due_at=now + timedelta(seconds=_wait(result, attempts.get(result.delivery_id, 1))),
            )


def back_off(attempts: int) -> float:
    """Seconds to wait after the Nth failed attempt: 2, 4, 8 … at most a quarter of an hour."""
    return float(min(BACK_OFF_MOST, BACK_OFF_FIRST * 2 ** min(attempts - 1, 12)))


def _wait(result: Result, attempts: int) -> float:
    if result.status != Delivery.Status.DUE:
        return 0.0
    return max(result.retry_after or 0.0, back_off(attempts))


def _arrived(result: Result, now: datetime) -> dict[str, object]:
    if result.status not in {Delivery.Status.SENT, Delivery.Status.CONFIRMED}:
        return {}
    arrived: dict[str, object] = {"sent": result.value, "sent_at": now, "request_id": result.request_id}
    if result.place:
        arrived["place"] = result.place
    if result.before is not None:
        arrived["before"] = result.before
    if result.status == Delivery.Status.CONFIRMED:
        arrived["confirmed_at"] = now
    return arrived


def _claimable(now: datetime) -> Q:
    return Q(status=Delivery.Status.DUE, due_at__lte=now) | Q(
        status=Delivery.Status.LEASED, lease_until__lt=now
    )
