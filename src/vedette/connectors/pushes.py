"""The history of what other systems were told: a row for each push, kept for `VEDETTE_PUSH_DAYS`."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from vedette.compliance.models import StateChange
from vedette.connectors.models import Delivery, Push
from vedette.connectors.results import Result
from vedette.foundation import clock, config, database
from vedette.foundation.ids import new_id

_ARRIVED: Final = frozenset({Delivery.Status.SENT, Delivery.Status.CONFIRMED})


def note(tenant_id: uuid.UUID, settled: Sequence[tuple[Delivery, Result]], now: datetime) -> None:
    """Write down deliveries as claimed with what came of them; inside the tenant's door.

    One that fails again for the same reason is no new row: a fault of a week is not a thousand of them.
    """
    told = [(claimed, item) for claimed, item in settled if _is_news(claimed, item)]
    changes = {claimed.state_change_id for claimed, _item in told if claimed.state_change_id}
    causes = dict(StateChange.objects.filter(pk__in=changes).values_list("pk", "cause")) if changes else {}
    Push.objects.bulk_create([_push(tenant_id, claimed, item, causes, now) for claimed, item in told])


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


def _push(
    tenant_id: uuid.UUID,
    claimed: Delivery,
    item: Result,
    causes: dict[uuid.UUID, str],
    now: datetime,
) -> Push:
    return Push(
        id=new_id(),
        tenant_id=tenant_id,
        route=claimed.route,
        delivery_id=claimed.pk,
        generation=claimed.generation,
        device_id=claimed.device_id,
        entra_object_id=claimed.entra_object_id,
        owner_oid=claimed.owner_oid,
        place=item.place or claimed.place,
        before=(claimed.sent or "") if item.before is None else item.before,
        after=claimed.desired if item.value is None else item.value,
        outcome=item.status,
        requested_at=claimed.requested_at,
        tried_at=now,
        sent_at=now if item.status in _ARRIVED else None,
        confirmed_at=now if item.status == Delivery.Status.CONFIRMED else None,
        request_id=item.request_id,
        state_change_id=claimed.state_change_id,
        cause=causes.get(claimed.state_change_id, "") if claimed.state_change_id else "",
        error_code=item.error_code,
        error=item.error,
    )


def _sent(delivery_id: uuid.UUID, generation: int) -> QuerySet[Push]:
    return Push.objects.filter(delivery_id=delivery_id, generation=generation, outcome=Delivery.Status.SENT)
