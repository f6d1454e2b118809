"""`GET /events` and `/events/audit`: version 1, for the clients that still use it (reference/lookout.md 2.5)."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from vedette.api.mobile_risk.conditions import Conditions
from vedette.api.mobile_risk.event_rows import TYPES, Known, look_up
from vedette.api.mobile_risk.events import NOTHING
from vedette.api.mobile_risk.events_v1 import as_event, device_of
from vedette.api.mobile_risk.parameters import Parameters, wrong
from vedette.api.mobile_risk.shapes_v1 import Link, Page
from vedette.events import reading
from vedette.events.reading import Logged

PATHS: Final = {"/events": TYPES, "/events/audit": ("AUDIT",)}
MOST: Final = 100
_NOW: Final = "now"
_BY_TIME, _BY_KIND = "EVENTTIME", "AUDITEVENTTYPE"


async def page(
    connection: AsyncConnection[Any], tenant_id: UUID, given: Mapping[str, str], path: str
) -> Page:
    """Answer a page from `streamPosition` on; `now` answers no events, only the position. Raises ProblemError."""
    parameters = Parameters(given)
    position, limit = await _position(connection, tenant_id, given), parameters.limit(default=MOST, most=MOST)
    where = _conditions(tenant_id, parameters, path)
    total = await _total(connection, where) if parameters.text("offset") else None
    descending, by_kind = _order(parameters)
    if position:
        where.add("position < {}" if descending else "position > {}", position)
    offset = parameters.number("offset", 0, 10**9) or 0
    rows: list[Logged] = []
    if given.get("streamPosition", "").strip().lower() != _NOW:
        cursor = await connection.execute(
            f"select {reading.COLUMNS} from events_event where tenant_id = %(tenant)s{where.sql()}"  # noqa: S608 - our own SQL
            f" order by position {'desc' if descending else 'asc'} limit %(limit)s offset %(offset)s",
            {**where.parameters, "limit": limit + 1, "offset": offset},
        )
        rows = [Logged(*row) for row in await cursor.fetchall()]
    more, rows = len(rows) > limit, rows[:limit]
    last = str(rows[-1].position if rows else position)
    if (
        by_kind
    ):  # within the page, which positions choose: else the next one would begin behind events never shown
        rows.sort(key=lambda row: (row.action, row.position), reverse=descending)
    known = await _known(connection, rows)
    return Page(
        count=len(rows),
        stream_position=last,
        more_events=more,
        request_id=str(uuid4()),
        links=[
            Link(href=path, rel="events"),
            Link(href=f"{path}?{_next(given, last)}", rel="next"),
        ],
        events=[as_event(row, known) for row in rows],
        total_count=total,
    )


async def _position(connection: AsyncConnection[Any], tenant_id: UUID, given: Mapping[str, str]) -> int:
    named = given.get("streamPosition", "").strip().lower()
    if named == _NOW:
        return await reading.head(connection, tenant_id)
    if named in NOTHING:
        return 0
    return Parameters(given).number("streamPosition", 0, 10**17) or 0


def _next(given: Mapping[str, str], last: str) -> str:
    """Give the query of the next page: the same one, from where this page ends; an offset counts from there anew."""
    kept = {name: value for name, value in given.items() if name not in {"streamPosition", "offset"}}
    return urlencode({**kept, "streamPosition": last})


def _conditions(tenant_id: UUID, parameters: Parameters, path: str) -> Conditions:
    where = Conditions(tenant_id)
    allowed, named = PATHS[path], parameters.text("eventType")
    words = {word.strip().upper() for word in (named or "").split(",") if word.strip()}
    if words - set(TYPES):
        raise wrong("eventType", named, "of " + ", ".join(TYPES) + ", divided by commas")
    where.add("type = any({})", [kind for kind in allowed if not words or kind in words])
    where.add("occurred_at >= {}", parameters.moment("startTime"))
    where.add("occurred_at < {}", parameters.moment("endTime"))
    where.add("actor_id = {}", parameters.text("actorId"))
    target = parameters.text("targetId")
    where.add("{} in (target_id, detail ->> 'device_id')", target)
    return where


def _order(parameters: Parameters) -> tuple[bool, bool]:
    """Return whether the newest come first, and whether a page is sorted by what happened."""
    ascending, order = parameters.flag("ascending"), parameters.choice("order", {"ASC", "DESC"})
    by = parameters.choice("sortBy", {_BY_TIME, _BY_KIND})
    if ascending is not None and order is not None:
        raise wrong("ascending", ascending, "left out where order is given")
    descending = ascending is False or (order is not None and order.value == "DESC")
    return descending, by is not None and by.value == _BY_KIND


async def _total(connection: AsyncConnection[Any], where: Conditions) -> int:
    cursor = await connection.execute(
        f"select count(*) from events_event where tenant_id = %(tenant)s{where.sql()}",  # noqa: S608 - our own SQL
        where.parameters,
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def _known(connection: AsyncConnection[Any], rows: list[Logged]) -> Known:
    """Read what events are about, and the phones of threats too: version 1 names them in the target."""
    known = await look_up(connection, rows)
    wanted = [row for row in rows if row.type == "THREAT" and device_of(row)]
    phones = [row._replace(type="DEVICE", target_id=str(device_of(row))) for row in wanted]
    return Known({**known.devices, **(await look_up(connection, phones)).devices}, known.threats)
