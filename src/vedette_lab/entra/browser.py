"""The browser's side of a sign-in: session cookie, account picker and error page."""

from collections.abc import Iterable, Mapping
from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vedette_lab.directory import User
from vedette_lab.entra.errors import EntraError
from vedette_lab.model import Cloud, Tenant
from vedette_lab.pages import page
from vedette_lab.seed.roles import ROLE_NAMES
from vedette_lab.sessions import BrowserSession

COOKIE = "ESTSAUTH"
SHOWN_ACCOUNTS = 8


def signed_in(request: Request) -> tuple[Tenant, User] | None:
    """Return who signed in with this browser, if that account still may."""
    cloud: Cloud = request.app.state.cloud
    session = cloud.entra.sessions.get(request.cookies.get(COOKIE, ""))
    tenant = cloud.tenants.get(session.tenant_id) if session else None
    user = tenant.directory.users.get(session.user_id) if tenant and session else None
    return (tenant, user) if tenant and user and user.account_enabled else None


def remember(response: Response, cloud: Cloud, tenant: Tenant, user: User) -> None:
    """Begin a browser session."""
    key = token_urlsafe(24)
    cloud.entra.sessions[key] = BrowserSession(tenant.id, user.id, cloud.now())
    response.set_cookie(COOKIE, key, httponly=True, secure=True, samesite="none", path="/")


def forget(request: Request, response: Response) -> None:
    """End the browser session."""
    cloud: Cloud = request.app.state.cloud
    cloud.entra.sessions.pop(request.cookies.get(COOKIE, ""), None)
    response.delete_cookie(COOKIE, path="/")


def picker(
    tenants: Iterable[Tenant],
    *,
    action: str,
    fields: Mapping[str, str],
    app_name: str,
    hint: str = "",
    problem: str | None = None,
    with_device: bool = False,
) -> HTMLResponse:
    """Show the accounts to choose from: the tenant's first ones, then a field for any other.

    The form posts `fields` and `login`, the user principal name, and `device` with `with_device`: the ID of the
    registered device whose broker signs the person in.
    """
    accounts = [
        {
            "upn": user.user_principal_name,
            "name": user.display_name,
            "note": ", ".join(ROLE_NAMES[role] for role in user.roles if role in ROLE_NAMES)
            or user.job_title,
            "tenant": tenant.name,
        }
        for tenant in tenants
        for user in _first(tenant, hint)
    ]
    return page(
        "entra/pick.html",
        accounts=accounts,
        action=action,
        fields=dict(fields),
        app_name=app_name,
        hint=hint,
        problem=problem,
        with_device=with_device,
    )


def _first(tenant: Tenant, hint: str) -> list[User]:
    hinted = tenant.directory.user(hint) if hint else None
    users = [user for _, user in zip(range(SHOWN_ACCOUNTS), tenant.directory.users.values(), strict=False)]
    return [hinted, *(user for user in users if user is not hinted)] if hinted else users


def error_page(error: EntraError, *, app_name: str = "", client_id: str = "") -> HTMLResponse:
    """Show a refusal as Entra's "Sign in: we received a bad request" page does."""
    return page(
        "entra/error.html", status=error.kind.status, error=error, app_name=app_name, client_id=client_id
    )
