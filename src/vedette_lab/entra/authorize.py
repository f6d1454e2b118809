"""The authorization endpoint: code flow with PKCE, `query` and `form_post` (microsoft.md 3.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vedette_lab.app_model import AppRegistration
from vedette_lab.directory import User
from vedette_lab.entra import browser
from vedette_lab.entra.admission import admit
from vedette_lab.entra.errors import EntraError
from vedette_lab.entra.lookup import app_of, tenant_of, user_by_name
from vedette_lab.model import Cloud, Tenant
from vedette_lab.pages import page
from vedette_lab.sessions import AuthorizationCode

CODE_MINUTES = 10
PARAMETERS = (
    *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "prompt"),
    *("login_hint", "domain_hint", "code_challenge", "code_challenge_method"),
)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose application and redirect address are known to be true."""

    tenant: Tenant | None
    app: AppRegistration
    redirect_uri: str
    values: Mapping[str, str]
    public: bool = False

    @property
    def prompt(self) -> str:
        """Return the `prompt` parameter, empty when absent."""
        return self.values.get("prompt", "")


class RedirectedError(Exception):
    """A refusal that the application is told through its redirect address."""

    def __init__(self, error: EntraError, name: str | None = None) -> None:
        self.error = error
        self.name = name or error.kind.error
        super().__init__(str(error))


async def authorize(request: Request) -> Response:
    """Answer `/{tenant}/oauth2/v2.0/authorize` with the account picker, a redirect or an error page."""
    cloud: Cloud = request.app.state.cloud
    given = dict(request.query_params) if request.method == "GET" else await form_of(request)
    values = {name: given[name] for name in PARAMETERS if given.get(name)}
    try:
        asked = _asked(cloud, request.path_params["tenant"], values)
    except EntraError as error:
        return browser.error_page(error, client_id=values.get("client_id", ""))
    try:
        _check(asked)
        if asked.prompt == "none":
            return _silent(request, cloud, asked)
    except RedirectedError as refusal:
        return _refuse(asked, refusal)
    return _picker(request, cloud, asked)


async def login(request: Request) -> Response:
    """Answer the picker's form: give the application a code for the chosen account."""
    cloud: Cloud = request.app.state.cloud
    form = await form_of(request)
    values = {name: form[name] for name in PARAMETERS if form.get(name)}
    try:
        asked = _asked(cloud, request.path_params["tenant"], values)
    except EntraError as error:
        return browser.error_page(error, client_id=values.get("client_id", ""))
    found = user_by_name(_tenants(cloud, asked), form.get("login", ""))
    if found is None:
        return _unknown_account(request, cloud, asked, form.get("login", ""))
    tenant, user = found
    try:
        _check(asked)
        _admit(request, asked, tenant, user)
    except RedirectedError as refusal:
        return _refuse(asked, refusal)
    except EntraError as error:
        return browser.error_page(error, app_name=asked.app.display_name, client_id=asked.app.client_id)
    response = _give_code(cloud, asked, tenant, user, _device(tenant, user, form.get("device", "")))
    browser.remember(response, cloud, tenant, user)
    return response


async def logout(request: Request) -> Response:
    """Answer `/{tenant}/oauth2/v2.0/logout`: end the browser session, return to a registered site."""
    cloud: Cloud = request.app.state.cloud
    target = request.query_params.get("post_logout_redirect_uri", "")
    origins = {"/".join(uri.split("/")[:3]) for app in cloud.apps.values() for uri in app.redirect_uris}
    response: Response
    if target and "/".join(target.split("/")[:3]) in origins:
        state = request.query_params.get("state")
        response = RedirectResponse(_with(target, {"state": state} if state else {}), 302)
    else:
        response = page("entra/signed_out.html")
    browser.forget(request, response)
    return response


