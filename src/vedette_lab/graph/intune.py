"""Intune's part of Graph: managed devices and tenant-wide settings (microsoft.md 2.2 and 2.4).

Filters behave as in the field: a property that does not support `$filter` is ignored without an error and
every device comes back; `azureADDeviceId` with `or` finds the first match only.
"""

from datetime import UTC, datetime
from typing import Any, Final

from odata_query import ast
from starlette.routing import BaseRoute

from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import GraphError, bad_request, not_found
from vedette_lab.graph.filtering import features, properties
from vedette_lab.graph.properties import managed_kind, render
from vedette_lab.graph.query import INTUNE_PAGE, Query, check, fits
from vedette_lab.intune import service
from vedette_lab.intune_model import Json, ManagedDevice, Notice

FILTERABLE: Final = frozenset(
    {
        *("deviceName", "jailBroken", "deviceCategoryDisplayName", "enrolledDateTime", "lastSyncDateTime"),
        *("azureADDeviceId", "id", "operatingSystem", "serialNumber", "complianceState"),
    }
)
KEPT_NOTICES: Final = 20
SETTINGS: Final = {
    "deviceComplianceCheckinThresholdDays": ("device_compliance_checkin_threshold_days", int),
    "isScheduledActionEnabled": ("is_scheduled_action_enabled", bool),
    "secureByDefault": ("secure_by_default", bool),
}


def managed_of(call: Call) -> ManagedDevice:
    """Return the phone of the path. GraphError 404 when Intune has none."""
    found = call.tenant.managed_devices.get(call.param("managed"))
    if found is None:
        raise not_found(call.param("managed"))
    return found


def _answer(call: Call, devices: list[ManagedDevice], path: str) -> Json:
    query = call.query(largest=INTUNE_PAGE)
    kind = managed_kind(call.tenant.directory.users)
    check(Query(query.select, None, None, None, 1, count=False, offset=0, eventual=False), (kind,))
    found = _filtered(devices, query, call)
    return call.page(found, query, path, lambda device: render(device, kind, query.select), kind)


def _filtered(devices: list[ManagedDevice], query: Query, call: Call) -> list[ManagedDevice]:
    asked = query.filter
    if asked is None or call.cloud.switches.filters_ignored or not properties(asked) <= FILTERABLE:
        return devices
    if isinstance(asked, ast.Compare) and properties(asked) == {"azureADDeviceId"}:
        one = call.tenant.managed_by_device.get(str(getattr(asked.right, "val", "")))
        return [one] if one in devices else []
    if since := _synced_after(asked):
        return [device for device in devices if device.last_sync > since]
    kind = managed_kind(call.tenant.directory.users)
    found = [device for device in devices if fits(device, kind, query, ignore_case=True)]
    if "or" in features(asked) and "azureADDeviceId" in properties(asked):
        return found[:1]
    return found


def _synced_after(asked: ast._Node) -> datetime | None:
    """Return the moment of `lastSyncDateTime gt …`: times compare as times, not as the text they are shown as."""
    if not isinstance(asked, ast.Compare) or not isinstance(asked.comparator, ast.Gt):
        return None
    if properties(asked) != {"lastSyncDateTime"} or not isinstance(asked.right, ast.DateTime):
        return None
    moment = datetime.fromisoformat(asked.right.val)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def list_managed(call: Call) -> Json:
    """GET /deviceManagement/managedDevices."""
    return _answer(call, list(call.tenant.managed_devices.values()), "deviceManagement/managedDevices")


async def get_managed(call: Call) -> Json:
    """GET /deviceManagement/managedDevices/{id}."""
    kind = managed_kind(call.tenant.directory.users)
    return call.entity(managed_of(call), kind, "deviceManagement/managedDevices")


async def users_managed(call: Call) -> Json:
    """GET /users/{id}/managedDevices."""
    user = call.tenant.directory.user(call.param("user"))
    if user is None:
        raise not_found(call.param("user"))
    directory = call.tenant.directory
    ids = [device.device_id for device in directory.owned_devices(user.id)]
    mine = [call.tenant.managed_by_device[key] for key in ids if key in call.tenant.managed_by_device]
    mine = [device for device in mine if device.user_id == user.id]
    return _answer(call, mine, f"users('{user.id}')/managedDevices")


async def policy_states(call: Call) -> Json:
    """GET /deviceManagement/managedDevices/{id}/deviceCompliancePolicyStates."""
    managed = managed_of(call)
    path = f"deviceManagement/managedDevices('{managed.id}')/deviceCompliancePolicyStates"
    return call.intune_page(managed.policy_states, path, lambda state: state)


async def sync_device(call: Call) -> None:
    """POST /deviceManagement/managedDevices/{id}/syncDevice: the phone checks in at once."""
    managed, now = managed_of(call), call.cloud.now()
    service.note_action(managed, "syncDevice", now)
    service.check_in(call.tenant, managed, now)


async def send_notification(call: Call) -> None:
    """POST /beta/deviceManagement/managedDevices/{id}/sendCustomNotificationToCompanyPortal."""
    managed, now, body = managed_of(call), call.cloud.now(), call.body()
    title, text = body.get("notificationTitle"), body.get("notificationBody")
    if not (isinstance(title, str) and title.strip() and isinstance(text, str) and text.strip()):
        raise GraphError(400, "BadRequest", "notificationTitle and notificationBody must not be empty.")
    service.note_action(managed, "sendCustomNotificationToCompanyPortal", now)
    managed.notices = [*managed.notices, Notice(now, title, text)][-KEPT_NOTICES:]


async def get_management(call: Call) -> Json:
    """GET /deviceManagement."""
    settings = call.tenant.compliance_settings
    return {
        "@odata.context": call.context("deviceManagement", entity=True),
        "id": call.tenant.id,
        "intuneAccountId": call.tenant.id,
        "subscriptionState": "active",
        "settings": {name: getattr(settings, ours) for name, (ours, _) in SETTINGS.items()},
    }


async def change_management(call: Call) -> Json:
    """PATCH /deviceManagement: the tenant-wide compliance settings."""
    changes = (call.body()).get("settings")
    if not isinstance(changes, dict):
        raise bad_request("Only 'settings' can be changed.")
    for name, value in changes.items():
        if name == "@odata.type":
            continue
        if name not in SETTINGS or not _is(value, SETTINGS[name][1]):
            message = f"Invalid value specified for property '{name}'."
            raise GraphError(400, "BadRequest", message)
    for name, value in changes.items():
        if name in SETTINGS:
            setattr(call.tenant.compliance_settings, SETTINGS[name][0], value)
    return await get_management(call)


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


routes: list[BaseRoute] = [
    *operation("GET", "/deviceManagement", get_management),
    *operation("PATCH", "/deviceManagement", change_management),
    *operation("GET", "/deviceManagement/managedDevices", list_managed),
    *operation("GET", "/deviceManagement/managedDevices/{managed}", get_managed),
    *operation(
        "GET", "/deviceManagement/managedDevices/{managed}/deviceCompliancePolicyStates", policy_states
    ),
    *operation("POST", "/deviceManagement/managedDevices/{managed}/syncDevice", sync_device),
    *(
        route
        for route in operation(
            "POST",
            "/deviceManagement/managedDevices/{managed}/sendCustomNotificationToCompanyPortal",
            send_notification,
        )
        if route.path.startswith("/beta/")
    ),
    *operation("GET", "/users/{user}/managedDevices", users_managed),
]
