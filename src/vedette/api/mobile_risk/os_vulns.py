"""`GET /mra/api/v2/os-vulns/…`: flaws of systems, and which devices have them (reference/lookout.md 2.2)."""

from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from vedette.api.mobile_risk import shapes, systems
from vedette.api.mobile_risk.conditions import Conditions
from vedette.api.mobile_risk.device_rows import COLUMNS, JOINS, DeviceRow, software
from vedette.api.mobile_risk.parameters import Parameters, wrong
from vedette.api.mobile_risk.systems import Version
from vedette.intel.os_knowledge import OsKnowledge

MOST_POINTS: Final = 10
MOST_DEVICES: Final = 10_000


class Wrapped(msgspec.Struct):
    """models.VulnerabilityBySeverity."""

    vulnerability: shapes.Vulnerability


class Vulnerabilities(msgspec.Struct):
    """models.Vulnerabilities."""

    count: int
    vulnerabilities: list[Wrapped]


class ByName(msgspec.Struct):
    """v2.GetCveByNameResponse."""

    cve: list[shapes.Vulnerability]


class Profiles(msgspec.Struct):
    """v2.GetOsVulnsByCveNameResponse."""

    name: str
    vuln_android_profiles: list[dict[str, str]]
    vuln_ios_profiles: list[dict[str, str]]


class Affected(msgspec.Struct):
    """v2.GetDevicesByCveNameResponse."""

    count: int
    devices: list[dict[str, Any]]


class Versions(msgspec.Struct):
    """v2.GetDistinctOsVersionsResponse."""

    ios: list[dict[str, str]]
    android: list[dict[str, str]]


def android(known: OsKnowledge, parameters: Parameters) -> Vulnerabilities:
    """Answer the flaws of a patch level."""
    patch = parameters.date("aspl")
    if patch is None:
        raise wrong("aspl", "", "a patch level like 2026-03-05")
    return _listed(systems.tell(systems.android_flaws(known, patch), _points(parameters)))


def ios(known: OsKnowledge, parameters: Parameters) -> Vulnerabilities:
    """Answer the flaws of a version of iOS, on iPhones."""
    version = parameters.text("version")
    if version is None:
        raise wrong("version", "", "a version like 18.2")
    return _listed(systems.tell(known.apple(version, ipad=False).missing, _points(parameters)))


def by_name(known: OsKnowledge, parameters: Parameters) -> ByName:
    """Answer what is known of a flaw; nothing for a name that no table has."""
    return ByName(systems.tell(systems.named(known, _name(parameters))))


def profiles(known: OsKnowledge, parameters: Parameters) -> Profiles:
    """Answer the versions that have a flaw."""
    name = _name(parameters)
    return Profiles(
        name,
        [
            {"platform": "ANDROID", "version": version, "patch_level": level}
            for version, level in systems.vulnerable_android(known, name)
        ],
        [{"platform": "IOS", "version": version} for version in systems.vulnerable_apple(known, name)],
    )


async def affected(
    connection: AsyncConnection[Any], tenant_id: UUID, known: OsKnowledge, parameters: Parameters
) -> Affected:
    """Answer the activated devices that have a flaw."""
    where = Conditions(tenant_id)
    where.always("d.activation_status = 'ACTIVATED'")
    await having(connection, where, known, _name(parameters))
    cursor = await connection.execute(
        f"select {COLUMNS} from devices_device d {JOINS} where d.tenant_id = %(tenant)s{where.sql()}"  # noqa: S608 - our own SQL
        f" order by d.id desc limit {MOST_DEVICES}",
        where.parameters,
    )
    rows = [DeviceRow(*row) for row in await cursor.fetchall()]
    told = [
        {"guid": str(row.id), "platform": row.platform, **msgspec.to_builtins(software(row, known))}
        for row in rows
    ]
    return Affected(len(told), told)


async def versions(connection: AsyncConnection[Any], tenant_id: UUID, known: OsKnowledge) -> Versions:
    """Answer the versions among activated devices, each once."""
    found = await _versions(connection, tenant_id, "and activation_status = 'ACTIVATED'")
    apple = sorted({one.os_version for one in found if one.platform == "IOS" and one.os_version})
    levels = sorted({one.security_patch.isoformat() for one in found if one.security_patch})
    return Versions(
        [
            {"platform": "IOS", "os_version": version}
            | ({"os_version_date": day.isoformat()} if (day := systems.released(known, version)) else {})
            for version in apple
        ],
        [{"platform": "ANDROID", "security_patch_level": level} for level in levels],
    )


async def having(connection: AsyncConnection[Any], where: Conditions, known: OsKnowledge, cve: str) -> None:
    """Narrow to devices that have a flaw: the distinct versions are judged, not each device."""
    found = await _versions(connection, where.parameters["tenant"])
    bad = [one for one in found if any(flaw.cve == cve for flaw in systems.missing(known, one))]
    where.add(
        "concat_ws('|', d.platform, d.os_version, d.security_patch, d.model ilike 'ipad%%') = any({})",
        ["|".join(map(str, _identity(one))) for one in bad],
    )


def _identity(one: Version) -> list[str]:
    """Return what `concat_ws` joins of a version; it leaves out what is null."""
    level = one.security_patch.isoformat() if one.security_patch else None
    parts = [one.platform, one.os_version, level]
    return [part for part in (*parts, "t" if one.ipad else "f") if part is not None]


async def _versions(connection: AsyncConnection[Any], tenant_id: UUID, narrowed: str = "") -> list[Version]:
    cursor = await connection.execute(
        f"select distinct platform, os_version, security_patch, model ilike 'ipad%%' from devices_device"  # noqa: S608 - our own SQL
        f" where tenant_id = %s {narrowed}",
        [tenant_id],
    )
    return [Version(*row) for row in await cursor.fetchall()]


def _listed(flaws: list[shapes.Vulnerability]) -> Vulnerabilities:
    return Vulnerabilities(len(flaws), [Wrapped(flaw) for flaw in flaws])


def _points(parameters: Parameters) -> int | None:
    return parameters.number("severity", 0, MOST_POINTS)


def _name(parameters: Parameters) -> str:
    name = parameters.text("name")
    if name is None:
        raise wrong("name", "", "a name like CVE-2025-48543")
    return name.upper()