async def form_of(request: Request) -> dict[str, str]:
    """Return the text fields of a posted form."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _asked(cloud: Cloud, tenant_key: str, values: Mapping[str, str]) -> Asked:
    """Check what must be true before anything may be sent to the redirect address."""
    tenant = tenant_of(cloud, tenant_key)
    app = app_of(cloud, values.get("client_id"), tenant)
    redirect_uri = values.get("redirect_uri", "")
    public = _is_public(app, redirect_uri)
    if not public and redirect_uri not in app.redirect_uris:
        raise EntraError(50011, redirect_uri=redirect_uri, client_id=app.client_id)
    return Asked(tenant, app, redirect_uri, values, public)


def _is_public(app: AppRegistration, redirect_uri: str) -> bool:
    """Tell whether an address is one of an app without a secret; of `http://localhost` any port will do (RFC 8252)."""
    parts = urlsplit(redirect_uri)
    plain = redirect_uri
    if (parts.scheme, parts.hostname) == ("http", "localhost"):
        plain = parts._replace(netloc="localhost").geturl()
    return any(
        uri.rstrip("/") in {redirect_uri.rstrip("/"), plain.rstrip("/")} for uri in app.public_redirect_uris
    )


def _check(asked: Asked) -> None:
    """Check the rest; what is wrong goes to the redirect address."""
    values = asked.values
    if "response_type" not in values or "scope" not in values:
        missing = "response_type" if "response_type" not in values else "scope"
        raise RedirectedError(EntraError(900144, parameter=missing))
    if values["response_type"] != "code":
        reason = "Only response_type 'code' is supported."
        raise RedirectedError(EntraError(90013, reason=reason), "unsupported_response_type")
    if values.get("response_mode", "query") not in {"query", "form_post"}:
        raise RedirectedError(EntraError(90013, reason="response_mode must be 'query' or 'form_post'."))
    if "code_challenge" in values:
        if values.get("code_challenge_method") != "S256":
            raise RedirectedError(EntraError(9002313, reason="code_challenge_method must be 'S256'."))
        if not _CHALLENGE.fullmatch(values["code_challenge"]):
            raise RedirectedError(EntraError(9002313, reason="code_challenge is no SHA-256 in base64url."))


def _tenants(cloud: Cloud, asked: Asked) -> list[Tenant]:
    return [asked.tenant] if asked.tenant else list(cloud.tenants.values())


def _picker(request: Request, cloud: Cloud, asked: Asked, problem: str | None = None) -> Response:
    return browser.picker(
        _tenants(cloud, asked),
        action=f"/{request.path_params['tenant']}/login",
        fields=asked.values,
        app_name=asked.app.display_name,
        hint=asked.values.get("login_hint", ""),
        problem=problem,
        with_device=asked.public,
    )


def _unknown_account(request: Request, cloud: Cloud, asked: Asked, name: str) -> Response:
    elsewhere = user_by_name(cloud.tenants.values(), name)
    if elsewhere and asked.tenant:
        facts = {"user": name, "tenant": asked.tenant.name, "client_id": asked.app.client_id}
        error = EntraError(50020, issuer=f"{cloud.base_url}/{elsewhere[0].id}/", **facts)
        return browser.error_page(error, app_name=asked.app.display_name, client_id=asked.app.client_id)
    problem = "We couldn't find an account with that username." if name else "Enter a valid email address."
    return _picker(request, cloud, asked, problem)


def _admit(request: Request, asked: Asked, tenant: Tenant, user: User) -> None:
    cloud: Cloud = request.app.state.cloud
    agent = request.headers.get("user-agent", "")
    admit(cloud, tenant, asked.app, user, scope=asked.values.get("scope", ""), user_agent=agent)


def _silent(request: Request, cloud: Cloud, asked: Asked) -> Response:
    """Answer `prompt=none`: a code at once, or the reason why not."""
    session = browser.signed_in(request)
    if session is None or session[0] not in _tenants(cloud, asked):
        raise RedirectedError(EntraError(50058))
    tenant, user = session
    if asked.app.client_id not in tenant.service_principals:
        facts = {"client_id": asked.app.client_id, "app": asked.app.display_name}
        raise RedirectedError(EntraError(65001, **facts), "consent_required")
    try:
        _admit(request, asked, tenant, user)
    except EntraError as error:
        raise RedirectedError(error, "interaction_required") from None
    return _give_code(cloud, asked, tenant, user)


def _device(tenant: Tenant, user: User, device_id: str) -> str | None:
    """Return the registered device whose broker takes part, if Entra would vouch for it; else it goes unnamed."""
    device = tenant.directory.device_by_device_id(device_id.strip().lower()) if device_id else None
    if device is None or not device.account_enabled or user.id not in {*device.owner_ids, *device.user_ids}:
        return None
    return device.device_id


def _give_code(
    cloud: Cloud, asked: Asked, tenant: Tenant, user: User, device_id: str | None = None
) -> Response:
    # Signing in makes the application known to the tenant: the person consented to what a person may.
    tenant.service_principal(asked.app.client_id, cloud.now())
    code = token_urlsafe(48)
    cloud.entra.codes[code] = AuthorizationCode(
        tenant_id=tenant.id,
        user_id=user.id,
        client_id=asked.app.client_id,
        redirect_uri=asked.redirect_uri,
        scope=asked.values.get("scope", ""),
        nonce=asked.values.get("nonce"),
        challenge=asked.values.get("code_challenge"),
        expires=datetime.now(UTC) + timedelta(minutes=CODE_MINUTES),
        public=asked.public,
        device_id=device_id,
    )
    return _return(asked, {"code": code, "session_state": token_urlsafe(16)})


def _refuse(asked: Asked, refusal: RedirectedError) -> Response:
    return _return(asked, {"error": refusal.name, "error_description": refusal.error.description})


def _return(asked: Asked, answer: dict[str, str]) -> Response:
    """Send an answer to the redirect address in the mode that was asked for."""
    if "state" in asked.values:
        answer["state"] = asked.values["state"]
    if asked.values.get("response_mode") == "form_post":
        return page("entra/form_post.html", action=asked.redirect_uri, fields=answer)
    return RedirectResponse(_with(asked.redirect_uri, answer), 302)


def _with(uri: str, query: Mapping[str, str]) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(query)}" if query else uri
