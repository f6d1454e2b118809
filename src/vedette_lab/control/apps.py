"""Control of application registrations and consents."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import UNSET
from starlette.requests import Request

from vedette_lab.app_model import AppCertificate, AppRegistration, AppSecret, Consent, FederatedCredential
from vedette_lab.control import bodies
from vedette_lab.control.answers import member_id, plain, tenant_of
from vedette_lab.control.bodies import ControlError, apply, read
from vedette_lab.entra.clients import certificate_of
from vedette_lab.model import Cloud, new_id
from vedette_lab.permissions import PERMISSIONS

SECRET_DAYS = 180


async def listing(_: Request, cloud: Cloud) -> Any:
    """List the registrations; secrets are not shown."""
    return [{**plain(app), "secrets": len(app.secrets)} for app in cloud.apps.values()]


async def add(request: Request, cloud: Cloud) -> Any:
    """Register an application in its home tenant (the first one when none is named)."""
    body = await read(request, bodies.NewApp)
    _known(body.permissions)
    home = cloud.tenant(body.home_tenant) if body.home_tenant else next(iter(cloud.tenants.values()))
    if home is None:
        raise ControlError(f"No tenant '{body.home_tenant}'.", 404)
    client_id = _guid(body.client_id) if body.client_id else new_id()
    app = AppRegistration(client_id, new_id(), body.display_name, home.id)
    app.redirect_uris, app.permissions = body.redirect_uris, body.permissions
    app.multi_tenant, app.group_claims = body.multi_tenant, body.group_claims
    app.public_redirect_uris = body.public_redirect_uris
    app.federated = [_federated(row) for row in body.federated]
    if body.certificate_pem:
        app.certificates = [_certificate(body.certificate_pem)]
    if body.secret:
        expires = body.secret_expires or datetime.now(UTC) + timedelta(days=SECRET_DAYS)
        app.secrets = [AppSecret(body.secret, expires)]
    cloud.apps[client_id] = app
    # A registration brings its own service principal in the tenant it is made in.
    home.service_principal(client_id, cloud.now())
    return {"client_id": client_id, "object_id": app.object_id, "home_tenant": home.id}


async def change(request: Request, cloud: Cloud) -> Any:
    """Change a registration."""
    app = _app(request.path_params["client_id"], cloud)
    body = await read(request, bodies.AppPatch)
    if body.permissions is not UNSET:
        _known(body.permissions)
    if body.secrets is not UNSET:
        app.secrets = [_secret(row) for row in body.secrets]
    if body.certificates is not UNSET:
        app.certificates = [_certificate(pem) for pem in body.certificates]
    if body.federated is not UNSET:
        app.federated = [_federated(row) for row in body.federated]
    apply(body, app, leave=("secrets", "certificates", "federated"))
    return {"client_id": app.client_id}


async def consent(request: Request, cloud: Cloud) -> Any:
    """Grant consent without the page, at once."""
    tenant = tenant_of(request, cloud)
    body = await read(request, bodies.NewConsent)
    app = _app(body.client_id, cloud)
    _known(body.permissions or [])
    now = datetime.now(UTC)
    wanted = tuple(app.permissions if body.permissions is None else body.permissions)
    tenant.service_principal(app.client_id, cloud.now())
    tenant.consents[app.client_id] = Consent(app.client_id, wanted, now, "control API", now)
    return {"permissions": wanted}


async def withdraw(request: Request, cloud: Cloud) -> Any:
    """Withdraw a consent; with `?remove=1` the application leaves the tenant as well."""
    tenant = tenant_of(request, cloud)
    app = _app(request.path_params["client_id"], cloud)
    tenant.consents.pop(app.client_id, None)
    if request.query_params.get("remove"):
        tenant.service_principals.pop(app.client_id, None)


async def assign(request: Request, cloud: Cloud) -> Any:
    """Assign users and groups to the enterprise application."""
    tenant = tenant_of(request, cloud)
    app = _app(request.path_params["client_id"], cloud)
    body = await read(request, bodies.Members)
    principal = tenant.service_principal(app.client_id, cloud.now())
    principal.assigned |= {member_id(tenant, key) for key in body.ids}


def _app(client_id: str, cloud: Cloud) -> AppRegistration:
    found = cloud.apps.get(client_id)
    if found is None:
        raise ControlError(f"No application '{client_id}'.", 404)
    return found


def _known(permissions: list[str]) -> None:
    if unknown := sorted(set(permissions) - set(PERMISSIONS)):
        raise ControlError(f"Not application permissions of Graph that the lab knows: {', '.join(unknown)}.")


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ControlError(f"'{text}' is no GUID.") from None


def _certificate(pem: str) -> AppCertificate:
    try:
        return certificate_of(pem)
    except ValueError as error:
        raise ControlError(f"The certificate is no PEM certificate: {error}.") from None


def _federated(row: bodies.Federated) -> FederatedCredential:
    return FederatedCredential(row.issuer, row.subject, row.audiences)


def _secret(row: dict[str, Any]) -> AppSecret:
    try:
        expires = datetime.fromisoformat(row["expires"]) if "expires" in row else None
        return AppSecret(row["value"], expires or datetime.now(UTC) + timedelta(days=SECRET_DAYS))
    except (KeyError, ValueError):
        raise ControlError("A secret is {'value': …, 'expires': ISO 8601 with zone}.") from None
