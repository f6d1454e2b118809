"""`POST /lab/decision`: what conditional access says to one sign-in."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vedette_lab.answers import Json, RefusalError, answering, cloud_of, read_json, text
from vedette_lab.conditional_access.policy import CLIENT_APP_TYPES
from vedette_lab.conditional_access.sign_in import (
    APPLICATIONS,
    CLIENTS,
    PLATFORMS,
    Attempt,
    Outcome,
    application,
    platform,
    sign_in,
)
from vedette_lab.directory import Device
from vedette_lab.intune import service as intune
from vedette_lab.model import Cloud, Tenant


@answering
async def decision(request: Request) -> Response:
    """Decide a sign-in described as JSON (docs/lab-enforcement.md) and log it as a real one."""
    cloud = cloud_of(request)
    body = await read_json(request)
    tenant = cloud.tenant(text(body, "tenant"))
    if tenant is None:
        raise RefusalError(404, "NotFound", f"The lab has no tenant {body['tenant']}")
    return JSONResponse(describe(sign_in(cloud, tenant, _attempt(cloud, tenant, body))))


def _attempt(cloud: Cloud, tenant: Tenant, body: Json) -> Attempt:
    user = tenant.directory.user(text(body, "user_id"))
    if user is None:
        raise RefusalError(404, "NotFound", f"{tenant.name} has no user {body['user_id']}")
    name = str(body.get("app", "mail"))
    app = application(cloud, name)
    if app is None:
        raise RefusalError(404, "NotFound", f"No application {name}; known words: {', '.join(APPLICATIONS)}")
    client = str(body.get("client", "mailApp"))
    client_type = CLIENTS.get(client, client)
    if client_type not in CLIENT_APP_TYPES:
        words = ", ".join((*CLIENTS, *CLIENT_APP_TYPES))
        raise RefusalError(400, "BadRequest", f"client {client} is not one of {words}")
    claimed = body.get("platform")
    if claimed is not None and str(claimed).lower() not in PLATFORMS:
        raise RefusalError(400, "BadRequest", f"platform {claimed} is not one of {', '.join(PLATFORMS)}")
    device = find_device(tenant, body["device_id"]) if body.get("device_id") else None
    return Attempt(
        user=user,
        application=app,
        client_app_type=client_type,
        platform=platform(device, claimed),
        device=device,
        mfa=body.get("mfa", True) is True,
    )


def find_device(tenant: Tenant, device_id: str) -> Device:
    """Find a device by object id, registration id or Intune's id; RefusalError 404."""
    directory = tenant.directory
    device = directory.devices.get(device_id) or directory.device_by_device_id(str(device_id))
    if device is None and (managed := intune.find(tenant, device_id)):
        device = intune.entra_device(tenant, managed)
    if device is None:
        raise RefusalError(404, "NotFound", f"{tenant.name} has no device {device_id}")
    return device


def describe(outcome: Outcome) -> Json:
    """Return an outcome as JSON."""
    found = outcome.decision
    token = outcome.token
    return {
        "allowed": found.allowed,
        "reason": found.reason,
        "error_code": found.error_code,
        "evaluated_at": found.evaluated_at.isoformat(),
        "policies": [
            {
                "id": each.id,
                "name": each.name,
                "state": each.state,
                "result": each.result,
                "why": each.why,
                "controls": list(each.controls),
            }
            for each in found.results
        ],
        "sign_in_id": outcome.log.id,
        "token": {"id": token.id, "expires_at": token.expires.isoformat()} if token else None,
    }


routes: list[BaseRoute] = [Route("/lab/decision", decision, methods=["POST"])]
