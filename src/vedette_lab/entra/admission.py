"""What stands between a known account and a token: enabled, assigned, consented, conditional access."""

from vedette_lab.app_model import AppRegistration
from vedette_lab.conditional_access.engine import Application
from vedette_lab.conditional_access.sign_in import Attempt, sign_in
from vedette_lab.directory import User
from vedette_lab.entra.errors import EntraError
from vedette_lab.model import Cloud, Tenant
from vedette_lab.permissions import DELEGATED

GRAPH = "https://graph.microsoft.com/"
ALONE = frozenset({*DELEGATED, "offline_access"})
"""What a person may consent to without an administrator."""


def admit(
    cloud: Cloud, tenant: Tenant, app: AppRegistration, user: User, *, scope: str, user_agent: str = ""
) -> None:
    """Let a person sign in to an application, or raise EntraError (50057, 50105, 90094, 53003 and others)."""
    if not user.account_enabled:
        raise EntraError(50057)
    if app.assignment_required and not _assigned(cloud, tenant, app, user):
        name = user.user_principal_name
        raise EntraError(50105, app=app.display_name, client_id=app.client_id, user=name)
    wanted = {part.removeprefix(GRAPH) for part in scope.split()}
    if not wanted <= ALONE and app.client_id not in tenant.consents:
        raise EntraError(90094, tenant=tenant.name, app=app.display_name)
    outcome = sign_in(cloud, tenant, Attempt(user, _application(app), "browser", _platform(user_agent)))
    if not outcome.decision.allowed:
        facts = {"resource": app.display_name, "state": "not presented"}
        raise EntraError(outcome.decision.error_code or 53003, **facts)


def _application(app: AppRegistration) -> Application:
    return Application(app.client_id, app.display_name)


def _platform(user_agent: str) -> str | None:
    """Guess the platform from the user agent, which is all Entra has for a browser (microsoft.md 4.7, 2)."""
    marks = {"Android": "android", "iPhone": "iOS", "iPad": "iOS", "Windows": "windows", "Mac OS": "macOS"}
    return next((name for mark, name in marks.items() if mark in user_agent), None)


def _assigned(cloud: Cloud, tenant: Tenant, app: AppRegistration, user: User) -> bool:
    """Tell whether the person or a direct group of theirs is assigned (no nesting, as at Entra)."""
    assigned = tenant.service_principal(app.client_id, cloud.now()).assigned
    return user.id in assigned or any(group.id in assigned for group in tenant.directory.member_of(user.id))
