"""App registrations in the portal: what the product's set-up wizard asks somebody to do at Entra, by hand."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from vedette_lab.answers import cloud_of
from vedette_lab.app_model import AppRegistration, AppSecret, Consent, FederatedCredential
from vedette_lab.entra.clients import certificate_of
from vedette_lab.model import Tenant, new_id
from vedette_lab.permissions import PERMISSIONS
from vedette_lab.portal.kit import FormError, field, fields, go, missing, show, tenant_form, tenant_page

LONGEST_NAME = 120
MOST_CREDENTIALS = 20
SECRET_DAYS = (90, 180, 365, 730)


@tenant_form
async def create(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Register an application of this organisation."""
    cloud, name = cloud_of(request), field(form, "name")
    if not 1 <= len(name) <= LONGEST_NAME:
        return missing(request, f"A registration needs a name of at most {LONGEST_NAME} characters.")
    app = AppRegistration(new_id(), new_id(), name, tenant.id, multi_tenant=field(form, "multi") == "on")
    cloud.apps[app.client_id] = app
    # A registration brings its own service principal in the tenant it is made in.
    tenant.service_principal(app.client_id, cloud.now())
    return go(_address(tenant, app), "Application registered.")


@tenant_page
async def page(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/apps/{cid}`: IDs, redirect URIs, permissions, credentials."""
    app = _mine(request, tenant)
    return _page(request, tenant, app) if app else missing(request, "There is no such registration.")


@tenant_form
async def change(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Do what one of the page's forms asks, named by its field `act`."""
    app = _mine(request, tenant)
    if app is None:
        return missing(request, "There is no such registration.")
    try:
        done, secret = _act(request, tenant, app, form)
    except FormError as error:
        return _page(request, tenant, app, error=str(error))
    # A secret's value is shown this once, so it does not go into an address.
    return _page(request, tenant, app, secret=secret) if secret else go(_address(tenant, app), done)


def _act(request: Request, tenant: Tenant, app: AppRegistration, form: FormData) -> tuple[str, str]:
    """Return what was done, and the value of a secret that was made. FormError says what is wrong."""
    act = field(form, "act")
    if act == "authentication":
        app.redirect_uris = list(_addresses(field(form, "web").splitlines()))
        app.public_redirect_uris = list(_addresses(field(form, "public").splitlines()))
    elif act == "permissions":
        app.permissions = [name for name in fields(form, "permission") if name in PERMISSIONS]
    elif act == "claims":
        app.group_claims = field(form, "group_claims") or "None"
    elif act == "certificate":
        _add_certificate(app, field(form, "pem"))
    elif act == "federated":
        _add_federated(app, form)
    elif act == "secret":
        return "Secret made.", _add_secret(app, field(form, "days"))
    elif act == "consent":
        now = datetime.now(UTC)
        granted = Consent(app.client_id, tuple(app.permissions), now, "portal", now)
        tenant.consents[app.client_id] = granted
        tenant.service_principal(app.client_id, cloud_of(request).now())
        return "Admin consent granted for what the registration asks.", ""
    elif act == "forget":
        _forget(app, field(form, "kind"), field(form, "number"))
    else:
        raise FormError("This form is not known.")
    return "Saved.", ""


def _add_certificate(app: AppRegistration, pem: str) -> None:
    try:
        app.certificates.append(certificate_of(pem))
    except ValueError as error:
        raise FormError(
            "This is no certificate in PEM. Paste the public certificate, from -----BEGIN CERTIFICATE----- on; "
            "never the key."
        ) from error


def _add_federated(app: AppRegistration, form: FormData) -> None:
    issuer, subject, audience = (field(form, name) for name in ("issuer", "subject", "audience"))
    if not issuer.startswith("https://") or not subject or not audience:
        raise FormError("A federated credential needs an issuer (https://…), a subject and an audience.")
    if any((each.issuer, each.subject) == (issuer, subject) for each in app.federated):
        raise FormError("There is a credential of this issuer and subject already.")
    if len(app.federated) >= MOST_CREDENTIALS:
        raise FormError(f"At most {MOST_CREDENTIALS} federated credentials can be added.")
    app.federated.append(FederatedCredential(issuer, subject, [audience]))


def _add_secret(app: AppRegistration, days: str) -> str:
    if not days.isdecimal() or int(days) not in SECRET_DAYS:
        raise FormError("Choose when the secret ends.")
    secret = AppSecret(token_urlsafe(30), datetime.now(UTC) + timedelta(days=int(days)))
    app.secrets.append(secret)
    return secret.value


def _forget(app: AppRegistration, kind: str, number: str) -> None:
    credentials: dict[str, list[Any]] = {
        "secret": app.secrets,
        "certificate": app.certificates,
        "federated": app.federated,
    }
    kept = credentials.get(kind)
    if kept is None or not number.isdecimal() or int(number) >= len(kept):
        raise FormError("This credential is gone already.")
    del kept[int(number)]


def _addresses(lines: Iterable[str]) -> Iterable[str]:
    for line in filter(None, map(str.strip, lines)):
        parts = urlsplit(line)
        if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1"}:
            raise FormError(
                f"“{line}” is no redirect URI: it begins with https://, or with http://localhost."
            )
        yield line


def _mine(request: Request, tenant: Tenant) -> AppRegistration | None:
    app = cloud_of(request).apps.get(request.path_params["cid"])
    return app if app and app.home_tenant == tenant.id else None


def _address(tenant: Tenant, app: AppRegistration) -> str:
    return f"/portal/{tenant.id}/apps/{app.client_id}"


def _page(
    request: Request, tenant: Tenant, app: AppRegistration, *, error: str = "", secret: str = ""
) -> Response:
    consent = tenant.consents.get(app.client_id)
    return show(
        request,
        "portal/app.html",
        status=400 if error else 200,
        tenant=tenant,
        app=app,
        permissions=PERMISSIONS,
        granted=set(consent.permissions) if consent else set(),
        days=SECRET_DAYS,
        base=cloud_of(request).base_url,
        error=error,
        secret=secret,
    )
