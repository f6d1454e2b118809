"""Users in the portal: find them, see their groups and phones, revoke their sessions."""

from datetime import UTC, datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from vedette_lab.answers import cloud_of
from vedette_lab.directory import User
from vedette_lab.entra.tokens import revoke_user
from vedette_lab.model import Tenant
from vedette_lab.portal.kit import field, go, listing, missing, show, tenant_form, tenant_page
from vedette_lab.seed.roles import ROLE_NAMES


def role_names(user: User) -> list[str]:
    """Return the names of a user's directory roles."""
    return [ROLE_NAMES.get(role, role) for role in user.roles]


def _matches(user: User, query: str) -> bool:
    return query in user.display_name.lower() or query in user.user_principal_name.lower() or query == user.id


@tenant_page
async def users(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/users`: every user, searchable; administrators first."""
    rows = sorted(tenant.directory.users.values(), key=lambda user: (not user.roles, user.display_name))
    found = listing(request, rows, _matches)
    return show(request, "portal/users.html", tenant=tenant, list=found, roles=role_names)


@tenant_page
async def user(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/users/{id}`: one user."""
    person = tenant.directory.users.get(request.path_params["uid"])
    if person is None:
        return missing(request, f"{tenant.name} has no such user.")
    now = cloud_of(request).now()
    return show(
        request,
        "portal/user.html",
        tenant=tenant,
        user=person,
        roles=role_names,
        groups=tenant.directory.transitive_member_of(person.id),
        devices=tenant.directory.owned_devices(person.id),
        live=sum(token.user_id == person.id and token.alive(now) for token in tenant.tokens.values()),
    )


@tenant_form
async def revoke(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Revoke every session of a user, as Graph's `revokeSignInSessions` does."""
    person = tenant.directory.users.get(request.path_params["uid"])
    if person is None:
        return missing(request, f"{tenant.name} has no such user.")
    at_once = cloud_of(request).switches.continuous_access_evaluation
    ended = revoke_user(tenant, person, datetime.now(UTC), at_once=at_once)
    return go(f"/portal/{tenant.id}/users/{person.id}", f"Sessions revoked: {ended} were alive.")


@tenant_form
async def account(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Enable or disable an account."""
    person = tenant.directory.users.get(request.path_params["uid"])
    if person is None:
        return missing(request, f"{tenant.name} has no such user.")
    person.account_enabled = field(form, "enabled") == "yes"
    done = "The account is enabled." if person.account_enabled else "The account is disabled."
    return go(f"/portal/{tenant.id}/users/{person.id}", done)
