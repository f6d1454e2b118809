"""Which destinations have something to be told, whose turn it is, and what came of it.

A destination is claimed by an UPDATE that sets a lease; the network call happens after that commit; what came of it is
written in a second transaction, and only while the lease still stands (design.md 2, rule 3). Should a worker die in
between, the lease runs out and the same events are told again: at least once, never not at all.
"""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import F, Q

from vedette.connectors import destination_events
from vedette.connectors.destination_events import Batch, Told
from vedette.connectors.destination_kinds import KINDS, Refusal, Sent, Trouble
from vedette.connectors.destination_models import DeadLetter, Destination
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id

CHANNEL: Final = "vedette_destination"
"""Notified when a destination was changed or is to be tried at once."""
LEASE: Final = timedelta(seconds=90)
BACK_OFF_FIRST: Final = 2.0
BACK_OFF_MOST: Final = 900.0
RETRY_AFTER_MOST: Final = 6 * 3600.0
SINGLE_AFTER: Final = 3
"""After so many failures in a row one event is sent at a time: a probe, and the one at fault stands alone."""
POISON_ATTEMPTS: Final = 10
POISON_AFTER: Final = timedelta(hours=1)
"""An event whose sending failed so often and so long with a fault that may be its own becomes a dead letter."""

MOST_LETTERS: Final = 10_000
"""Dead letters of one destination: then it counts as failing, and what it would refuse waits in the log."""


class Due(NamedTuple):
    """A destination whose turn it is. ``troubled``: it failed last time."""

    tenant_id: uuid.UUID
    destination_id: uuid.UUID
    troubled: bool


@dataclass(frozen=True)
class Claim:
    """A leased destination with the events it is to be told; ``replayed`` are dead letters sent again."""

    row: Destination
    batch: Batch
    replayed: bool = False


def due() -> list[Due]:
    """List the destinations that have something to be told now, of all tenants."""
    with database.system(), connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": clock.now()})
        return [Due(*row) for row in cursor.fetchall()]


def claim(tenant_id: uuid.UUID, destination_id: uuid.UUID) -> Claim | None:
    """Lease a destination and read what it is to be told; None when somebody else has it or nothing is left."""
    now = clock.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    with database.tenant(tenant_id):
        found = Destination.objects.filter(free, pk=destination_id, enabled=True, due_at__lte=now)
        if not found.update(lease_until=now + LEASE):
            return None
        row = Destination.objects.get(pk=destination_id)
        limit = 1 if row.attempts >= SINGLE_AFTER else KINDS[row.kind].batch
        batch = destination_events.following(row, limit)
        if batch.until > row.position:
            return Claim(row, batch)
        again = _again(row, limit)
        if again:
            return Claim(row, Batch(again, row.position), replayed=True)
        Destination.objects.filter(pk=row.pk).update(lease_until=None)
        return None


def settle(claimed: Claim, sent: Sent) -> bool:
    """Write what came of telling; False when the lease had run out, so that somebody else has taken over."""
    now = clock.now()
    with database.tenant(claimed.row.tenant_id):
        row = (
            Destination.objects.select_for_update()
            .filter(pk=claimed.row.pk, lease_until=claimed.row.lease_until)
            .first()
        )
        if row is None:
            return False
        row.lease_until = None
        sent = _within(row, claimed, sent)
        done, refused = _settled(row, claimed, sent, now)
        told = len(done) - len(refused)
        _forget(row, [event for index, event in enumerate(done) if index not in refused], claimed)
        _bury(row, [(done[index], why) for index, why in refused.items()], now)
        if not claimed.replayed:
            waiting = claimed.batch.events[len(done) :]
            row.position = waiting[0].position - 1 if waiting else claimed.batch.until
        if told:
            row.delivered, row.delivered_at = row.delivered + told, now
        if sent.done:
            # It answers: what fails now is the first failure in a row.
            row.attempts, row.failing_since = 0, None
        if sent.trouble:
            _fail(row, sent.trouble, now)
        row.save(update_fields=_WRITTEN)
    return True


