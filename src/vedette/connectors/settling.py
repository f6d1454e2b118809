"""Pure: the rows that `deliver_sql.SETTLE` writes down, one for each result of a claimed delivery."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from vedette.connectors.claimed import Claimed
from vedette.connectors.models import Delivery
from vedette.connectors.results import Result
from vedette.foundation.ids import new_id

BACK_OFF_FIRST: Final = 2.0
BACK_OFF_MOST: Final = 900.0
_DUE: Final = Delivery.Status.DUE.value
_CONFIRMED: Final = Delivery.Status.CONFIRMED.value
_DROPPED: Final = Delivery.Status.DROPPED.value
_ARRIVED: Final = (_CONFIRMED, Delivery.Status.SENT.value)


class _Row(msgspec.Struct, omit_defaults=True, gc=False):
    """What becomes of the delivery, and the push that is written beside it; absent is null."""

    id: uuid.UUID
    generation: int
    lease_until: datetime
    status: str
    arrived: bool
    untouched: bool
    news: bool
    changed: bool
    request_id: str | None
    error_code: str | None
    error: str | None
    due_at: datetime
    value: str | None = None
    place: str | None = None
    before: str | None = None
    push_id: uuid.UUID | None = None
    device_id: uuid.UUID | None = None
    entra_object_id: uuid.UUID | None = None
    owner_oid: uuid.UUID | None = None
    push_place: str | None = None
    push_before: str | None = None
    push_after: str | None = None
    requested_at: datetime | None = None
    state_change_id: uuid.UUID | None = None


_encoder: Final = msgspec.json.Encoder()


def rows(claimed: Mapping[uuid.UUID, Claimed], results: Iterable[Result], now: datetime) -> str:
    """Return the rows as a JSON list."""
    return _encoder.encode([_row(claimed[item.delivery_id], item, now) for item in results]).decode()


def back_off(attempts: int) -> float:
    """Seconds to wait after the Nth failed attempt: 2, 4, 8 … at most a quarter of an hour."""
    return float(min(BACK_OFF_MOST, BACK_OFF_FIRST * 2 ** min(attempts - 1, 12)))


def _row(claimed: Claimed, item: Result, now: datetime) -> _Row:
    status = str(item.status)
    again = status == _DUE
    failed = again and item.error_code
    wait = max(item.retry_after or 0.0, back_off(claimed.attempts) if failed else 0.0)
    row = _Row(
        id=claimed.id,
        generation=item.generation,
        lease_until=claimed.lease_until,
        status=status,
        arrived=status in _ARRIVED,
        untouched=again and not item.error_code,
        news=_is_news(status, claimed, item),
        changed=status == _CONFIRMED and (item.value or "") != (claimed.sent or ""),
        value=item.value,
        place=item.place,
        before=item.before,
        request_id=item.request_id,
        error_code=item.error_code,
        error=item.error,
        due_at=now + timedelta(seconds=wait) if wait else now,
        device_id=claimed.device_id,
    )
    if row.news:
        row.push_id = new_id()
        row.entra_object_id = claimed.entra_object_id
        row.owner_oid = claimed.owner_oid
        row.push_place = item.place or claimed.place
        row.push_before = (claimed.sent or "") if item.before is None else item.before
        row.push_after = claimed.desired if item.value is None else item.value
        row.requested_at = claimed.requested_at
        row.state_change_id = claimed.state_change_id
    return row


def _is_news(status: str, claimed: Claimed, item: Result) -> bool:
    """Tell whether this is a push of its own: a fault of a week is not a thousand of them."""
    if status != _DUE:
        return status != _DROPPED
    return bool(item.error_code) and item.error_code != claimed.error_code
