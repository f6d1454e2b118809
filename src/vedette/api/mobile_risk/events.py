"""`GET /mra/api/v2/events`: the log in pages, for pollers (proven by the clients that use it, lookout.md 2.2)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from vedette.api.mobile_risk import shapes
from vedette.api.mobile_risk.event_rows import ACCEPTED, TYPES, as_event, look_up
from vedette.api.mobile_risk.parameters import MOST, Parameters, wrong
from vedette.events import reading

REPLAY: Final = dt.timedelta(days=10)
"""So far back goes who names a time, or an ID that is not in the log."""

NOTHING: Final = frozenset({"", "0", "null", "none", "undefined", "nan"})
"""What clients send that have no position yet."""

_MARGIN: Final = dt.timedelta(minutes=1)


class Page(msgspec.Struct):
    """Events in order, and where to go on."""

    events: list[shapes.Event]
    last_oid: str


async def page(connection: AsyncConnection[Any], tenant_id: UUID, given: Mapping[str, str]) -> Page:
    """Answer the events behind `oid`, else from `start_time` on, else of the last ten days; oldest first."""
    parameters = Parameters(given)
    types, limit = wanted_types(given), parameters.limit(default=MOST)
    oid = given.get("oid", "").strip()
    start = await position(connection, tenant_id, oid, parameters.moment("start_time"))
    if start is None:
        start = await reading.position_before(connection, tenant_id, _oldest())
    rows = await reading.after(connection, tenant_id, start, limit, types) if types else []
    known = await look_up(connection, rows)
    last = str(rows[-1].id) if rows else "" if oid.lower() in NOTHING else oid
    return Page([as_event(row, known) for row in rows], last)


async def position(
    connection: AsyncConnection[Any], tenant_id: UUID, event_id: str, start_time: dt.datetime | None
) -> int | None:
    """Return the position after which somebody goes on; None when neither an ID nor a time was named.

    An ID of the log says it exactly, however old. Any other ID of version 7, for example the last one that Lookout
    gave, says when: a minute before that, since its clock was another's. By a time nobody gets back further than ten
    days.
    Raises ProblemError 400.
    """
    if event_id.lower() not in NOTHING:
        try:
            wanted = UUID(event_id)
            written = reading.written_at(wanted)
        except ValueError:
            raise wrong("id", event_id, "the id of an event") from None
        found = await reading.position_of(connection, tenant_id, wanted)
        if found is not None:
            return found
        since = written - _MARGIN if written else _oldest()
        return await reading.position_before(connection, tenant_id, max(since, _oldest()))
    if start_time is not None:
        return await reading.position_before(connection, tenant_id, max(start_time, _oldest()))
    return None


def wanted_types(given: Mapping[str, str]) -> list[str]:
    """Return the types of the log that are asked for by `types`, or `type`; all when none is named."""
    named = given.get("types") or given.get("type") or ""
    words = {word.strip().upper() for word in named.split(",") if word.strip()}
    if words - ACCEPTED:
        raise wrong("types", named, "of " + ", ".join(sorted(ACCEPTED)) + ", divided by commas")
    return [name for name in TYPES if name in words] if words else list(TYPES)


def _oldest() -> dt.datetime:
    # IDs carry real time, not the time of the domain
    return dt.datetime.now(dt.UTC) - REPLAY
