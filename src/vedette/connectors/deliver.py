"""Owing, claiming and settling what other systems are to be told about devices.

One row per route and device, newest value wins. `owe` runs inside the transaction of the state change;
`claim` sets a lease and commits; the network call happens after; `settle` writes the result. A value owed
while an older one is on its way waits for that lease to end: two writes never race to Microsoft.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet

from vedette.connectors import claimed, deliver_sql, settling
from vedette.connectors.claimed import Claimed
from vedette.connectors.models import ACTS, Delivery
from vedette.connectors.results import Result
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id

CHANNEL: Final = "vedette_delivery"
LEASE: Final = timedelta(seconds=90)


@dataclass(frozen=True)
class Owed:
    """A value owed for one device; empty means: withdraw what was written."""

    device_id: uuid.UUID
    value: str
    state_change_id: uuid.UUID | None = None


def result(delivery: Claimed, status: str, **rest: Any) -> Result:
    """Say what came of a delivery."""
    return Result(delivery.pk, delivery.generation, status, **rest)


def owe(
    tenant_id: uuid.UUID,
    route: str,
    owed: Sequence[Owed],
    *,
    again: bool = False,
    by_owner: bool = False,
    due_at: datetime | None = None,
) -> int:
    """Note the newest values of ROUTE and wake the publisher; return how many rows are due by this.

    A value that is already owed or sent is not owed anew, unless `again` (an administrator's "send again")
    or the device now stands for another Entra device (another person: `by_owner`), whose predecessor's value
    is then withdrawn. A withdrawal of something never owed is nothing. Nothing is sent before `due_at`.
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
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "route": route,
        "owed": json.dumps(rows),
        "now": clock.now(),
        "due_at": due_at or clock.now(),
        "by_owner": by_owner,
    }
    with connection.cursor() as cursor:
        cursor.execute(deliver_sql.LEFT_BEHIND, values)
        count: int = cursor.rowcount
        cursor.execute(deliver_sql.OWE, {**values, "again": again})
        count += cursor.rowcount
        if count:
            cursor.execute("select pg_notify(%s, '')", [CHANNEL])
    return count


def waiting() -> QuerySet[Delivery]:
    """Return the values that are owed and have not arrived; inside the tenant's door."""
    unsent = [Delivery.Status.DUE, Delivery.Status.LEASED]
    return Delivery.objects.filter(status__in=unsent).exclude(route__in=ACTS)


def tenants_due(routes: Iterable[str]) -> list[tuple[str, uuid.UUID]]:
    """List the pairs of route and tenant that have something to send now."""
    with database.system():
        return list(
            Delivery.objects.filter(_claimable(clock.now()), route__in=list(routes))
            .values_list("route", "tenant_id")
            .distinct()
        )


def claim(tenant_id: uuid.UUID, route: str, limit: int) -> list[Claimed]:
    """Lease up to LIMIT due deliveries of one tenant, oldest first."""
    now = clock.now()
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "route": route,
        "now": now,
        "lease_until": now + LEASE,
        "limit": limit,
    }
    with database.tenant(tenant_id), connection.cursor() as cursor:
        cursor.execute(deliver_sql.CLAIM, values)
        return claimed.read(cursor.fetchone()[0])


def foresee(tenant_id: uuid.UUID, places: Mapping[Claimed, str]) -> frozenset[uuid.UUID]:
    """Note where claimed deliveries may stand from now on, before they are sent; return the keys of those noted.

    One that was owed anew, or taken up by somebody else, meanwhile is not: it is not to be sent any more. Should
    what came of it be lost, it is known what to withdraw.
    """
    rows = [
        {"id": row.pk, "generation": row.generation, "lease_until": row.lease_until, "place": place}
        for row, place in places.items()
    ]
    if not rows:
        return frozenset()
    values: dict[str, Any] = {"tenant": tenant_id, "planned": msgspec.json.encode(rows).decode()}
    with database.tenant(tenant_id), connection.cursor() as cursor:
        cursor.execute(deliver_sql.FORESEE, values)
        return frozenset(row[0] for row in cursor.fetchall())


def settle(
    tenant_id: uuid.UUID, deliveries: Sequence[Claimed], results: Sequence[Result]
) -> frozenset[uuid.UUID]:
    """Write what came of claimed deliveries of one route, and each as a push; return the keys of those written.

    A result of an older generation changes only what was sent; one whose lease has run out changes nothing,
    because somebody else has taken the delivery up. Whose value is another by now is noted for `arrival.tell`.
    """
    if not results:
        return frozenset()
    now = clock.now()
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "route": deliveries[0].route,
        "now": now,
        "arrival": new_id(),
        "results": settling.rows({row.id: row for row in deliveries}, results, now),
    }
    with database.tenant(tenant_id), connection.cursor() as cursor:
        cursor.execute(deliver_sql.SETTLE, values)
        settled: dict[uuid.UUID, bool] = dict(cursor.fetchall())
        forget_removed(key for key, deleted in settled.items() if deleted)
    return frozenset(settled)


def forget_removed(delivery_ids: Iterable[uuid.UUID]) -> None:
    """Drop deliveries of deleted devices that are done: their last duty. Inside the tenant's door."""
    over = [Delivery.Status.CONFIRMED, Delivery.Status.DROPPED]
    if ids := list(delivery_ids):
        Delivery.objects.filter(device=None, status__in=over, pk__in=ids).delete()


def _claimable(now: datetime) -> Q:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    due = Q(status=Delivery.Status.DUE, due_at__lte=now) | Q(status=Delivery.Status.LEASED)
    return due & free
