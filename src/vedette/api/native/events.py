"""The event log in pages, from a position on: whoever keeps `last` and asks for what comes after it misses nothing."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from django.db.models import Q
from msgspec import Meta

from vedette.api.native.route import Call
from vedette.api.native.shapes import Limit
from vedette.events.models import Event as Row
from vedette.events.models import EventHead

Type = Literal["DEVICE", "THREAT", "AUDIT"]
_LAST: Final = 2**63 - 1
Position = Annotated[int, Meta(ge=0, le=_LAST)]


class EventQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """From where, and of which type."""

    after: Annotated[Position, Meta(description="`last` of the page before; 0: from the beginning")] = 0
    type: Type | None = None
    limit: Limit = 100


class Reference(msgspec.Struct):
    """Who did it, or what it was done to."""

    type: str
    id: str
    name: str


class Event(msgspec.Struct, kw_only=True):
    """Something that happened. Positions rise in the order of commits."""

    position: int
    id: str
    type: Type
    change_type: str
    action: str
    occurred_at: datetime
    actor: Reference
    target: Reference
    changes: list[dict[str, Any]]
    detail: dict[str, Any]


class EventPage(msgspec.Struct):
    """Events, the oldest first; `last` is where to go on, `head` where the log ends."""

    items: list[Event]
    last: int
    head: int


def listed(call: Call[EventQuery, None]) -> EventPage:
    """Give what follows a position."""
    query = call.query
    rows = Row.objects.filter(tenant_id=call.tenant_id, position__gt=query.after)
    if query.type:
        rows = rows.filter(type=query.type)
    if call.who.own_audit_only:
        rows = rows.filter(~Q(type=Row.Type.AUDIT) | Q(actor_id=call.who.actor.id))
    # read before the rows: every event up to it is among them, or was left out by the filters
    head = EventHead.objects.filter(tenant_id=call.tenant_id).values_list("position", flat=True).first() or 0
    found = list(rows.order_by("position")[: query.limit])
    last = found[-1].position if found else query.after
    if len(found) < query.limit:
        # what the filters leave out is passed over too
        last = max(last, head)
    return EventPage([_told(row) for row in found], last, max(head, last))


def _told(row: Row) -> Event:
    return Event(
        position=row.position,
        id=str(row.id),
        type=row.type,  # type: ignore[arg-type] # one of Row.Type
        change_type=row.change_type,
        action=row.action,
        occurred_at=row.occurred_at,
        actor=Reference(row.actor_type, row.actor_id, row.actor_name),
        target=Reference(row.target_type, row.target_id, row.target_name),
        changes=row.changes,
        detail=row.detail,
    )
