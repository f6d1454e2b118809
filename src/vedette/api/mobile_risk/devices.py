"""`GET /mra/api/v2/device` and `/devices` (reference/lookout.md 2.2)."""

import datetime as dt
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection

from vedette.api.mobile_risk import device_rows, os_vulns, shapes, systems
from vedette.api.mobile_risk.answers import ProblemError
from vedette.api.mobile_risk.conditions import Conditions, contains
from vedette.api.mobile_risk.counts import Counts
from vedette.api.mobile_risk.device_rows import COLUMNS, CONNECTOR_NUMBER, JOINS, DeviceRow, as_device
from vedette.api.mobile_risk.parameters import Choice, Parameters
from vedette.foundation import clock
from vedette.intel.os_knowledge import OsKnowledge
from vedette.intel.os_versions import is_ipad

PLATFORMS: Final = frozenset({"ANDROID", "IOS"})
ACTIVATION: Final = frozenset({"ACTIVATED", "DEACTIVATED", "PENDING"})
PROTECTION: Final = frozenset({"PROTECTED", "DISCONNECTED"})
SECURITY: Final = frozenset(device_rows.SECURITY.values())
PROFILES: Final = frozenset({"WORK", "PERSONAL"})
MONTHS: Final = (3, 6, 9, 12, 18, 24)
_DAYS_OF_A_MONTH: Final = 30.44
_DEVICE_ADMIN: Final = "coalesce((d.facts -> 'agent' -> 'permissions' ->> 'device_admin')::boolean, false)"
_CONDITIONS_OF_OTHERS: Final = ("s.", "x.")
_counts: Final = Counts()


async def device(
    connection: AsyncConnection[Any], tenant_id: UUID, parameters: Parameters, known: OsKnowledge
) -> shapes.Device:
    """Answer one device, by one of its names. Raises ProblemError 404 when there is none."""
    where = Conditions(tenant_id)
    where.add("d.id = {}", parameters.guid("guid"))
    where.add("d.entra_device_id::text = lower({})", parameters.text("customer_device_id"))
    where.add(
        "lower({}) in (lower(d.entra_device_id::text), lower(x.managed_device_id))",
        parameters.text("mdm_device_id"),
    )
    if len(where.parameters) == 1:
        raise ProblemError(
            400, "Name the device by guid, customer_device_id or mdm_device_id.", "BAD_REQUEST"
        )
    _of_connector(where, parameters)
    cursor = await connection.execute(
        f"select {COLUMNS} from devices_device d {JOINS} where d.tenant_id = %(tenant)s{where.sql()}"  # noqa: S608 - only our own SQL is written in
        " order by d.activation_status = 'DEACTIVATED', d.id desc limit 1",
        where.parameters,
    )
    row = await cursor.fetchone()
    if row is None:
        raise ProblemError(404, "There is no such device.", "NOT_FOUND")
    found = as_device(DeviceRow(*row), known)
    if parameters.flag("show_vulns") and not known.empty:
        found.device_vulns = _flaws(DeviceRow(*row), known)
    return found


async def devices(
    connection: AsyncConnection[Any], tenant_id: UUID, parameters: Parameters, known: OsKnowledge
) -> shapes.Devices:
    """Answer a page of devices, newest first, and how many there are from the cursor on."""
    limit, oid = parameters.limit(), parameters.guid("oid")
    where = _conditions(tenant_id, parameters)
    if cve := parameters.text("cve"):
        await os_vulns.having(connection, where, known, cve.upper())
    where.add("d.os_version = any({})", _versions_before(parameters, known))
    filters, values = where.sql(), dict(where.parameters)
    where.add("d.id < {}", oid)
    sql = where.sql()
    source = f"from devices_device d {JOINS if _joined(sql) else ''} where d.tenant_id = %(tenant)s{sql}"
    cursor = await connection.execute(
        f"with page as materialized (select d.id {source} order by d.id desc limit %(limit)s)"  # noqa: S608 - only our own SQL is written in
        f" select {COLUMNS} from page join devices_device d on d.tenant_id = %(tenant)s and d.id = page.id"
        f" {JOINS} order by d.id desc",
        {**where.parameters, "limit": limit},
    )
    found = [DeviceRow(*row) for row in await cursor.fetchall()] if limit else []
    if len(found) < limit:
        # the last page: these are all
        return shapes.Devices(len(found), [as_device(row, known) for row in found])
    left = _counts.known(filters, values, oid, len(found))
    if left is None:
        cursor = await connection.execute(f"select count(*) {source}", where.parameters)
        (count,) = await cursor.fetchone() or (0,)
        left = _counts.now(count)
    if found:
        _counts.remember(filters, values, found[-1].id, left, len(found))
    return shapes.Devices(left.rows, [as_device(row, known) for row in found])


