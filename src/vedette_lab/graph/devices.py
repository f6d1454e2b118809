"""Devices of the directory (microsoft.md 2.6 and 4.1)."""

from collections.abc import Iterable
from typing import Final

from starlette.routing import BaseRoute

from vedette_lab.directory import Device
from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import bad_request, denied, not_found, unsupported
from vedette_lab.graph.filtering import values_of
from vedette_lab.graph.properties import DEVICE, NUMBERED
from vedette_lab.graph.query import Query
from vedette_lab.intune_model import Json

LONGEST_ATTRIBUTE: Final = 1024
EXPANDED: Final = 20


def _device(call: Call) -> Device:
    directory = call.tenant.directory
    params = call.asked.params
    if "device_id" in params:
        found = directory.device_by_device_id(call.param("device_id"))
    else:
        found = directory.devices.get(call.param("device"))
    if found is None:
        raise not_found(str(params.get("device_id") or params.get("device")))
    return found


async def list_devices(call: Call) -> Json:
    """GET /devices; filters by ids are answered from an index, `$expand` adds the ids of owners."""
    query = call.query()
    directory = call.tenant.directory
    found: Iterable[Device] = directory.devices.values()
    if call.cloud.switches.filters_ignored:
        everything = call.collection(found, DEVICE, "devices", query, narrowed=True)
        return _with_owners(everything, call, query)
    if (ids := values_of(query.filter, "id")) is not None:
        found = [directory.devices[key] for key in ids if key in directory.devices]
    elif (device_ids := values_of(query.filter, "deviceId")) is not None:
        found = [one for key in device_ids if (one := directory.device_by_device_id(key))]
    # What an index has found is not compared once more.
    narrowed = ids is not None
    return _with_owners(call.collection(found, DEVICE, "devices", query, narrowed=narrowed), call, query)


def _with_owners(page: Json, call: Call, query: Query) -> Json:
    """Add `registeredOwners` where it was asked for; at most 20 come along, as Graph's limit is."""
    if query.expand:
        for shown in (row for row in page["value"] if "id" in row):
            _expanded(shown, call.tenant.directory.devices[shown["id"]])
    return page


def _expanded(shown: Json, device: Device) -> Json:
    owners = device.owner_ids[:EXPANDED]
    shown["registeredOwners"] = [{"@odata.type": "#microsoft.graph.user", "id": key} for key in owners]
    return shown


async def count_devices(call: Call) -> str:
    """GET /devices/$count."""
    if not call.query().eventual:
        raise unsupported("$count is only supported with the header 'ConsistencyLevel: eventual'.")
    return str(len(call.tenant.directory.devices))


async def get_device(call: Call) -> Json:
    """GET /devices/{id} and /devices(deviceId='{deviceId}')."""
    device = _device(call)
    shown = call.entity(device, DEVICE, "devices")
    return _expanded(shown, device) if call.query().expand else shown


async def change_device(call: Call) -> None:
    """PATCH /devices/{id}.

    "In application-only scenarios and for non-Windows devices the app can update only the
    extensionAttributes property" (graph/api/device-update); not at all for Linux devices.
    """
    device = _device(call)
    body = {name: value for name, value in (call.body()).items() if not name.startswith("@odata")}
    windows = device.operating_system.lower().startswith("windows")
    if device.operating_system.lower() == "linux" or set(body) - _writable(windows=windows):
        raise denied()
    if "extensionAttributes" in body:
        device.extension_attributes = device.extension_attributes | _attributes(body["extensionAttributes"])
    if isinstance(body.get("accountEnabled"), bool):
        device.account_enabled = body["accountEnabled"]
    if isinstance(body.get("displayName"), str):
        device.display_name = body["displayName"]


def _writable(*, windows: bool) -> set[str]:
    return {"extensionAttributes", *(("accountEnabled", "displayName") if windows else ())}


def _attributes(given: object) -> dict[str, str | None]:
    """Check the attributes to write; null clears, an empty text is stored as it is."""
    if not isinstance(given, dict):
        raise bad_request("Invalid value specified for property 'extensionAttributes' of resource 'Device'.")
    for name, value in given.items():
        if name not in NUMBERED:
            message = f"Resource 'Device' has no property 'extensionAttributes/{name}'."
            raise bad_request(message)
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST_ATTRIBUTE):
            message = f"Invalid value specified for property '{name}' of resource 'Device'."
            raise bad_request(message)
    return given


async def registered_owners(call: Call) -> Json:
    """GET /devices/{id}/registeredOwners."""
    users = call.tenant.directory.users
    return call.objects(users[key] for key in _device(call).owner_ids)


async def registered_users(call: Call) -> Json:
    """GET /devices/{id}/registeredUsers."""
    users = call.tenant.directory.users
    return call.objects(users[key] for key in _device(call).user_ids)


async def member_of(call: Call) -> Json:
    """GET /devices/{id}/memberOf."""
    return call.objects(call.tenant.directory.member_of(_device(call).id))


async def transitive_member_of(call: Call) -> Json:
    """GET /devices/{id}/transitiveMemberOf."""
    return call.objects(call.tenant.directory.transitive_member_of(_device(call).id))


routes: list[BaseRoute] = [
    *operation("GET", "/devices", list_devices),
    *operation("GET", "/devices/$count", count_devices, name="/devices"),
    *(
        route
        for path in ("/devices(deviceId='{device_id}')", "/devices/{device}")
        for route in (
            *operation("GET", path, get_device, name="/devices/{id}"),
            *operation("PATCH", path, change_device, name="/devices/{id}"),
        )
    ),
    *operation("GET", "/devices/{device}/registeredOwners", registered_owners),
    *operation("GET", "/devices/{device}/registeredUsers", registered_users),
    *operation("GET", "/devices/{device}/memberOf", member_of),
    *operation("GET", "/devices/{device}/transitiveMemberOf", transitive_member_of),
]
