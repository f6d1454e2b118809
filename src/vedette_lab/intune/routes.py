"""Check-in of phones with Intune, and the clockwork that ends grace periods."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vedette_lab.answers import Json, RefusalError, answering, cloud_of, read_json, tenant_of, text
from vedette_lab.directory import Device
from vedette_lab.intune import service
from vedette_lab.intune_model import ManagedDevice
from vedette_lab.model import Cloud

TICK_SECONDS = 1.0

REPORTED: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "osVersion": ("os_version", str),
    "androidSecurityPatchLevel": ("android_security_patch_level", (str, type(None))),
    "jailBroken": ("jail_broken", str),
    "isEncrypted": ("is_encrypted", bool),
    "hasPasscode": ("has_passcode", bool),
}
"""What a phone may say about itself at check-in, and the attribute it goes to."""


@answering
async def check_in(request: Request) -> Response:
    """`{"device_id": …}` or `{"all": true}`, with what the phone says about itself under Graph's names."""
    tenant = tenant_of(request)
    body = await read_json(request)
    now = cloud_of(request).now()
    if body.get("all") is True:
        for managed in tenant.managed_devices.values():
            service.check_in(tenant, managed, now)
        return JSONResponse({"checked_in": len(tenant.managed_devices)})
    device_id = text(body, "device_id")
    found = service.find(tenant, device_id)
    if found is None:
        raise RefusalError(404, "DeviceNotFound", f"Intune of {tenant.name} manages no device {device_id}")
    _take(found, body)
    service.check_in(tenant, found, now)
    return JSONResponse(describe(found, service.entra_device(tenant, found)))


def _take(managed: ManagedDevice, body: Json) -> None:
    for name, (attribute, kind) in REPORTED.items():
        if name not in body:
            continue
        if not isinstance(body[name], kind):
            raise RefusalError(400, "BadRequest", f"{name} has the wrong type: {body[name]!r}")
        setattr(managed, attribute, body[name])


def describe(managed: ManagedDevice, device: Device | None) -> Json:
    """Return a phone's compliance as JSON."""
    expires = managed.grace_expires
    return {
        "id": managed.id,
        "azureADDeviceId": managed.azure_ad_device_id,
        "complianceState": managed.compliance_state,
        "isCompliant": device.is_compliant if device else None,
        "partnerReportedThreatState": managed.partner_reported_threat_state,
        "complianceGracePeriodExpirationDateTime": expires and expires.isoformat(),
        "policies": managed.policy_states,
    }


async def _clockwork(cloud: Cloud) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        for tenant in cloud.tenants.values():
            service.settle(tenant, cloud.now())


@asynccontextmanager
async def lifespan(cloud: Cloud) -> AsyncIterator[None]:
    """Run the clockwork while the lab runs."""
    task = asyncio.create_task(_clockwork(cloud))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


routes: list[BaseRoute] = [Route("/lab/tenants/{tid}/intune/check-in", check_in, methods=["POST"])]
