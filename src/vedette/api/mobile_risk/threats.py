"""`GET /mra/api/v2/threat(s)` and `/pcp-threat(s)`: threats of phones, and those of web content (lookout.md 2.2)."""

import datetime as dt
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection

from vedette.api.mobile_risk import device_rows, shapes
from vedette.api.mobile_risk.answers import ProblemError
from vedette.api.mobile_risk.conditions import Conditions, contains
from vedette.api.mobile_risk.devices import PLATFORMS, PROFILES
from vedette.api.mobile_risk.parameters import Parameters
from vedette.api.mobile_risk.shapes import moment, text
from vedette.api.mobile_risk.threat_details import details, package_of
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.classifications.model import Family
from vedette.verdict.risk import Risk

STATUSES: Final = frozenset({"OPEN", "RESOLVED", "IGNORED"})
WEB: Final = frozenset(code for code, known in CLASSIFICATIONS.items() if known.family is Family.WEB_CONTENT)
OTHERS: Final = frozenset(CLASSIFICATIONS) - WEB
TYPES: Final = {
    family.value: sorted(code for code, known in CLASSIFICATIONS.items() if known.family is family)
    for family in Family
    if family is not Family.WEB_CONTENT
}


class ThreatRow(NamedTuple):
    """One row of _COLUMNS."""

    id: UUID
    tenant_id: UUID
    device_id: UUID
    classification: str
    key: str
    status: str
    risk: int
    response: str
    summary: str
    evidence: list[dict[str, Any]]
    created_at: dt.datetime
    detected_at: dt.datetime
    resolved_at: dt.datetime | None
    platform: str
    email: str
    entra_device_id: UUID | None
    external_id: str | None
    connector_id: UUID | None


async def one(
    connection: AsyncConnection[Any], tenant_id: UUID, parameters: Parameters, *, web: bool
) -> shapes.Threat:
    """Answer one threat by its guid. Raises ProblemError 404 when there is none of this kind."""
    guid = parameters.guid("guid")
    if guid is None:
        raise ProblemError(400, "Name the threat by guid.", "BAD_REQUEST")
    where = Conditions(tenant_id)
    where.add("t.id = {}", guid)
    _of_kind(where, web=web)
    found = await read(connection, where, limit=1)
    if not found:
        raise ProblemError(404, "There is no such threat.", "NOT_FOUND")
    return found[0]


async def several(
    connection: AsyncConnection[Any], tenant_id: UUID, parameters: Parameters, *, web: bool
) -> shapes.Threats:
    """Answer a page of threats, newest first, and how many there are from the cursor on."""
    where, limit = Conditions(tenant_id), parameters.limit()
    codes = WEB if web else OTHERS
    chosen = parameters.choice("classification", codes)
    where.chosen("t.classification", chosen)
    if chosen is None or chosen.negated:
        _of_kind(where, web=web)
    _common(where, parameters)
    if not web:
        status = parameters.choice("status", STATUSES)
        where.chosen("upper(t.status)", status)
        kind = parameters.choice("threat_type", TYPES)
        if kind:
            where.add(
                f"(t.classification = any({{}})) is {'false' if kind.negated else 'true'}", TYPES[kind.value]
            )
    where.add("t.id < {}", parameters.guid("oid"))
    sql = where.sql()
    joins = _DEVICE_JOINS if "d." in sql or "x." in sql else ""
    cursor = await connection.execute(
        f"select count(*) from threats_threat t {joins} where t.tenant_id = %(tenant)s{sql}",  # noqa: S608 - only our own SQL is written in
        where.parameters,
    )
    (count,) = await cursor.fetchone() or (0,)
    return shapes.Threats(count, await read(connection, where, limit) if limit else [])


async def read(connection: AsyncConnection[Any], where: Conditions, limit: int) -> list[shapes.Threat]:
    """Read threats under these conditions, newest first."""
    cursor = await connection.execute(
        f"select {_COLUMNS} from threats_threat t {_DEVICE_JOINS} where t.tenant_id = %(tenant)s{where.sql()}"  # noqa: S608 - only our own SQL is written in
        " order by t.id desc limit %(limit)s",
        {**where.parameters, "limit": limit},
    )
    rows = [ThreatRow(*row) for row in await cursor.fetchall()]
    apps = await _apps(connection, rows)
    return [_threat(row, apps.get(row.id)) for row in rows]


def subject(row: ThreatRow) -> shapes.DeviceForThreat:
    """Return whom a threat concerns."""
    return shapes.DeviceForThreat(
        guid=str(row.device_id),
        email=text(row.email),
        customer_device_id=text(row.entra_device_id),
        platform=row.platform,
        details=device_rows.details(row.external_id, row.connector_id, as_text=True),
    )


