"""Devices as Entra and Intune tell of them, joined by Entra device ID.

The join is `device.deviceId` = `managedDevice.azureADDeviceId` (microsoft.md 2.6). The owner is Intune's primary
user; where Intune has none, the person who registered the device in Entra.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
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
    "partnerReportedThreatState,lastSyncDateTime,managedDeviceOwnerType,serialNumber,isEncrypted,jailBroken,"
    "androidSecurityPatchLevel"
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
    managed = by_device_id(
        graph.pages("/deviceManagement/managedDevices", select=MANAGED_FIELDS, top=INTUNE_PAGE)
    )
    listed = graph.pages("/devices", select=DEVICE_FIELDS, expand=OWNERS, top=PAGE)
    return list({device.object_id: device for device in joined(listed, managed, people, members)}.values())


def joined(
    items: Iterable[Json], managed: Mapping[str, Json], people: Collection[str], members: Collection[str]
) -> list[EntraDevice]:
    """Pure: join Entra's devices with Intune's records; those of PEOPLE, and those that are MEMBERS themselves."""
    found = []
    for item in items:
        record = managed.get(key_of(item.get("deviceId")), {})
        owner = owner_of(item, record, people)
        if owner in people or item["id"] in members:
            found.append(device_of(item, record, owner))
    return found


def owners_of(items: Iterable[Json], managed: Mapping[str, Json]) -> set[str]:
    """Pure: everybody who may be the owner of one of these devices."""
    found = {str(owner["id"]) for item in items for owner in item.get("registeredOwners") or []}
    records = (managed.get(key_of(item.get("deviceId")), {}) for item in items)
    return found | {str(record["userId"]) for record in records if record.get("userId")}


def devices_of_person(graph: Graph, oid: uuid.UUID) -> list[EntraDevice]:
    """Read one person's devices live: those of Intune's primary user, and those registered in their name."""
    person = str(oid)
    managed = by_device_id(graph.pages(f"/users/{oid}/managedDevices", select=MANAGED_FIELDS))
    owned = {
        item["id"]: f"/devices/{item['id']}?$select={DEVICE_FIELDS}"
        for item in graph.pages(f"/users/{oid}/ownedDevices", select="id")
        if item.get("@odata.type", "#microsoft.graph.device").endswith(".device")
    }
    entra = {key: item for key, item in graph.batch_get(owned) if item}
    known = {key_of(item.get("deviceId")) for item in entra.values()}
    for device_id in managed.keys() - known:
        entra |= {item["id"]: item for item in _one(graph, "/devices", "deviceId", device_id, DEVICE_FIELDS)}
    found = []
    for item in entra.values():
        record = managed.get(key_of(item.get("deviceId"))) or _record(graph, item)
        if record.get("userId", person) in {person, ""}:
            found.append(device_of(item, record, person))
    return found


def device_now(graph: Graph, item: Json) -> EntraDevice:
    """Read Intune's record of one device of Entra live, and whoever is its owner."""
    record = _record(graph, item)
    owners = item.get("registeredOwners")
    if owners is None:
        owners = list(graph.pages(f"/devices/{item['id']}/registeredOwners", select="id"))
    return device_of(item, record, owner_of({**item, "registeredOwners": owners}, record, ()))


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


def by_device_id(listed: Iterable[Json]) -> dict[str, Json]:
    """Pure: Intune's records by Entra device ID; of several (enrolled again) the one that synced last."""
    records: dict[str, Json] = {}
    for item in sorted(listed, key=lambda item: item.get("lastSyncDateTime") or ""):
        device_id = key_of(item.get("azureADDeviceId"))
        if device_id and device_id != UNREGISTERED:
            records[device_id] = item
    return records


def owner_of(item: Mapping[str, Any], record: Mapping[str, Any], people: Collection[str]) -> str:
    """Pure: Intune's primary user, else whoever registered the device, one of PEOPLE before others; or empty."""
    primary = str(record.get("userId") or "")
    if primary:
        return primary
    owners = [str(owner["id"]) for owner in item.get("registeredOwners") or []]
    return next((owner for owner in owners if owner in people), owners[0] if owners else "")


def _record(graph: Graph, item: Mapping[str, Any]) -> Json:
    """Intune's record of a device registered by this person and, it may be, used by another."""
    path, device_id = "/deviceManagement/managedDevices", key_of(item.get("deviceId"))
    return next(iter(_one(graph, path, "azureADDeviceId", device_id, MANAGED_FIELDS)), {})


def _one(graph: Graph, path: str, name: str, value: str, fields: str) -> list[Json]:
    """Look one object up; the filter is applied again here, since Intune ignores some (microsoft.md 2.2)."""
    listed = graph.pages(path, filter=f"{name} eq '{value}'", select=fields)
    return [item for item in listed if key_of(item.get(name)) == value]


def key_of(device_id: object) -> str:
    """Pure: the form in which Entra device IDs are compared."""
    return str(device_id or "").lower()


def device_of(item: Json, record: Json, owner: str) -> EntraDevice:
    """Pure: put the two records together. Raises KeyError or ValueError for what Microsoft never sends."""
    return EntraDevice(
        object_id=uuid.UUID(item["id"]),
        device_id=uuid.UUID(item["deviceId"]),
        owner_oid=uuid.UUID(owner) if owner else None,
        entra=item,
        intune=record,
    )
