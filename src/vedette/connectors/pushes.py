"""The history of what other systems were told: a row for each push, kept for `VEDETTE_PUSH_DAYS`."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import connection
from django.db.models import QuerySet

from vedette.connectors.models import Delivery, Push
from vedette.connectors.results import Result
from vedette.foundation import clock, config, database
from vedette.foundation.ids import new_id

_ARRIVED: Final = frozenset({Delivery.Status.SENT, Delivery.Status.CONFIRMED})


def note(tenant_id: uuid.UUID, settled: Sequence[tuple[Delivery, Result]], now: datetime) -> None:
    """Write down deliveries as claimed with what came of them; inside the tenant's door.

    One that fails again for the same reason is no new row: a fault of a week is not a thousand of them.
    """
    rows = [_push(claimed, item, now) for claimed, item in settled if _is_news(claimed, item)]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"tenant": tenant_id, "pushes": msgspec.json.encode(rows).decode()})


def confirm(delivery_id: uuid.UUID, generation: int, now: datetime) -> None:
    """Note that what was sent has been applied; inside the tenant's door."""
    _sent(delivery_id, generation).update(outcome=Delivery.Status.CONFIRMED, confirmed_at=now)


def refuse(delivery_id: uuid.UUID, generation: int, code: str, text: str) -> None:
    """Note that what was sent has not been applied; inside the tenant's door."""
    _sent(delivery_id, generation).update(outcome=Delivery.Status.FAILED, error_code=code, error=text)


def forget_old(tenant_id: uuid.UUID) -> int:
    """Drop what is older than `VEDETTE_PUSH_DAYS`; return how many rows."""
    oldest = clock.now() - timedelta(days=config.current().push_days)
    with database.tenant(tenant_id):
        count, _by_model = Push.objects.filter(tried_at__lt=oldest).delete()
        return count


def _is_news(claimed: Delivery, item: Result) -> bool:
    if item.status != Delivery.Status.DUE:
        return item.status != Delivery.Status.DROPPED
    return bool(item.error_code) and item.error_code != claimed.error_code


def _push(claimed: Delivery, item: Result, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "route": claimed.route,
        "delivery_id": claimed.pk,
        "generation": claimed.generation,
        "device_id": claimed.device_id,
        "entra_object_id": claimed.entra_object_id,
        "owner_oid": claimed.owner_oid,
        "place": item.place or claimed.place,
        "before": (claimed.sent or "") if item.before is None else item.before,
        "after": claimed.desired if item.value is None else item.value,
        "outcome": item.status,
        "requested_at": claimed.requested_at,
        "tried_at": now,
        "sent_at": now if item.status in _ARRIVED else None,
        "confirmed_at": now if item.status == Delivery.Status.CONFIRMED else None,
        "request_id": item.request_id,
        "state_change_id": claimed.state_change_id,
        "error_code": item.error_code,
        "error": item.error,
    }


_NOTE: Final = """
insert into connectors_push
    (id, tenant_id, route, delivery_id, generation, device_id, entra_object_id, owner_oid, place, before, after,
     outcome, requested_at, tried_at, sent_at, confirmed_at, request_id, state_change_id, cause, error_code, error)
select p.id, %(tenant)s, p.route, p.delivery_id, p.generation, p.device_id, p.entra_object_id, p.owner_oid, p.place,
       p.before, p.after, p.outcome, p.requested_at, p.tried_at, p.sent_at, p.confirmed_at, p.request_id,
       p.state_change_id, coalesce(c.cause, ''), p.error_code, p.error
from jsonb_to_recordset(%(pushes)s::jsonb)
     as p(id uuid, route text, delivery_id uuid, generation bigint, device_id uuid, entra_object_id uuid,
          owner_oid uuid, place text, before text, after text, outcome text, requested_at timestamptz,
          tried_at timestamptz, sent_at timestamptz, confirmed_at timestamptz, request_id text,
          state_change_id uuid, error_code text, error text)
left join compliance_statechange c on c.tenant_id = %(tenant)s and c.id = p.state_change_id
"""


def _sent(delivery_id: uuid.UUID, generation: int) -> QuerySet[Push]:
    return Push.objects.filter(delivery_id=delivery_id, generation=generation, outcome=Delivery.Status.SENT)
