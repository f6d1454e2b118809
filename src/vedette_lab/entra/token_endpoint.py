"""The token endpoint: authorization codes with PKCE, and client credentials (microsoft.md 3.2 and 3.5)."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vedette_lab.app_model import AppRegistration
from vedette_lab.entra import tokens
from vedette_lab.entra.authorize import form_of
from vedette_lab.entra.clients import authenticate, basic_credentials
from vedette_lab.entra.errors import EntraError
from vedette_lab.entra.keys import b64url
from vedette_lab.entra.lookup import app_of, tenant_of
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud, Tenant
from vedette_lab.permissions import (
    EXCHANGE_APP,
    EXCHANGE_AUDIENCE,
    GRAPH_APP,
    GRAPH_AUDIENCE,
    INTUNE_API_APP,
    INTUNE_AUDIENCE,
)
from vedette_lab.sessions import AuthorizationCode

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
DEFAULT = "/.default"


async def token(request: Request) -> Response:
    """Answer `/{tenant}/oauth2/v2.0/token`."""
    cloud: Cloud = request.app.state.cloud
    try:
        form = await form_of(request)
        basic = basic_credentials(request.headers.get("authorization"))
        if basic:
            form["client_id"], form["client_secret"] = basic
        answer = _grant(cloud, request.path_params["tenant"], form)
    except EntraError as error:
        return error.response(cloud.base_url)
    request.state.app_id = form["client_id"]
    return JSONResponse(answer, headers=NO_STORE)


def _grant(cloud: Cloud, tenant_key: str, form: Mapping[str, str]) -> Json:
    if "grant_type" not in form:
        raise EntraError(900144, parameter="grant_type")
    tenant = tenant_of(cloud, tenant_key)
    app = app_of(cloud, form.get("client_id"), tenant)
    grant = form["grant_type"]
    if grant not in {"client_credentials", "authorization_code"}:
        raise EntraError(70003, grant_type=grant)
    if grant == "authorization_code" and _is_public(cloud, form):
        if "client_secret" in form or "client_assertion" in form:
            raise EntraError(700025)
        return _authorization_code(cloud, tenant, app, form)
    proof = authenticate(cloud, tenant, app, form)
    if grant == "client_credentials":
        return _client_credentials(cloud, tenant, app, form, proof)
    return _authorization_code(cloud, tenant, app, form)


def _is_public(cloud: Cloud, form: Mapping[str, str]) -> bool:
    """Tell whether the code was given to an application that has no secret: an app on a phone."""
    code = cloud.entra.codes.get(form.get("code", ""))
    return code is not None and code.public


def _client_credentials(
    cloud: Cloud, tenant: Tenant | None, app: AppRegistration, form: Mapping[str, str], proof: str
) -> Json:
    if tenant is None:
        raise EntraError(50059)
    scope = form.get("scope", "")
    if not scope:
        raise EntraError(900144, parameter="scope")
    if not scope.endswith(DEFAULT) or " " in scope:
        raise EntraError(1002012, scope=scope)
    audience = _audience(cloud, tenant, app, scope.removesuffix(DEFAULT))
    if cloud.switches.require_service_principal and app.client_id not in tenant.service_principals:
        raise EntraError(7000229, client_id=app.client_id, tenant=tenant.id)
    access_token, seconds = tokens.app_token(cloud, tenant, app, audience, proof)
    return {
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": access_token,
    }


def _audience(cloud: Cloud, tenant: Tenant, app: AppRegistration, resource: str) -> str:
    """Return the `aud` for a resource. EntraError 500011 when the tenant knows no such resource."""
    known = dict.fromkeys((GRAPH_AUDIENCE, GRAPH_APP, cloud.base_url), GRAPH_AUDIENCE)
    known |= dict.fromkeys((INTUNE_AUDIENCE.removesuffix("/"), INTUNE_API_APP), INTUNE_AUDIENCE)
    known |= dict.fromkeys((EXCHANGE_AUDIENCE, EXCHANGE_APP), EXCHANGE_AUDIENCE)
    known |= {app.client_id: app.client_id, f"api://{app.client_id}": app.client_id}
    audience = known.get(resource.removesuffix("/"))
    if audience is None:
        raise EntraError(500011, resource=resource, tenant=tenant.name)
    return audience


def _authorization_code(
    cloud: Cloud, tenant: Tenant | None, app: AppRegistration, form: Mapping[str, str]
) -> Json:
    for parameter in ("code", "redirect_uri"):
        if not form.get(parameter):
            raise EntraError(900144, parameter=parameter)
    code = _redeem(cloud, tenant, app, form)
    owner = cloud.tenants[code.tenant_id]
    user = owner.directory.users.get(code.user_id)
    if user is None or not user.account_enabled:
        raise EntraError(50057)
    if app.client_id not in owner.service_principals:
        raise EntraError(65001, client_id=app.client_id, app=app.display_name)
    granted = " ".join(part for part in code.scope.split() if part != "offline_access")
    access_token, seconds = tokens.user_token(cloud, owner, app, user, granted)
    answer: Json = {
        "token_type": "Bearer",
        "scope": granted,
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": access_token,
    }
    if "openid" in code.scope.split():
        answer["id_token"] = tokens.id_token(
            cloud, owner, app, user, scope=code.scope, nonce=code.nonce, device_id=code.device_id
        )
    return answer


def _redeem(
    cloud: Cloud, tenant: Tenant | None, app: AppRegistration, form: Mapping[str, str]
) -> AuthorizationCode:
    """Use up a code. EntraError tells which of its conditions is not met."""
    code = cloud.entra.codes.get(form["code"])
    if code is None or code.client_id != app.client_id or (tenant and tenant.id != code.tenant_id):
        raise EntraError(70000, reason="The code was not issued to this application for this tenant.")
    if code.used:
        raise EntraError(54005)
    if code.expires <= datetime.now(UTC):
        raise EntraError(70008)
    if form["redirect_uri"] != code.redirect_uri:
        raise EntraError(500112, redirect_uri=form["redirect_uri"], expected=code.redirect_uri)
    if code.challenge is not None:
        verifier = form.get("code_verifier")
        if not verifier:
            raise EntraError(900144, parameter="code_verifier")
        if not hmac.compare_digest(b64url(hashlib.sha256(verifier.encode()).digest()), code.challenge):
            raise EntraError(501481)
    code.used = True
    return code
