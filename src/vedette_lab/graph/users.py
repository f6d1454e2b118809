"""Users, their devices and their groups (microsoft.md 2.6 and 3.4)."""

from datetime import UTC, datetime
from typing import Final

from starlette.routing import BaseRoute

from vedette_lab.directory import User
from vedette_lab.entra.tokens import revoke_user
from vedette_lab.graph.asked import GraphRoute
from vedette_lab.graph.call import VERSIONS, Call, operation, signed_in
from vedette_lab.graph.errors import bad_request, not_found, unsupported
from vedette_lab.graph.properties import USER
from vedette_lab.intune_model import Json

MOST_GROUPS: Final = 20


def _user(call: Call) -> User:
    key = call.bearer.user_id or call.param("user")
    found = call.tenant.directory.user(key)
    if found is None:
        raise not_found(key)
    return found


async def list_users(call: Call) -> Json:
    """GET /users."""
    return call.collection(call.tenant.directory.users.values(), USER, "users")


async def count_users(call: Call) -> str:
    """GET /users/$count."""
    if not call.query().eventual:
        raise unsupported("$count is only supported with the header 'ConsistencyLevel: eventual'.")
    return str(len(call.tenant.directory.users))


async def get_user(call: Call) -> Json:
    """GET /users/{id or userPrincipalName} and /me."""
    return call.entity(_user(call), USER, "users")


async def owned_devices(call: Call) -> Json:
    """GET /users/{id}/ownedDevices."""
    return call.objects(call.tenant.directory.owned_devices(_user(call).id))


async def registered_devices(call: Call) -> Json:
    """GET /users/{id}/registeredDevices."""
    return call.objects(call.tenant.directory.registered_devices(_user(call).id))


async def member_of(call: Call) -> Json:
    """GET /users/{id}/memberOf."""
    return call.objects(call.tenant.directory.member_of(_user(call).id))


async def transitive_member_of(call: Call) -> Json:
    """GET /users/{id}/transitiveMemberOf."""
    return call.objects(call.tenant.directory.transitive_member_of(_user(call).id))


async def check_member_groups(call: Call) -> Json:
    """POST /users/{id}/checkMemberGroups: which of up to 20 groups the person is in, nesting included."""
    user = _user(call)
    body = call.body()
    asked = body.get("groupIds")
    if not isinstance(asked, list) or not all(isinstance(key, str) for key in asked):
        raise bad_request("The property 'groupIds' must be a collection of strings.")
    if len(asked) > MOST_GROUPS:
        raise bad_request(f"The number of groupIds must not exceed {MOST_GROUPS}.")
    mine = {group.id for group in call.tenant.directory.transitive_member_of(user.id)}
    return _strings(call, [key for key in asked if key in mine])


async def get_member_groups(call: Call) -> Json:
    """POST /users/{id}/getMemberGroups and /getMemberObjects."""
    user = _user(call)
    body = call.body()
    only_security = body.get("securityEnabledOnly", False)
    if not isinstance(only_security, bool):
        raise bad_request("The property 'securityEnabledOnly' must be a Boolean.")
    groups = call.tenant.directory.transitive_member_of(user.id)
    return _strings(call, [group.id for group in groups if group.security_enabled or not only_security])


def _strings(call: Call, values: list[str]) -> Json:
    return {"@odata.context": call.context("Collection(Edm.String)"), "value": values}


async def revoke_sessions(call: Call) -> Json:
    """POST /users/{id}/revokeSignInSessions: the person's refresh tokens hold no longer."""
    at_once = call.cloud.switches.continuous_access_evaluation
    revoke_user(call.tenant, _user(call), datetime.now(UTC), at_once=at_once)
    return {"@odata.context": call.context("Edm.Boolean"), "value": True}


routes: list[BaseRoute] = [
    *operation("GET", "/users", list_users),
    *operation("GET", "/users/$count", count_users, name="/users"),
    *operation("GET", "/users/{user}", get_user),
    *operation("GET", "/users/{user}/ownedDevices", owned_devices),
    *operation("GET", "/users/{user}/registeredDevices", registered_devices),
    *operation("GET", "/users/{user}/memberOf", member_of),
    *operation("GET", "/users/{user}/transitiveMemberOf", transitive_member_of),
    *operation("POST", "/users/{user}/checkMemberGroups", check_member_groups),
    *operation("POST", "/users/{user}/getMemberGroups", get_member_groups),
    *operation("POST", "/users/{user}/getMemberObjects", get_member_groups),
    *operation("POST", "/users/{user}/revokeSignInSessions", revoke_sessions),
    *(
        GraphRoute(f"/{version}/me{path}", signed_in(handler), [method])
        for version in VERSIONS
        for method, path, handler in (
            ("GET", "", get_user),
            ("GET", "/memberOf", member_of),
            ("GET", "/transitiveMemberOf", transitive_member_of),
            ("POST", "/checkMemberGroups", check_member_groups),
            ("POST", "/getMemberObjects", get_member_groups),
        )
    ),
]
