"""Devices as Entra and Intune tell of them, joined by Entra device ID.

The join is `device.deviceId` = `managedDevice.azureADDeviceId` (microsoft.md 2.6); the owner comes from
Intune's primary user, and for devices Intune does not manage from the person's owned devices.
"""

import uuid
from collections.abc import Iterable, Iterator
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
UNREGISTERED: Final = "00000000-0000-0000-0000-000000000000"
PAGE: Final = 999


@dataclass(frozen=True)
class EntraDevice:
    """One device: Entra's record, with Intune's beside it where there is one."""

    object_id: uuid.UUID
    device_id: uuid.UUID
    owner_oid: uuid.UUID | None
    entra: dict[str, Any]
    intune: dict[str, Any]


def devices_of_members(graph: Graph, people: set[str], member_devices: set[str]) -> list[EntraDevice]:
    """Read the devices of PEOPLE and those that are members themselves, each once."""
    managed = _managed(graph)
    found: dict[str, EntraDevice] = {}
    unowned: list[dict[str, Any]] = []
    for item in graph.pages("/devices", select=DEVICE_FIELDS, top=PAGE):
        record = managed.get(str(item.get("deviceId", "")).lower(), {})
        owner = record.get("userId") or ""
        if owner in people or item["id"] in member_devices:
            found[item["id"]] = _device(item, record, owner)
        elif not record:
            unowned.append(item)
    found |= _owned(graph, people, unowned)
    return list(found.values())


def devices_of_person(graph: Graph, oid: uuid.UUID) -> list[EntraDevice]:
    """Read one person's devices live."""
    managed = {
        str(item.get("azureADDeviceId", "")).lower(): item
        for item in graph.pages(f"/users/{oid}/managedDevices", select=MANAGED_FIELDS)
    }
    owned = {item["id"]: item for item in _phones(graph, str(oid))}
    for device_id in managed:
        if device_id != UNREGISTERED and not any(
            str(item.get("deviceId", "")).lower() == device_id for item in owned.values()
        ):
            listed = graph.pages("/devices", filter=f"deviceId eq '{device_id}'", select=DEVICE_FIELDS)
            owned |= {item["id"]: item for item in listed}
    return [
        _device(item, managed.get(str(item.get("deviceId", "")).lower(), {}), str(oid))
        for item in owned.values()
    ]


def candidate(device: EntraDevice) -> Candidate:
    """Say what eligibility asks."""
    entra, intune = device.entra, device.intune
    return Candidate(
        operating_system=entra.get("operatingSystem") or intune.get("operatingSystem") or "",
        os_version=intune.get("osVersion") or entra.get("operatingSystemVersion") or "",
        enabled=entra.get("accountEnabled") is not False,
        managed=bool(entra.get("isManaged")) or bool(intune),
        last_sign_in_at=moment(entra.get("approximateLastSignInDateTime"))
        or moment(intune.get("lastSyncDateTime")),
    )


def moment(text: str | None) -> datetime | None:
    """Read a Graph date; None for none, and for the year 1 that Intune writes for 'never'."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text)


def _managed(graph: Graph) -> dict[str, dict[str, Any]]:
    """Intune's records by Entra device ID; of several the one that synced last."""
    records: dict[str, dict[str, Any]] = {}
    listed = graph.pages("/deviceManagement/managedDevices", select=MANAGED_FIELDS, top=1000)
    for item in sorted(listed, key=lambda item: item.get("lastSyncDateTime") or ""):
        device_id = str(item.get("azureADDeviceId") or "").lower()
        if device_id and device_id != UNREGISTERED:
            records[device_id] = item
    return records


def _owned(graph: Graph, people: set[str], unowned: Iterable[dict[str, Any]]) -> dict[str, EntraDevice]:
    """Find the owners of devices that Intune does not manage; asked device by device, 20 in a batch."""
    devices = {item["id"]: item for item in unowned}
    found: dict[str, EntraDevice] = {}
    paths = {object_id: f"/devices/{object_id}/registeredOwners?$select=id" for object_id in devices}
    for object_id, answer in graph.batch_get(paths):
        owners = [owner["id"] for owner in answer.get("value", []) if owner["id"] in people]
        if owners:
            found[object_id] = _device(devices[object_id], {}, owners[0])
    return found


def _phones(graph: Graph, oid: str) -> Iterator[dict[str, Any]]:
    for item in graph.pages(f"/users/{oid}/ownedDevices"):
        if item.get("@odata.type", "#microsoft.graph.device").endswith(".device"):
            yield graph.get(f"/devices/{item['id']}", select=DEVICE_FIELDS)


def _device(item: dict[str, Any], record: dict[str, Any], owner: str) -> EntraDevice:
    return EntraDevice(
        object_id=uuid.UUID(item["id"]),
        device_id=uuid.UUID(item["deviceId"]),
        owner_oid=uuid.UUID(owner) if owner else None,
        entra=item,
        intune=record,
    )
