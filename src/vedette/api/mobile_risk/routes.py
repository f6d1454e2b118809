"""Addresses of version 2 that answer from the tenant's rows: what each needs and who answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection

from vedette.api.mobile_risk import devices, events, os_vulns, pages_v1, smishing, threats
from vedette.api.mobile_risk.answers import ProblemError
from vedette.api.mobile_risk.parameters import Parameters
from vedette.api.mobile_risk.systems import Systems
from vedette.tenants.application_keys import Scope

API: Final = "/mra/api/v2/"


@dataclass(frozen=True)
class Asked:
    """One reading request: whose rows, by which parameters, behind the open door."""

    connection: AsyncConnection[Any]
    tenant_id: UUID
    given: Mapping[str, str]
    systems: Systems
    path: str

    @property
    def parameters(self) -> Parameters:
        """The parameters, to be read one by one."""
        return Parameters(self.given)


Read = Callable[[Asked], Awaitable[object]]


def find(path: str) -> tuple[Scope, Read]:
    """Return the scope that an address asks for and who answers. Raises ProblemError 404."""
    if path in pages_v1.PATHS:
        return Scope.EVENTS, _version_1
    name = path.removeprefix(API).rstrip("/") if path.startswith(API) else ""
    if name.startswith(_ONE_ALERT) and name.count("/") == 1:
        return Scope.RISK, _smishing_alert
    found = _READS.get(name)
    if found is None:
        raise ProblemError(404, "There is nothing at this address.", "NOT_FOUND")
    return found


async def _version_1(asked: Asked) -> object:
    return await pages_v1.page(asked.connection, asked.tenant_id, asked.given, asked.path)


async def _device(asked: Asked) -> object:
    known = await asked.systems.current()
    return await devices.device(asked.connection, asked.tenant_id, asked.parameters, known)


async def _devices(asked: Asked) -> object:
    known = await asked.systems.current()
    return await devices.devices(asked.connection, asked.tenant_id, asked.parameters, known)


async def _threat(asked: Asked) -> object:
    return await threats.one(asked.connection, asked.tenant_id, asked.parameters, web=False)


async def _threats(asked: Asked) -> object:
    return await threats.several(asked.connection, asked.tenant_id, asked.parameters, web=False)


async def _web_threat(asked: Asked) -> object:
    return await threats.one(asked.connection, asked.tenant_id, asked.parameters, web=True)


async def _web_threats(asked: Asked) -> object:
    return await threats.several(asked.connection, asked.tenant_id, asked.parameters, web=True)


async def _events(asked: Asked) -> object:
    return await events.page(asked.connection, asked.tenant_id, asked.given)


async def _smishing_alerts(asked: Asked) -> object:
    return smishing.several(asked.parameters)


async def _smishing_alert(asked: Asked) -> object:
    return smishing.one(asked.path.rpartition("/")[2])


async def _android(asked: Asked) -> object:
    return os_vulns.android(await asked.systems.loaded(), asked.parameters)


async def _ios(asked: Asked) -> object:
    return os_vulns.ios(await asked.systems.loaded(), asked.parameters)


async def _cve(asked: Asked) -> object:
    return os_vulns.by_name(await asked.systems.loaded(), asked.parameters)


async def _for_cve(asked: Asked) -> object:
    return os_vulns.profiles(await asked.systems.loaded(), asked.parameters)


async def _affected(asked: Asked) -> object:
    known = await asked.systems.loaded()
    return await os_vulns.affected(asked.connection, asked.tenant_id, known, asked.parameters)


async def _versions(asked: Asked) -> object:
    return await os_vulns.versions(asked.connection, asked.tenant_id, await asked.systems.current())


_ONE_ALERT: Final = "smishing-alerts/"
_READS: Final[Mapping[str, tuple[Scope, Read]]] = {
    "device": (Scope.RISK, _device),
    "devices": (Scope.RISK, _devices),
    "threat": (Scope.RISK, _threat),
    "threats": (Scope.RISK, _threats),
    "pcp-threat": (Scope.RISK, _web_threat),
    "pcp-threats": (Scope.RISK, _web_threats),
    "smishing-alerts": (Scope.RISK, _smishing_alerts),
    "os-vulns/android": (Scope.RISK, _android),
    "os-vulns/ios": (Scope.RISK, _ios),
    "os-vulns/cve": (Scope.RISK, _cve),
    "os-vulns/for_cve": (Scope.RISK, _for_cve),
    "os-vulns/devices": (Scope.RISK, _affected),
    "os-vulns/os-versions": (Scope.RISK, _versions),
    "events": (Scope.EVENTS, _events),
}