def _conditions(tenant_id: UUID, parameters: Parameters) -> Conditions:
    where = Conditions(tenant_id)
    where.chosen("d.platform", parameters.choice("platform", PLATFORMS))
    where.chosen("d.activation_status", parameters.choice("state", ACTIVATION))
    where.chosen(device_rows.PROTECTION_SQL, parameters.choice("protection_status", PROTECTION))
    where.chosen("s.state", _state(parameters.choice("security_status", SECURITY)))
    where.chosen("null::text", parameters.choice("profile_type", PROFILES))
    email = contains(parameters.text("email"))
    where.add("coalesce(nullif(d.owner_email, ''), d.owner_upn) ilike {}", email)
    where.add("d.group_id = {}", parameters.guid("group"))
    managed = "(coalesce(x.managed_device_id, '') <> '' or coalesce(x.managed, false))"
    where.add(f"{managed} = {{}}", parameters.flag("is_mdm"))
    for unknown in ("pcp_enabled", "pcp_paused"):
        # nothing here says so of any device: asked for those with it there are none
        where.add("{} = false", parameters.flag(unknown))
    where.add(f"{_DEVICE_ADMIN} = {{}}", parameters.flag("device_admin_settings_activated"))
    where.add("d.os_version = {}", parameters.text("osversion"))
    where.add("d.security_patch = {}", parameters.date("aspl"))
    where.add("d.security_patch <= {}", _months_ago(parameters, "aspl_version_date"))
    where.since(device_rows.UPDATED_SQL, parameters.moment("updated_since"))
    return where


def _state(choice: Choice | None) -> Choice | None:
    """Ask for our own word, which has an index: a hundred thousand devices are not counted one by one."""
    if choice is None:
        return None
    own = next(state for state, name in device_rows.SECURITY.items() if name == choice.value)
    return replace(choice, value=own)


def _versions_before(parameters: Parameters, known: OsKnowledge) -> list[str] | None:
    """Return the versions that were released so many months ago; only Apple's are known by their day."""
    day = _months_ago(parameters, "os_version_date")
    if day is None:
        return None
    return [one.version for one in known.apple_releases() if one.released and one.released <= day]


def _flaws(row: DeviceRow, known: OsKnowledge) -> shapes.DeviceVulnerabilities:
    version = systems.Version(row.platform, row.os_version, row.security_patch, is_ipad(row.model))
    told = systems.tell(systems.missing(known, version))
    return shapes.DeviceVulnerabilities(vulnerabilities=[shapes.VulnerabilityInfo(info=one) for one in told])


def _of_connector(where: Conditions, parameters: Parameters) -> None:
    number = parameters.number("mdm_connector_id", 0, 10**9)
    if number is not None and number != CONNECTOR_NUMBER:
        where.always("false")
    where.add(
        "exists (select from intune_intuneconnector i where i.tenant_id = d.tenant_id and i.id = {})",
        parameters.guid("mdm_connector_uuid"),
    )


def _months_ago(parameters: Parameters, name: str) -> dt.date | None:
    months = parameters.number(name, MONTHS[0], MONTHS[-1], MONTHS)
    return (clock.now() - dt.timedelta(days=months * _DAYS_OF_A_MONTH)).date() if months else None


def _joined(sql: str) -> bool:
    """Tell whether conditions look at other tables: counting without them is a look at one index."""
    return any(alias in sql for alias in _CONDITIONS_OF_OTHERS)
