"""Control of devices in Entra and Intune."""

from dataclasses import fields
from random import Random
from typing import Any

import msgspec
from msgspec import UNSET
from starlette.requests import Request

from vedette_lab.control import bodies
from vedette_lab.control.answers import device_of, show_device, tenant_of, user_of
from vedette_lab.control.bodies import ControlError, apply
from vedette_lab.control.bodies import read as read_body
from vedette_lab.directory import Device, User
from vedette_lab.intune_model import Json, ManagedDevice
from vedette_lab.model import Cloud, Tenant
from vedette_lab.seed import phones
from vedette_lab.seed.build import Builder
from vedette_lab.seed.names import Names

SHARED = {
    "display_name": "device_name",
    "operating_system_version": "os_version",
    "manufacturer": "manufacturer",
    "model": "model",
    "last_sign_in": "last_sync",
}
"""Properties of Entra's device that Intune has under another name."""


async def listing(request: Request, cloud: Cloud) -> Any:
    """List the devices; `?story=1` only those with a story."""
    tenant = tenant_of(request, cloud)
    only = bool(request.query_params.get("story"))
    return [show_device(tenant, d) for d in tenant.directory.devices.values() if d.story or not only]


async def read(request: Request, cloud: Cloud) -> Any:
    """Show one device, with the threats that a partner reported of it."""
    tenant = tenant_of(request, cloud)
    device = device_of(request, tenant)
    threats = tenant.partner.threats.get(device.device_id, {})
    return {**show_device(tenant, device), "partner_threats": list(threats.values())}


async def add(request: Request, cloud: Cloud) -> Any:
    """Register a phone."""
    tenant = tenant_of(request, cloud)
    body = await read_body(request, bodies.NewDevice)
    owner = user_of(tenant, body.owner) if body.owner else None
    make = _maker(cloud, tenant)
    device = make.phone(owner, kind=_kind(body, make), managed=body.managed, story=body.story)
    device.registered = device.last_sign_in = cloud.now()
    managed = tenant.managed_by_device.get(device.device_id)
    if managed:
        managed.enrolled = managed.last_sync = cloud.now()
    return show_device(tenant, device)


async def change(request: Request, cloud: Cloud) -> Any:
    """Change a device."""
    tenant = tenant_of(request, cloud)
    device = device_of(request, tenant)
    body = await read_body(request, bodies.DevicePatch)
    if body.owner is not UNSET:
        _change_owner(cloud, tenant, device, user_of(tenant, body.owner) if body.owner else None)
    apply(body, device, leave=("owner", "managed", "extension_attributes"))
    if body.extension_attributes is not UNSET:
        device.extension_attributes = device.extension_attributes | body.extension_attributes
    if body.managed is not UNSET and device.device_id not in tenant.managed_by_device:
        _enroll(cloud, tenant, device)
    managed = tenant.managed_by_device.get(device.device_id)
    if managed:
        for ours, theirs in SHARED.items():
            if getattr(body, ours) is not UNSET:
                setattr(managed, theirs, getattr(body, ours))
        if body.managed is not UNSET:
            _change_managed(managed, body.managed)
    return show_device(tenant, device)


async def remove(request: Request, cloud: Cloud) -> Any:
    """Delete a device from Entra and Intune, as a wipe does."""
    tenant = tenant_of(request, cloud)
    device = device_of(request, tenant)
    managed = tenant.managed_by_device.get(device.device_id)
    if managed:
        tenant.remove_managed(managed.id)
    tenant.directory.remove(device.id)


async def unenroll(request: Request, cloud: Cloud) -> Any:
    """Take a device out of Intune; Entra keeps it as registered."""
    tenant = tenant_of(request, cloud)
    device = device_of(request, tenant)
    managed = tenant.managed_by_device.get(device.device_id)
    if managed is None:
        raise ControlError("The device is not managed.", 404)
    tenant.remove_managed(managed.id)
    device.is_managed = device.is_compliant = False
    device.management_type = device.mdm_app_id = None


def _maker(cloud: Cloud, tenant: Tenant) -> Builder:
    rng = Random()
    return Builder(tenant, rng, Names(rng), cloud.now())


def _kind(body: bodies.NewDevice, make: Builder) -> phones.Kind:
    system = {"ANDROID": "Android", "IOS": "iOS"}.get(body.platform)
    if system is None:
        raise ControlError("`platform` is ANDROID or IOS.")
    fitting = [kind for kind in phones.KINDS if kind.system == system and body.model in {None, kind.model}]
    if fitting:
        return make.rng.choice(fitting)
    return phones.Kind(system, "Unknown", str(body.model), ("15" if system == "Android" else "18.7.2",), 1)


def _change_owner(cloud: Cloud, tenant: Tenant, device: Device, owner: User | None) -> None:
    tenant.directory.set_owner(device, owner.id if owner else None)
    managed = tenant.managed_by_device.get(device.device_id)
    if managed:
        managed.user_id = owner.id if owner else ""
        managed.last_sync = cloud.now()


def _enroll(cloud: Cloud, tenant: Tenant, device: Device) -> None:
    system = "Android" if device.operating_system.startswith("Android") else "iOS"
    kind = phones.Kind(
        system, device.manufacturer or "", device.model or "", (device.operating_system_version,), 1
    )
    owner = tenant.directory.users.get(device.owner_ids[0]) if device.owner_ids else None
    _maker(cloud, tenant).enroll(device, owner, kind)


def _change_managed(managed: ManagedDevice, changes: Json) -> None:
    """Set properties of the managed device after checking their names and types."""
    kinds = {field.name: field.type for field in fields(ManagedDevice) if field.name != "id"}
    for name, value in changes.items():
        if name not in kinds:
            raise ControlError(f"A managed device has no '{name}'. It has: {', '.join(kinds)}.")
        try:
            setattr(managed, name, msgspec.convert(value, kinds[name]))
        except msgspec.ValidationError as error:
            raise ControlError(f"managed.{name}: {error}.") from None
