"""What Intune found installed (microsoft.md 2.3): over all phones in v1.0, of one phone in beta only.

One entry stands for a name, version, publisher and platform. There is no package name. As in the field, the phones
of an application come without `azureADDeviceId` and without their user, and filters are ignored.
"""

from collections.abc import Iterable
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from starlette.routing import BaseRoute

from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import not_found
from vedette_lab.graph.intune import managed_of
from vedette_lab.graph.query import INTUNE_PAGE
from vedette_lab.intune_model import NO_DEVICE, FoundApp, Json, ManagedDevice

PATH: Final = "deviceManagement/detectedApps"
_SIZE: Final = 40 << 20
Entry = tuple[str, str, str, str]


def _platform(managed: ManagedDevice) -> str:
    if managed.operating_system == "iOS":
        return "ios"
    return "androidWorkProfile" if managed.owner_type == "personal" else "androidDedicatedAndFullyManaged"


def _entry(app: FoundApp, managed: ManagedDevice) -> Entry:
    return app.name, app.version, app.publisher, _platform(managed)


def _id(entry: Entry) -> str:
    return uuid5(NAMESPACE_URL, "\n".join(entry)).hex


def _found(phones: Iterable[ManagedDevice]) -> dict[Entry, list[ManagedDevice]]:
    found: dict[Entry, list[ManagedDevice]] = {}
    for managed in phones:
        for app in managed.apps:
            found.setdefault(_entry(app, managed), []).append(managed)
    return found


def _show(entry: Entry, count: int) -> Json:
    name, version, publisher, platform = entry
    return {
        "id": _id(entry),
        "displayName": name,
        "version": version,
        "sizeInByte": _SIZE,
        "deviceCount": count,
        "publisher": publisher,
        "platform": platform,
    }


def _page(call: Call, found: dict[Entry, list[ManagedDevice]], path: str) -> Json:
    select = call.query(largest=INTUNE_PAGE).select

    def show(row: tuple[Entry, list[ManagedDevice]]) -> Json:
        shown = _show(row[0], len(row[1]))
        return shown if select is None else {name: shown[name] for name in select if name in shown}

    return call.intune_page(sorted(found.items()), path, show)


async def list_apps(call: Call) -> Json:
    """GET /deviceManagement/detectedApps."""
    return _page(call, _found(call.tenant.managed_devices.values()), PATH)


def _one(call: Call) -> tuple[Entry, list[ManagedDevice]]:
    wanted = call.param("app")
    for entry, phones in _found(call.tenant.managed_devices.values()).items():
        if _id(entry) == wanted:
            return entry, phones
    raise not_found(wanted)


async def get_app(call: Call) -> Json:
    """GET /deviceManagement/detectedApps/{id}."""
    entry, phones = _one(call)
    return {"@odata.context": call.context(PATH, entity=True), **_show(entry, len(phones))}


async def phones_of_app(call: Call) -> Json:
    """GET /deviceManagement/detectedApps/{id}/managedDevices."""
    entry, phones = _one(call)
    return call.intune_page(phones, f"{PATH}('{_id(entry)}')/managedDevices", _meagre)


def _meagre(managed: ManagedDevice) -> Json:
    return {
        "id": managed.id,
        "deviceName": managed.device_name,
        "operatingSystem": managed.operating_system,
        "osVersion": managed.os_version,
        "azureADDeviceId": NO_DEVICE,
        "userId": "",
    }


async def apps_of_phone(call: Call) -> Json:
    """GET /beta/deviceManagement/managedDevices/{id}/detectedApps."""
    managed = managed_of(call)
    path = f"deviceManagement/managedDevices('{managed.id}')/detectedApps"
    return _page(call, _found([managed]), path)


routes: list[BaseRoute] = [
    *operation("GET", f"/{PATH}", list_apps),
    *operation("GET", f"/{PATH}/{{app}}", get_app),
    *operation("GET", f"/{PATH}/{{app}}/managedDevices", phones_of_app),
    *(
        route
        for route in operation(
            "GET", "/deviceManagement/managedDevices/{managed}/detectedApps", apps_of_phone
        )
        if route.path.startswith("/beta/")
    ),
]
