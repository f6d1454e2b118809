"""Looking live at people and devices that may have changed: who counts now, and what they are like."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vedette.connectors.intune.entra_devices import (
    DEVICE_FIELDS,
    MANAGED_FIELDS,
    OWNERS,
    EntraDevice,
    by_device_id,
    device_of,
    devices_of_person,
    joined,
    key_of,
    owners_of,
)
from vedette.connectors.intune.membership import device_is_member, is_member, known
from vedette.directory import read
from vedette.directory.deltas import Touched
from vedette.directory.models import DirectoryDevice, DirectoryUser
from vedette.foundation import database
from vedette.foundation.graph import Graph

Json = dict[str, Any]
USER_FIELDS: Final = "id,displayName,userPrincipalName,mail,accountEnabled"


@dataclass
class Seen:
    """What was seen: rows to write down, and object IDs to take out."""

    people: list[Json] = field(default_factory=list)
    people_gone: set[str] = field(default_factory=set)
    devices: list[EntraDevice] = field(default_factory=list)
    devices_gone: set[str] = field(default_factory=set)


@dataclass
class Look:
    """One look at some people and devices of a tenant. Raises GraphError and TokenError."""

    graph: Graph
    tenant_id: uuid.UUID
    wanted: Sequence[tuple[uuid.UUID, bool]]
    _seen: Seen = field(default_factory=Seen)

    def at(self, touched: Touched, device_ids: Collection[str]) -> Seen:
        """Look at everything touched, and at devices known by Entra device ID only."""
        with database.tenant(self.tenant_id):
            touched.tell_apart(
                _ids(DirectoryUser.objects.filter(oid__in=_uuids(touched.strangers)), "oid"),
                _ids(DirectoryDevice.objects.filter(object_id__in=_uuids(touched.strangers)), "object_id"),
            )
            known = _ids(DirectoryUser.objects.filter(oid__in=_uuids(touched.people)), "oid")
        newcomers = self._people(touched, known)
        devices = touched.devices | touched.member_devices | self._objects(device_ids)
        devices |= self._devices_of(self._seen.people_gone)
        found = {str(one.object_id): one for oid in newcomers for one in devices_of_person(self.graph, oid)}
        self._seen.devices += found.values()
        self._devices(devices - found.keys(), touched.member_devices)
        return self._seen

    def _people(self, touched: Touched, known: set[str]) -> list[uuid.UUID]:
        """Look at people; return those who are new."""
        newcomers = []
        paths = {key: f"/users/{key}?$select={USER_FIELDS}" for key in sorted(touched.people)}
        for key, person in self.graph.batch_get(paths):
            asks = key in touched.member_users or key not in known
            if person and (not asks or self._is_member(key)):
                self._seen.people.append(person)
                newcomers += [] if key in known else [uuid.UUID(key)]
            elif key in known:
                self._seen.people_gone.add(key)
        return newcomers

    def _is_member(self, oid: str) -> bool:
        return known(lambda: is_member(self.graph, uuid.UUID(oid), self.wanted))

    def _objects(self, device_ids: Collection[str]) -> set[str]:
        """Find the object IDs of devices known by Entra device ID."""
        paths = {key: f"/devices?$filter=deviceId%20eq%20'{key}'&$select=id,deviceId" for key in device_ids}
        return {
            str(item["id"])
            for key, answer in self.graph.batch_get(paths)
            for item in answer.get("value", [])
            if key_of(item.get("deviceId")) == key
        }

    def _devices_of(self, people: Collection[str]) -> set[str]:
        with database.tenant(self.tenant_id):
            return _ids(DirectoryDevice.objects.filter(owner_oid__in=_uuids(people)), "object_id")

    def _devices(self, object_ids: Collection[str], members: Collection[str]) -> None:
        """Look at devices: Entra's record and owners, then Intune's record of each."""
        query = f"$select={DEVICE_FIELDS}&$expand={OWNERS}"
        paths = {key: f"/devices/{key}?{query}" for key in sorted(object_ids)}
        entra = {key: item for key, item in self.graph.batch_get(paths) if item}
        managed = self._managed(entra.values())
        with database.tenant(self.tenant_id):
            known = _ids(DirectoryDevice.objects.filter(object_id__in=_uuids(object_ids)), "object_id")
            owners = {oid for oid in owners_of(entra.values(), managed) if oid}
            people = {str(oid) for oid in read.users(_uuids(owners))}
        people = (people | {str(one["id"]) for one in self._seen.people}) - self._seen.people_gone
        inside = {str(one.object_id): one for one in joined(entra.values(), managed, people, ())}
        for key in entra.keys() - inside.keys():
            # Whose owner does not count may still be a member itself; of strangers only the groups can tell.
            if (key in known or key in members) and self._device_is_member(key):
                record = managed.get(key_of(entra[key].get("deviceId")), {})
                owner = str(record.get("userId") or next(iter(owners_of([entra[key]], {})), ""))
                inside[key] = device_of(entra[key], record, owner)
        self._seen.devices += inside.values()
        self._seen.devices_gone |= known - inside.keys()

    def _device_is_member(self, object_id: str) -> bool:
        return known(lambda: device_is_member(self.graph, uuid.UUID(object_id), self.wanted))

    def _managed(self, entra: Iterable[Json]) -> dict[str, Json]:
        """Read Intune's records; the filter is applied again here, since Intune ignores some (microsoft.md 2.2)."""
        keys = {key_of(item.get("deviceId")) for item in entra}
        listing = "/deviceManagement/managedDevices"
        paths = {
            key: f"{listing}?$filter=azureADDeviceId%20eq%20'{key}'&$select={MANAGED_FIELDS}"
            for key in keys
            if key
        }
        found: dict[str, Json] = {}
        for key, answer in self.graph.batch_get(paths):
            records = by_device_id(answer.get("value", []))
            found |= {key: records[key]} if key in records else {}
        return found


def _ids(rows: Any, name: str) -> set[str]:
    return {str(key) for key in rows.values_list(name, flat=True)}


def _uuids(keys: Iterable[str]) -> list[uuid.UUID]:
    return [uuid.UUID(key) for key in keys]