def pause(attempts: int, retry_after: float | None = None) -> float:
    """Seconds to leave a destination alone after the Nth failure: 2, 4, 8 … 900, less up to half by chance."""
    longest = float(min(BACK_OFF_MOST, BACK_OFF_FIRST * 2 ** min(attempts - 1, 12)))
    # Many that failed together shall not come back together.
    shared = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
    return max(shared, min(retry_after or 0.0, RETRY_AFTER_MOST))


def _within(row: Destination, claimed: Claim, sent: Sent) -> Sent:
    """Let no more dead letters be made than are kept: with so many it is not the events that are at fault."""
    if not sent.refused or claimed.replayed:
        return sent
    room = max(0, MOST_LETTERS - DeadLetter.objects.filter(destination=row).count())
    if len(sent.refused) <= room:
        return sent
    first = sorted(sent.refused)[room]
    refused = {index: why for index, why in sent.refused.items() if index < first}
    return Sent(first, refused, Trouble("too_many_letters", sent.refused[first].error), sent.answer)


def _settled(
    row: Destination, claimed: Claim, sent: Sent, now: datetime
) -> tuple[list[Told], dict[int, Refusal]]:
    """Return the events that are settled and which of them were refused, the one that fails for ever among them."""
    events = claimed.batch.events
    done, refused = list(events[: sent.done]), dict(sent.refused)
    trouble = sent.trouble
    if (
        trouble
        and trouble.perhaps_event
        and len(done) < len(events)
        and row.attempts + 1 >= POISON_ATTEMPTS
        and row.failing_since
        and now - row.failing_since >= POISON_AFTER
    ):
        refused[len(done)] = Refusal(trouble.code, trouble.error)
        done.append(events[len(done)])
        # The next one is given as long.
        row.failing_since = now
    return done, refused


def _fail(row: Destination, trouble: Trouble, now: datetime) -> None:
    row.attempts += 1
    row.failing_since = row.failing_since or now
    row.failed_at, row.error_code, row.error = now, trouble.code, trouble.error
    row.due_at = now + timedelta(seconds=pause(row.attempts, trouble.retry_after))


def _again(row: Destination, limit: int) -> list[Told]:
    letters = DeadLetter.objects.filter(destination=row, replay=True).order_by("position")
    return destination_events.at_positions(
        row.tenant_id, list(letters.values_list("position", flat=True)[:limit])
    )


def _forget(row: Destination, told: Sequence[Told], claimed: Claim) -> None:
    if claimed.replayed and told:
        DeadLetter.objects.filter(destination=row, position__in=[event.position for event in told]).delete()


def _bury(row: Destination, refused: Sequence[tuple[Told, Refusal]], now: datetime) -> None:
    for event, why in refused:
        letter, created = DeadLetter.objects.get_or_create(
            tenant_id=row.tenant_id,
            destination=row,
            position=event.position,
            defaults={
                "id": new_id(),
                "event_id": event.id,
                "type": event.type,
                "action": event.action,
                "occurred_at": event.occurred_at,
                "code": why.code,
                "error": why.error,
                "failed_at": now,
            },
        )
        if not created:
            DeadLetter.objects.filter(pk=letter.pk).update(
                code=why.code, error=why.error, failed_at=now, replay=False, attempts=F("attempts") + 1
            )


_WRITTEN: Final = (
    "position",
    "lease_until",
    "attempts",
    "failing_since",
    "error_code",
    "error",
    "failed_at",
    "due_at",
    "delivered",
    "delivered_at",
)
_DUE: Final = """
select d.tenant_id, d.id, d.attempts > 0
from connectors_destination d join events_eventhead h on h.tenant_id = d.tenant_id
where d.enabled and d.due_at <= %(now)s and (d.lease_until is null or d.lease_until < %(now)s)
  and (h.position > d.position or exists (
    select from connectors_deadletter l where l.tenant_id = d.tenant_id and l.destination_id = d.id and l.replay))
order by d.due_at
"""
