"""Devices in the portal: what Entra and Intune say of a phone, and a check-in on demand."""

from collections.abc import Callable

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from vedette_lab.answers import cloud_of
from vedette_lab.directory import Device
from vedette_lab.intune import service as intune
from vedette_lab.intune_model import FoundApp, ManagedDevice
from vedette_lab.model import Tenant
from vedette_lab.portal.kit import field, go, listing, missing, show, tenant_form, tenant_page

JAILBROKEN = ("False", "True", "Unknown")
"""Graph's `jailBroken` is text."""


def managed_of(tenant: Tenant, device: Device) -> ManagedDevice | None:
    """Return Intune's record of a device."""
    return tenant.managed_by_device.get(device.device_id)


def owner_name(tenant: Tenant, device: Device) -> str:
    """Return the owner's name, or that there is none."""
    owner = tenant.directory.users.get(device.owner_ids[0]) if device.owner_ids else None
    return owner.display_name if owner else "none"


def _matcher(tenant: Tenant) -> Callable[[Device, str], bool]:
    def matches(device: Device, query: str) -> bool:
        managed = managed_of(tenant, device)
        words = (
            device.display_name,
            device.model or "",
            owner_name(tenant, device),
            device.id,
            device.device_id,
            *(value or "" for value in device.extension_attributes.values()),
            *((managed.compliance_state, managed.partner_reported_threat_state) if managed else ()),
        )
        return any(query in word.lower() for word in words)

    return matches


@tenant_page
async def devices(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/devices`: every device, searchable by name, owner, state or attribute."""
    rows = sorted(tenant.directory.devices.values(), key=lambda device: device.display_name.lower())
    found = listing(request, rows, _matcher(tenant))
    return show(
        request, "portal/devices.html", tenant=tenant, list=found, managed_of=managed_of, owner=owner_name
    )


@tenant_page
async def device_page(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/devices/{id}`: one device."""
    device = tenant.directory.devices.get(request.path_params["did"])
    if device is None:
        return missing(request, f"{tenant.name} has no such device.")
    owners = [tenant.directory.users[key] for key in device.owner_ids if key in tenant.directory.users]
    return show(
        request,
        "portal/device.html",
        tenant=tenant,
        device=device,
        managed=managed_of(tenant, device),
        owners=owners,
        groups=tenant.directory.transitive_member_of(device.id),
        threats=list(tenant.partner.threats.get(device.device_id, {}).values()),
        jailbroken=JAILBROKEN,
    )


@tenant_form
async def sync(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Make one phone check in with Intune now."""
    device = tenant.directory.devices.get(request.path_params["did"])
    managed = managed_of(tenant, device) if device else None
    if device is None or managed is None:
        return missing(request, "Intune manages no such device.")
    outcome = intune.check_in(tenant, managed, cloud_of(request).now())
    return go(f"/portal/{tenant.id}/devices/{device.id}", f"Checked in: {outcome.state}.")


@tenant_form
async def change_intune(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Change what a phone will tell Intune, and let it check in: a demo jailbreaks a phone here."""
    device = tenant.directory.devices.get(request.path_params["did"])
    managed = managed_of(tenant, device) if device else None
    if device is None or managed is None:
        return missing(request, "Intune manages no such device.")
    if field(form, "jail_broken") in JAILBROKEN:
        managed.jail_broken = field(form, "jail_broken")
    managed.is_encrypted = field(form, "is_encrypted") != "no"
    managed.os_version = field(form, "os_version") or managed.os_version
    managed.android_security_patch_level = field(form, "security_patch")
    lines = [line.strip() for line in field(form, "apps").splitlines()]
    managed.apps = tuple(_app(line) for line in lines if line)
    outcome = intune.check_in(tenant, managed, cloud_of(request).now())
    return go(f"/portal/{tenant.id}/devices/{device.id}", f"Saved and checked in: {outcome.state}.")


def _app(line: str) -> FoundApp:
    name, publisher, version = (part.strip() for part in (*line.split("|", 2), "", "")[:3])
    return FoundApp(name, publisher, version)


@tenant_form
async def sync_all(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Make every managed phone check in with Intune now."""
    now = cloud_of(request).now()
    for managed in tenant.managed_devices.values():
        intune.check_in(tenant, managed, now)
    count = len(tenant.managed_devices)
    return go(f"/portal/{tenant.id}/devices", f"{count} devices checked in with Intune.")


@tenant_form
async def enable(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Enable or disable a device in Entra."""
    device = tenant.directory.devices.get(request.path_params["did"])
    if device is None:
        return missing(request, f"{tenant.name} has no such device.")
    device.account_enabled = field(form, "enabled") == "yes"
    done = "The device is enabled." if device.account_enabled else "The device is disabled."
    return go(f"/portal/{tenant.id}/devices/{device.id}", done)
