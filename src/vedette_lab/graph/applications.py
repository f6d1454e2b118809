"""Application registrations as their home tenant reads them (Graph v1.0 `application`)."""

from datetime import UTC
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cryptography import x509
from starlette.routing import BaseRoute

from vedette_lab.app_model import AppCertificate, AppRegistration, AppSecret
from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import not_found
from vedette_lab.graph.properties import iso
from vedette_lab.intune_model import Json
from vedette_lab.permissions import OWNERS, PERMISSIONS

HINT: Final = 3


def render_application(app: AppRegistration) -> Json:
    """Return a registration as Graph's JSON: credentials with their ends, never with their secrets."""
    return {
        "id": app.object_id,
        "deletedDateTime": None,
        "appId": app.client_id,
        "displayName": app.display_name,
        "signInAudience": "AzureADMultipleOrgs" if app.multi_tenant else "AzureADMyOrg",
        "groupMembershipClaims": app.group_claims,
        "keyCredentials": [_key(app, certificate) for certificate in app.certificates],
        "passwordCredentials": [_password(app, secret) for secret in app.secrets],
        "requiredResourceAccess": _required(app),
    }


def _key(app: AppRegistration, certificate: AppCertificate) -> Json:
    read = x509.load_pem_x509_certificate(certificate.pem.encode())
    return {
        "customKeyIdentifier": certificate.x5t,
        "displayName": read.subject.rfc4514_string(),
        "endDateTime": iso(read.not_valid_after_utc),
        "key": None,
        "keyId": str(uuid5(NAMESPACE_URL, f"{app.object_id}/{certificate.x5t_s256}")),
        "startDateTime": iso(read.not_valid_before_utc),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _password(app: AppRegistration, secret: AppSecret) -> Json:
    return {
        "customKeyIdentifier": None,
        "displayName": None,
        "endDateTime": iso(secret.expires.astimezone(UTC)),
        "hint": secret.value[:HINT],
        "keyId": str(uuid5(NAMESPACE_URL, f"{app.object_id}/{secret.value}")),
        "secretText": None,
        "startDateTime": None,
    }


def _required(app: AppRegistration) -> list[Json]:
    rows = []
    for resource, app_id in OWNERS.items():
        roles = [name for name in app.permissions if PERMISSIONS[name].resource == resource]
        if roles:
            access = [{"id": PERMISSIONS[name].id, "type": "Role"} for name in roles]
            rows.append({"resourceAppId": app_id, "resourceAccess": access})
    return rows


def _mine(call: Call) -> list[AppRegistration]:
    """A registration lives in one tenant; elsewhere there is only its service principal."""
    return [app for app in call.cloud.apps.values() if app.home_tenant == call.tenant.id]


async def list_applications(call: Call) -> Json:
    """GET /applications."""
    return call.page(_mine(call), call.query(), "applications", render_application)


async def get_application(call: Call) -> Json:
    """GET /applications/{id} and /applications(appId='{appId}')."""
    params = call.asked.params
    wanted = str(params.get("app_id") or params.get("application"))
    for app in _mine(call):
        if wanted == (app.client_id if "app_id" in params else app.object_id):
            select = call.query().select
            row = render_application(app)
            chosen = row if select is None else {name: row[name] for name in select if name in row}
            return {"@odata.context": call.context("applications", select, entity=True), **chosen}
    raise not_found(wanted)


routes: list[BaseRoute] = [
    *operation("GET", "/applications", list_applications),
    *operation("GET", "/applications(appId='{app_id}')", get_application, name="/applications/{id}"),
    *operation("GET", "/applications/{application}", get_application),
]
