"""Admin consent, v2.0 and v1 (microsoft.md 3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vedette_lab.app_model import AppRegistration, Consent
from vedette_lab.directory import User
from vedette_lab.entra import browser
from vedette_lab.entra.authorize import form_of
from vedette_lab.entra.errors import EntraError
from vedette_lab.entra.lookup import app_of, tenant_of, user_by_name
from vedette_lab.model import Cloud, Tenant
from vedette_lab.pages import page
from vedette_lab.permissions import DELEGATED, PERMISSIONS, RESOURCES
from vedette_lab.seed.roles import MAY_CONSENT

PARAMETERS = ("client_id", "redirect_uri", "state", "scope", "prompt")


@dataclass(frozen=True, slots=True)
class Asked:
    """A consent that is asked for, checked. `version` is 1 or 2: they answer in different words."""

    version: int
    tenant: Tenant | None
    app: AppRegistration
    redirect_uri: str
    values: Mapping[str, str]


async def show(request: Request) -> Response:
    """Answer `/{tenant}/v2.0/adminconsent` and `/{tenant}/adminconsent`."""
    cloud: Cloud = request.app.state.cloud
    values = {name: request.query_params[name] for name in PARAMETERS if request.query_params.get(name)}
    try:
        asked = _asked(request, cloud, values)
    except EntraError as error:
        return browser.error_page(error, client_id=values.get("client_id", ""))
    session = browser.signed_in(request)
    here = session is not None and asked.tenant in {None, session[0]}
    if session is None or not here or values.get("prompt") in {"login", "select_account"}:
        return _picker(request, cloud, asked)
    return _page(request, asked, *session)


async def decide(request: Request) -> Response:
    """Answer the forms of the picker and of the consent page."""
    cloud: Cloud = request.app.state.cloud
    form = await form_of(request)
    values = {name: form[name] for name in PARAMETERS if form.get(name)}
    try:
        asked = _asked(request, cloud, values)
    except EntraError as error:
        return browser.error_page(error, client_id=values.get("client_id", ""))
    if "login" in form:
        return _login(request, cloud, asked, form["login"])
    session = browser.signed_in(request)
    if session is None or (asked.tenant and asked.tenant != session[0]):
        return _picker(request, cloud, asked)
    tenant, user = session
    if form.get("decision") != "accept":
        return _canceled(asked)
    if not MAY_CONSENT & set(user.roles):
        return _need_approval(asked, tenant, user)
    _grant(cloud, tenant, asked.app, user)
    return _accepted(asked, tenant)


def _asked(request: Request, cloud: Cloud, values: Mapping[str, str]) -> Asked:
    version = 2 if "/v2.0/" in request.url.path else 1
    key = request.path_params["tenant"]
    if version == 2 and key.lower() == "common":  # noqa: PLR2004 -- the version, named two lines above
        raise EntraError(90013, reason="The endpoint takes a tenant or 'organizations', not 'common'.")
    tenant = tenant_of(cloud, key)
    app = app_of(cloud, values.get("client_id"), tenant)
    redirect_uri = values.get("redirect_uri", "")
    if redirect_uri not in app.redirect_uris:
        raise EntraError(50011, redirect_uri=redirect_uri, client_id=app.client_id)
    if version == 2 and not values.get("scope"):  # noqa: PLR2004 -- the version, as above
        raise EntraError(900144, parameter="scope")
    return Asked(version, tenant, app, redirect_uri, values)


def _picker(request: Request, cloud: Cloud, asked: Asked, problem: str | None = None) -> Response:
    return browser.picker(
        [asked.tenant] if asked.tenant else cloud.tenants.values(),
        action=request.url.path,
        fields={name: value for name, value in asked.values.items() if name != "prompt"},
        app_name=asked.app.display_name,
        problem=problem,
    )


def _login(request: Request, cloud: Cloud, asked: Asked, name: str) -> Response:
    found = user_by_name([asked.tenant] if asked.tenant else cloud.tenants.values(), name)
    if found is None:
        return _picker(request, cloud, asked, "We couldn't find an account with that username.")
    tenant, user = found
    if not user.account_enabled:
        return browser.error_page(EntraError(50057), app_name=asked.app.display_name)
    response = _page(request, asked, tenant, user)
    browser.remember(response, cloud, tenant, user)
    return response


def _page(request: Request, asked: Asked, tenant: Tenant, user: User) -> Response:
    if not MAY_CONSENT & set(user.roles):
        return _need_approval(asked, tenant, user)
    delegated = [DELEGATED[name] for name in asked.app.delegated_permissions if name in DELEGATED]
    application = [PERMISSIONS[name] for name in asked.app.permissions]
    return page(
        "entra/consent.html",
        app=asked.app,
        tenant=tenant,
        user=user,
        publisher=asked.redirect_uri.split("/")[2],
        permissions=[*((p.title, p.description) for p in application), *delegated],
        action=request.url.path,
        fields={name: value for name, value in asked.values.items() if name != "prompt"},
        again=f"{request.url.path}?{urlencode({**asked.values, 'prompt': 'select_account'})}",
    )


def _need_approval(asked: Asked, tenant: Tenant, user: User) -> Response:
    error = EntraError(90094, tenant=tenant.name, app=asked.app.display_name)
    return page(
        "entra/need_approval.html",
        status=403,
        app=asked.app,
        tenant=tenant,
        user=user,
        error=error,
        leave=_canceled(asked).headers["location"],
    )


def _grant(cloud: Cloud, tenant: Tenant, app: AppRegistration, user: User) -> None:
    """Grant everything in the manifest; it counts after the delay that stands for propagation."""
    now = datetime.now(UTC)
    tenant.service_principal(app.client_id, cloud.now())
    effective = now + timedelta(seconds=cloud.switches.consent_delay_seconds)
    tenant.consents[app.client_id] = Consent(
        app.client_id, tuple(app.permissions), now, user.user_principal_name, effective
    )


def _accepted(asked: Asked, tenant: Tenant) -> Response:
    answer = {"admin_consent": "True", "tenant": tenant.id}
    if asked.version == 2:  # noqa: PLR2004 -- the version of the endpoint
        answer["scope"] = " ".join(_scope(name) for name in asked.app.permissions)
    return _return(asked, answer)


def _scope(name: str) -> str:
    hosts = {resource: audience.rstrip("/") for audience, resource in RESOURCES.items()}
    return f"{hosts[PERMISSIONS[name].resource]}/{name}"


def _canceled(asked: Asked) -> Response:
    if asked.version == 1:
        words = {"error": "permission_denied", "error_description": "The admin canceled the request"}
        return _return(asked, words)
    refusal = EntraError(65004)
    words = {"error": refusal.kind.error, "error_description": refusal.summary}
    return _return(asked, {"admin_consent": "True", **words})


def _return(asked: Asked, answer: dict[str, str]) -> Response:
    if "state" in asked.values:
        answer["state"] = asked.values["state"]
    separator = "&" if "?" in asked.redirect_uri else "?"
    return RedirectResponse(f"{asked.redirect_uri}{separator}{urlencode(answer)}", 302)
