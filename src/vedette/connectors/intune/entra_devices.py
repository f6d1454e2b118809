"""Devices as Entra and Intune tell of them, joined by Entra device ID.

The join is `device.deviceId` = `managedDevice.azureADDeviceId` (microsoft.md 2.6). The owner is Intune's primary
user; where Intune has none, the person who registered the device in Entra.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from vedette.connectors.intune.eligibility import Candidate
from vedette.foundation.graph import Graph

DEVICE_FIELDS: Final = (
    "id,deviceId,displayName,operatingSystem,operatingSystemVersion,manufacturer,model,trustType,"
    "accountEnabled,isManaged,isCompliant,approximateLastSignInDateTime,registrationDateTime,"
    "extensionAttributes"
)
MANAGED_FIELDS: Final = (
    "id,azureADDeviceId,userId,deviceName,operatingSystem,osVersion,manufacturer,model,complianceState,"
    "partnerReportedThreatState,lastSyncDateTime,managedDeviceOwnerType,serialNumber"
)
OWNERS: Final = "registeredOwners($select=id)"
UNREGISTERED: Final = "00000000-0000-0000-0000-000000000000"
PAGE: Final = 999
INTUNE_PAGE: Final = 1000

Json = dict[str, Any]


@dataclass(frozen=True)
class EntraDevice:
    """One device: Entra's record, with Intune's beside it where there is one."""

    object_id: uuid.UUID
    device_id: uuid.UUID
    owner_oid: uuid.UUID | None
    entra: Json
    intune: Json


def devices_of_members(graph: Graph, people: Collection[str], members: Collection[str]) -> list[EntraDevice]:
    """Read the devices of PEOPLE (object IDs) and those that are members themselves, each once.

    Two listings whatever the number of people: all of Intune's devices, all of Entra's with their owners.
    """
    managed = _by_device_id(
        graph.pages("/deviceManagement/managedDevices", select=MANAGED_FIELDS, top=INTUNE_PAGE)
    )
    found: dict[str, EntraDevice] = {}
    for item in graph.pages("/devices", select=DEVICE_FIELDS, expand=OWNERS, top=PAGE):
        record = managed.get(_key(item.get("deviceId")), {})
        owner = _owner(item, record, people)
        if owner in people or item["id"] in members:
            found[item["id"]] = _device(item, record, owner)
    return list(found.values())


def devices_of_person(graph: Graph, oid: uuid.UUID) -> list[EntraDevice]:
    """Read one person's devices live: those of Intune's primary user, and those registered in their name."""
    person = str(oid)
    managed = _by_device_id(graph.pages(f"/users/{oid}/managedDevices", select=MANAGED_FIELDS))
    owned = {
        item["id"]: f"/devices/{item['id']}?$select={DEVICE_FIELDS}"
        for item in graph.pages(f"/users/{oid}/ownedDevices", select="id")
        if item.get("@odata.type", "#microsoft.graph.device").endswith(".device")
    }
    entra = {key: item for key, item in graph.batch_get(owned) if item}
    known = {_key(item.get("deviceId")) for item in entra.values()}
    for device_id in managed.keys() - known:
        entra |= {item["id"]: item for item in _one(graph, "/devices", "deviceId", device_id, DEVICE_FIELDS)}
    found = []
    for item in entra.values():
        record = managed.get(_key(item.get("deviceId"))) or _record(graph, item)
        if record.get("userId", person) in {person, ""}:
            found.append(_device(item, record, person))
    return found


def candidate(device: EntraDevice) -> Candidate:
    """Say what eligibility asks."""
    entra, intune = device.entra, device.intune
    return Candidate(
        operating_system=entra.get("operatingSystem") or intune.get("operatingSystem") or "",
        os_version=intune.get("osVersion") or entra.get("operatingSystemVersion") or "",
        enabled=entra.get("accountEnabled") is not False,
        managed=bool(entra.get("isManaged")) or bool(intune),
        last_sign_in_at=_newest(entra.get("approximateLastSignInDateTime"), intune.get("lastSyncDateTime")),
    )


def moment(text: str | None) -> datetime | None:
    """Read a Graph date; None for none, and for the year 1 that Intune writes for 'never'."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text)


def _newest(*texts: str | None) -> datetime | None:
    return max((known for known in map(moment, texts) if known), default=None)


def _by_device_id(listed: Any) -> dict[str, Json]:
    """Intune's records by Entra device ID; of several (enrolled again) the one that synced last."""
    records: dict[str, Json] = {}
    for item in sorted(listed, key=lambda item: item.get("lastSyncDateTime") or ""):
        device_id = _key(item.get("azureADDeviceId"))
        if device_id and device_id != UNREGISTERED:
            records[device_id] = item
    return records


def _owner(item: Mapping[str, Any], record: Mapping[str, Any], people: Collection[str]) -> str:
    primary = str(record.get("userId") or "")
    if primary:
        return primary
    owners = [str(owner["id"]) for owner in item.get("registeredOwners") or []]
    return next((owner for owner in owners if owner in people), owners[0] if owners else "")


def _record(graph: Graph, item: Mapping[str, Any]) -> Json:
    """Intune's record of a device registered by this person and, it may be, used by another."""
    path, device_id = "/deviceManagement/managedDevices", _key(item.get("deviceId"))
    return next(iter(_one(graph, path, "azureADDeviceId", device_id, MANAGED_FIELDS)), {})


def _one(graph: Graph, path: str, name: str, value: str, fields: str) -> list[Json]:
    """Look one object up; the filter is applied again here, since Intune ignores some (microsoft.md 2.2)."""
    listed = graph.pages(path, filter=f"{name} eq '{value}'", select=fields)
    return [item for item in listed if _key(item.get(name)) == value]


def _key(device_id: object) -> str:
    return str(device_id or "").lower()


def _device(item: Json, record: Json, owner: str) -> EntraDevice:
    return EntraDevice(
        object_id=uuid.UUID(item["id"]),
        device_id=uuid.UUID(item["deviceId"]),
        owner_oid=uuid.UUID(owner) if owner else None,
        entra=item,
        intune=record,
    )
