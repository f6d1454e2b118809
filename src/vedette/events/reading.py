"""Reading the event log from where somebody stands, for streams, APIs and deliveries.

Positions are commit order (design.md 2, rule 3): whoever remembers the last position it has handled and asks for what
comes after it misses nothing, across processes and restarts. `CHANNEL` of log.py wakes who waits. The functions work
on a psycopg connection behind the tenant's door (`database.pool_tenant`).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection

_UUID7: Final = 7
_TIME_BITS: Final = 80
_EARLIER_SECONDS: Final = 2


class Logged(NamedTuple):
    """One event of the log."""

    position: int
    id: UUID
    tenant_id: UUID
    type: str
    change_type: str
    action: str
    occurred_at: dt.datetime
    actor_type: str
    actor_id: str
    target_type: str
    target_id: str
    target_name: str
    changes: list[dict[str, Any]]
    detail: dict[str, Any]
    actor_name: str = ""


async def after(
    connection: AsyncConnection[Any],
    tenant_id: UUID,
    position: int,
    limit: int,
    types: Sequence[str] | None = None,
) -> list[Logged]:
    """Read what follows a position, in order; of these types only, if given."""
    narrowed = "and type = any(%(types)s)" if types else ""
    cursor = await connection.execute(
        _AFTER.format(narrowed=narrowed),
        {
            "tenant": tenant_id,
            "position": position,
            "limit": limit,
            "types": list(types or ()),
        },
    )
    return [Logged(*row) for row in await cursor.fetchall()]


async def head(connection: AsyncConnection[Any], tenant_id: UUID) -> int:
    """Return the last position; 0 while nothing has happened."""
    cursor = await connection.execute(_HEAD, {"tenant": tenant_id})
    row = await cursor.fetchone()
    return row[0] if row else 0


async def position_of(connection: AsyncConnection[Any], tenant_id: UUID, event_id: UUID) -> int | None:
    """Return where an event stands; None when the log has no such event."""
    cursor = await connection.execute(_POSITION_OF, {"tenant": tenant_id, "id": event_id})
    row = await cursor.fetchone()
    return row[0] if row else None


async def id_of(connection: AsyncConnection[Any], tenant_id: UUID, position: int) -> UUID | None:
    """Return the ID of the event at a position; None when there is none."""
    cursor = await connection.execute(_ID_OF, {"tenant": tenant_id, "position": position})
    row = await cursor.fetchone()
    return row[0] if row else None


async def position_before(connection: AsyncConnection[Any], tenant_id: UUID, moment: dt.datetime) -> int:
    """Return the position after which everything happened at or after a time.

    IDs carry the (real) time of writing, made a moment before the event's own; the index is theirs.
    """
    floor = UUID(int=max(0, int((moment.timestamp() - _EARLIER_SECONDS) * 1000)) << _TIME_BITS)
    given = {"tenant": tenant_id, "floor": floor, "moment": moment}
    cursor = await connection.execute(_POSITION_BEFORE, given)
    row = await cursor.fetchone()
    return row[0] if row else await head(connection, tenant_id)


def written_at(event_id: UUID) -> dt.datetime | None:
    """Return the time inside an ID of version 7, ours or somebody else's; None for other versions.

    Raises ValueError for a time after the year 9999.
    """
    if event_id.version != _UUID7:
        return None
    return dt.datetime.fromtimestamp((event_id.int >> _TIME_BITS) / 1000, dt.UTC)


def id_at(moment: dt.datetime) -> UUID:
    """Return an ID of version 7 that no event has, to resume from a time."""
    return UUID(int=(int(moment.timestamp() * 1000) << _TIME_BITS) | (_UUID7 << 76) | (0b10 << 62))


COLUMNS: Final = """
position, id, tenant_id, type, change_type, action, occurred_at, actor_type, actor_id, target_type, target_id,
target_name, changes, detail, actor_name
"""
"""What Logged holds, for a query of one's own."""
_AFTER: Final = f"""
select {COLUMNS} from events_event
where tenant_id = %(tenant)s and position > %(position)s {{narrowed}}
order by position limit %(limit)s
"""  # noqa: S608 - only our own SQL is written in
_HEAD: Final = "select position from events_eventhead where tenant_id = %(tenant)s"
_POSITION_OF: Final = "select position from events_event where tenant_id = %(tenant)s and id = %(id)s"
_ID_OF: Final = "select id from events_event where tenant_id = %(tenant)s and position = %(position)s"
_POSITION_BEFORE: Final = """
select position - 1 from events_event
where tenant_id = %(tenant)s and id >= %(floor)s and occurred_at >= %(moment)s order by id limit 1
"""