async def rows_of(connection: AsyncConnection[Any], ids: list[UUID]) -> dict[UUID, tuple[ThreatRow, Any]]:
    """Read threats by their IDs, with the application of each where the phone lists it."""
    if not ids:
        return {}
    cursor = await connection.execute(
        f"select {_COLUMNS} from threats_threat t {_DEVICE_JOINS} where t.id = any(%(ids)s)",  # noqa: S608 - only our own SQL is written in
        {"ids": ids},
    )
    rows = [ThreatRow(*row) for row in await cursor.fetchall()]
    apps = await _apps(connection, rows)
    return {row.id: (row, apps.get(row.id)) for row in rows}


def _common(where: Conditions, parameters: Parameters) -> None:
    where.chosen("d.platform", parameters.choice("platform", PLATFORMS))
    where.chosen("null::text", parameters.choice("profile_type", PROFILES))
    where.add("t.device_id = {}", parameters.guid("device_guid"))
    risk = parameters.choice("risk", {level.name for level in Risk})
    if risk:
        where.add("t.risk <> {}" if risk.negated else "t.risk = {}", int(Risk[risk.value]))
    where.since("t.created_at", parameters.since_timeframe())
    where.since("t.updated_at", parameters.moment("updated_since"))
    where.add(_SEARCH, contains(parameters.text("query")))


def _of_kind(where: Conditions, *, web: bool) -> None:
    where.add(f"(t.classification = any({{}})) is {'true' if web else 'false'}", sorted(WEB))


async def _apps(connection: AsyncConnection[Any], rows: list[ThreatRow]) -> dict[UUID, dict[str, Any]]:
    """Find the applications that threats were found in, in the inventories of their phones."""
    wanted = [(row.id, row.device_id, package_of(row.classification, row.key)) for row in rows]
    asked = [(threat, device, package) for threat, device, package in wanted if package]
    if not asked:
        return {}
    threats, devices, packages = zip(*asked, strict=True)
    cursor = await connection.execute(
        _APPS, {"threats": list(threats), "devices": list(devices), "packages": list(packages)}
    )
    return dict(await cursor.fetchall())


def _threat(row: ThreatRow, app: dict[str, Any] | None) -> shapes.Threat:
    risk = Risk(row.risk).name
    return shapes.Threat(
        guid=str(row.id),
        oid=str(row.id),
        enterprise_guid=str(row.tenant_id),
        device_guid=str(row.device_id),
        type=CLASSIFICATIONS[row.classification].family.value
        if row.classification in CLASSIFICATIONS
        else "APPLICATION",
        classification=row.classification,
        risk=risk,
        status=row.status.upper(),
        description=text(row.summary),
        created_time=moment(row.created_at),
        detected_at=moment(row.detected_at),
        resolved_at=moment(row.resolved_at),
        assessments=[shapes.Assessment(classification=row.classification, risk=risk)],
        details=details(row.classification, row.key, row.evidence, response=row.response, app=app),
        device=subject(row),
    )


_DEVICE_JOINS: Final = """
join devices_device d on d.tenant_id = t.tenant_id and d.id = t.device_id
left join directory_directorydevice x on x.tenant_id = d.tenant_id and x.object_id = d.entra_object_id
"""
_COLUMNS: Final = f"""
t.id, t.tenant_id, t.device_id, t.classification, t.key, t.status, t.risk, t.response, t.summary, t.evidence,
t.created_at, t.detected_at, t.resolved_at, d.platform, coalesce(nullif(d.owner_email, ''), d.owner_upn),
d.entra_device_id, {device_rows.EXTERNAL_SQL},
(select i.id from intune_intuneconnector i where i.tenant_id = t.tenant_id limit 1)
"""  # noqa: S608 - only our own SQL is written in
_SEARCH: Final = """concat_ws(' ', d.id, d.entra_device_id, x.managed_device_id,
  coalesce(nullif(d.owner_email, ''), d.owner_upn)) ilike {}"""
_APPS: Final = """
select distinct on (wanted.threat) wanted.threat, jsonb_build_object('name', app ->> 'name', 'sha256', app ->> 'sha256')
from unnest(%(threats)s::uuid[], %(devices)s::uuid[], %(packages)s::text[]) as wanted (threat, device, package)
join devices_device d on d.id = wanted.device
cross join lateral jsonb_path_query(
    d.facts, '$.apps[*] ? (@.package == $package)', jsonb_build_object('package', wanted.package)) app
"""
