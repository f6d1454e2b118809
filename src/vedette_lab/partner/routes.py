"""HTTP of the simulated partner interface (docs/lab-partner.md). Every answer says it is a simulation."""

from functools import wraps
from uuid import UUID

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vedette_lab.answers import Handler, Json, RefusalError, answering, cloud_of, read_json, tenant_of
from vedette_lab.entra.tokens import InvalidTokenError, read_bearer
from vedette_lab.intune_model import PartnerUpload
from vedette_lab.model import Cloud, Tenant
from vedette_lab.partner import service

AUDIENCES = frozenset({"https://api.manage.microsoft.com/", "https://api.manage.microsoft.com"})
ROLE = "update_device_health"
PROVIDER = "MobileThreatDefenseSimulation"
SIMULATION: Json = {"simulation": True}


def _labelled(handler: Handler) -> Handler:
    """Label refusals as a simulation too."""

    @wraps(handler)
    async def wrapped(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusalError as refusal:
            refusal.body |= SIMULATION
            raise

    return wrapped


def endpoints(base_url: str) -> list[Json]:
    """Return Graph's `endpoint` objects of the Intune service principal that belong to this interface."""
    return [
        {
            "id": "6a1c2f1e-7d0b-4f0e-9a55-3f6f0d2f7c11",
            "capability": PROVIDER,
            "providerId": "0000000a-0000-0000-c000-000000000000",
            "providerName": PROVIDER,
            "providerResourceId": None,
            "uri": f"{base_url}/partner",
        }
    ]


def _admitted(request: Request) -> Tenant:
    """Return the tenant when the bearer may speak for it; RefusalError 401, 403 or 404."""
    tenant = tenant_of(request)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise RefusalError(401, "InvalidAuthenticationToken", "No bearer token was sent")
    try:
        bearer = read_bearer(cloud_of(request), token, AUDIENCES)
    except InvalidTokenError as error:
        raise RefusalError(401, "InvalidAuthenticationToken", str(error)) from error
    if bearer.tenant_id != tenant.id:
        why = "The token was issued for another tenant"
        raise RefusalError(403, "Authorization_RequestDenied", why)
    if ROLE not in bearer.roles:
        why = f"The token lacks the role {ROLE}: an administrator of {tenant.name} must consent to it"
        raise RefusalError(403, "Authorization_RequestDenied", why)
    return tenant


@answering
@_labelled
async def tenant(request: Request) -> Response:
    """Provision or withdraw."""
    organisation = _admitted(request)
    body = await read_json(request)
    wanted = body.get("provisioned")
    if not isinstance(wanted, bool):
        raise RefusalError(400, "BadRequest", "provisioned must be true or false")
    change = service.provision if wanted else service.deprovision
    change(organisation, cloud_of(request).now())
    connector = service.connector(organisation)
    return JSONResponse(
        {
            "tenantId": organisation.id,
            "provisioned": wanted,
            "connectorId": connector.id,
            "partnerState": connector.partner_state,
            "httpStatusCode": 200,
            "errorDetail": None,
            **SIMULATION,
        }
    )


@answering
@_labelled
async def heartbeat(request: Request) -> Response:
    """Take a heartbeat and say whether everything must be sent again."""
    organisation = _admitted(request)
    await read_json(request)
    now = cloud_of(request).now()
    connector = service.heartbeat(organisation, now)
    return JSONResponse(
        {
            "tenantId": organisation.id,
            "timestamp": now.isoformat(),
            "partnerState": connector.partner_state,
            "resync": organisation.partner.resync_requested,
            **SIMULATION,
        }
    )


@answering
@_labelled
async def upload(request: Request) -> Response:
    """Accept messages; they are applied after the answer."""
    organisation = _admitted(request)
    cloud = cloud_of(request)
    found = service.accept(organisation, _guid(request), await read_json(request), cloud.now())
    answer = {
        "id": found.id,
        "status": found.status,
        "httpStatusCode": 202 if found.error is None else 400,
        "errorDetail": found.error,
        **SIMULATION,
    }
    return JSONResponse(answer, background=BackgroundTask(_work, cloud, organisation, found))


async def _work(cloud: Cloud, organisation: Tenant, found: PartnerUpload) -> None:
    service.work(organisation, found, cloud.now())


@answering
@_labelled
async def status(request: Request) -> Response:
    """Tell what became of an upload."""
    organisation = _admitted(request)
    found = organisation.partner.uploads.get(_guid(request))
    if found is None:
        raise RefusalError(404, "NotFound", "No upload has this id")
    messages = [
        {
            "messageId": each.id,
            "deviceId": each.device_id,
            "status": each.status,
            "errorCode": each.error_code,
            "errorDetail": each.error,
        }
        for each in found.messages
    ]
    return JSONResponse({"id": found.id, "status": found.status, "messages": messages, **SIMULATION})


def _guid(request: Request) -> str:
    try:
        return str(UUID(request.path_params["guid"]))
    except ValueError:
        raise RefusalError(400, "BadRequest", "The id of an upload must be a GUID") from None


routes: list[BaseRoute] = [
    Route("/partner/{tid}/tenant", tenant, methods=["PUT"]),
    Route("/partner/{tid}/heartbeat", heartbeat, methods=["PUT"]),
    Route("/partner/{tid}/messages/{guid}", upload, methods=["PUT"]),
    Route("/partner/{tid}/messages/{guid}", status, methods=["GET"]),
]
