"""What the handlers of the control API share: answers, errors and look-ups."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vedette_lab.control.bodies import ControlError
from vedette_lab.directory import Device, Group, User
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud, Tenant
from vedette_lab.seed.roles import ROLE_NAMES

Handler = Callable[[Request, Cloud], Awaitable[Any]]


def control(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that answers what the handler returns, or why it could not."""

    async def endpoint(request: Request) -> Response:
        try:
            answer = await handler(request, request.app.state.cloud)
        except ControlError as error:
            return JSONResponse({"error": str(error)}, error.status)
        return Response(status_code=204) if answer is None else JSONResponse(answer)

    return endpoint


def tenant_of(request: Request, cloud: Cloud) -> Tenant:
    """Return the tenant of the path. ControlError 404 when there is none."""
    found = cloud.tenant(request.path_params["tid"])
    if found is None:
        raise ControlError(f"No tenant '{request.path_params['tid']}'. GET /lab/tenants lists them.", 404)
    return found


def device_of(request: Request, tenant: Tenant) -> Device:
    """Return the device of the path, by object id or `deviceId`. ControlError 404 when there is none."""
    key = request.path_params["did"]
    found = tenant.directory.devices.get(key) or tenant.directory.device_by_device_id(key)
    if found is None:
        raise ControlError(f"No device '{key}' in {tenant.name}.", 404)
    return found


def user_of(tenant: Tenant, key: str) -> User:
    """Return a user by id or principal name. ControlError 404 when there is none."""
    found = tenant.directory.user(key)
    if found is None:
        raise ControlError(f"No user '{key}' in {tenant.name}.", 404)
    return found


def member_id(tenant: Tenant, key: str) -> str:
    """Return the object id of a user, group or device. ControlError 404 when there is none."""
    found = tenant.directory.get(key) or tenant.directory.user(key)
    if found is None:
        raise ControlError(f"No user, group or device '{key}' in {tenant.name}.", 404)
    return found.id


def plain(value: Any) -> Any:
    """Return records as JSON values, times in ISO 8601."""
    return msgspec.to_builtins(value)


def show_user(tenant: Tenant, user: User) -> Json:
    """Return a user as the control API shows people."""
    return {
        "id": user.id,
        "upn": user.user_principal_name,
        "display_name": user.display_name,
        "account_enabled": user.account_enabled,
        "roles": [ROLE_NAMES.get(role, role) for role in user.roles],
        "groups": [group.id for group in tenant.directory.transitive_member_of(user.id)],
    }


def show_group(group: Group) -> Json:
    """Return a group as the control API shows it."""
    return {
        "id": group.id,
        "display_name": group.display_name,
        "description": group.description,
        "members": list(group.members),
    }


def show_device(tenant: Tenant, device: Device) -> Json:
    """Return a device with its owner and what Intune knows of it."""
    owner = tenant.directory.users.get(device.owner_ids[0]) if device.owner_ids else None
    managed = tenant.managed_by_device.get(device.device_id)
    return {
        **plain(device),
        "platform": platform_of(device),
        "upn": owner.user_principal_name if owner else None,
        "managed": plain(managed) if managed else None,
    }


def platform_of(device: Device) -> str:
    """Return ANDROID, IOS or OTHER."""
    name = device.operating_system.lower()
    if name.startswith("android"):
        return "ANDROID"
    return "IOS" if name in {"ios", "iphone", "ipad", "ipados"} else "OTHER"
