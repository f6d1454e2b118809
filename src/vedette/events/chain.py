"""Checking the event log: what was changed, removed, added or moved behind its back.

Positions have no gaps: a tenant's writer takes the next ones from EventHead in the transaction that adds the rows.
So a row that is missing leaves a hole, also at the end, where the chain alone would simply be shorter. The chain
proves nothing against somebody who may rewrite every later row and the head as well; for that, keep the hash of
the head outside (`vedette audit verify --json` prints it).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import connection

from vedette.events.log import digest
from vedette.events.models import Event
from vedette.foundation import database


class Fault(StrEnum):
    """What is wrong with a log at its first position that does not fit."""

    CHANGED = "changed"
    MOVED = "moved"
    REMOVED = "removed"
    ADDED = "added"
    HEAD = "head"


SENTENCES: Final = {
    Fault.CHANGED: "this row's content is not what was written",
    Fault.MOVED: "another row stands here than the one written: moved, replaced or put in",
    Fault.REMOVED: "the row of this position was removed",
    Fault.ADDED: "this row was added without the log's head knowing of it",
    Fault.HEAD: "the log ends here with another hash than its head remembers",
}


@dataclass(frozen=True)
class Verdict:
    """Result of checking a log: how many audit rows fit, and the first position that does not, with its fault.

    `head` is the hash that the log ends with, in hex; empty without audit rows.
    """

    rows: int
    head: str = ""
    broken_at: int | None = None
    fault: Fault | None = None


@dataclass(frozen=True)
class _End:
    """What the head remembers, and what is there, seen at one moment."""

    position: int
    audit_hash: bytes
    last: int
    count: int


def verify() -> Verdict:
    """Check the log of the open door's tenant against its chain and its head.

    Events that are written meanwhile are left for the next time.
    """
    tenant_id = database.current_tenant()
    end = _end(tenant_id)
    rows = Event.objects.filter(type=Event.Type.AUDIT, position__lte=end.position).order_by("position")
    found = _follow(rows.iterator(), end.audit_hash)
    faults = [found, *_holes(tenant_id, end, found.rows)]
    broken = [verdict for verdict in faults if verdict.broken_at is not None]
    # The chain notices a hole only at the row behind it, or at the log's end; the hole itself says more.
    return min(broken, key=lambda one: (one.fault == Fault.HEAD, one.broken_at), default=found)


def _follow(rows: Iterable[Event], last_hash: bytes) -> Verdict:
    previous, position, count = b"", 0, 0
    for row in rows:
        follows = bytes(row.previous_hash or b"") == previous
        whole = bytes(row.hash or b"") == digest(row)
        if not (follows and whole):
            return Verdict(count, previous.hex(), row.position, Fault.CHANGED if follows else Fault.MOVED)
        previous, position, count = bytes(row.hash or b""), row.position, count + 1
    if previous != last_hash:
        return Verdict(count, previous.hex(), position, Fault.HEAD)
    return Verdict(count, previous.hex())


def _holes(tenant_id: UUID, end: _End, rows: int) -> Iterable[Verdict]:
    if end.last > end.position:
        yield Verdict(rows, "", _first(_ADDED, tenant_id, end.position), Fault.ADDED)
    if end.count < end.position or end.last != end.position:
        hole = _first(_REMOVED, tenant_id, end.position)
        if hole is not None:
            yield Verdict(rows, "", hole, Fault.REMOVED)


def _end(tenant_id: UUID) -> _End:
    with connection.cursor() as cursor:
        # one statement, so that a writer at work is seen whole or not at all
        cursor.execute(
            "select coalesce(head.position, 0), coalesce(head.audit_hash, ''), coalesce(log.last, 0), log.count "
            "from (select max(position) as last, count(*) as count from events_event where tenant_id = %s) log "
            "left join events_eventhead head on head.tenant_id = %s",
            [tenant_id, tenant_id],
        )
        position, audit_hash, last, count = cursor.fetchone()
    return _End(position, bytes(audit_hash), last, count)


def _first(statement: str, tenant_id: UUID, position: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"tenant": tenant_id, "position": position})
        (found,) = cursor.fetchone()
    return None if found is None else int(found)


_ADDED: Final = (
    "select min(position) from events_event where tenant_id = %(tenant)s and position > %(position)s"
)
_REMOVED: Final = """
select min(before + 1)
from (
    select position as before, lead(position, 1, %(position)s + 1) over (order by position) as next
    from events_event where tenant_id = %(tenant)s and position <= %(position)s
    union all
    select 0, coalesce(min(position), %(position)s + 1)
    from events_event where tenant_id = %(tenant)s and position <= %(position)s
) neighbours
where next > before + 1
"""
