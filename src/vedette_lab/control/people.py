"""Control of users, groups and memberships."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from msgspec import UNSET
from starlette.requests import Request

from vedette_lab.control import bodies
from vedette_lab.control.answers import member_id, show_group, show_user, tenant_of, user_of
from vedette_lab.control.bodies import ControlError, apply, read
from vedette_lab.directory import Group, User
from vedette_lab.entra.tokens import revoke_user
from vedette_lab.model import Cloud, Tenant, new_id
from vedette_lab.seed.build import Builder
from vedette_lab.seed.names import Names, mailbox
from vedette_lab.seed.roles import ROLE_NAMES


async def add_group(request: Request, cloud: Cloud) -> Any:
    """Make a group."""
    tenant = tenant_of(request, cloud)
    body = await read(request, bodies.NewGroup)
    group = Group(
        id=new_id(),
        display_name=body.display_name,
        created=cloud.now(),
        description=body.description,
        security_enabled=body.security_enabled,
        mail_enabled="Unified" in body.group_types if body.mail_enabled is None else body.mail_enabled,
        mail_nickname=mailbox(body.display_name),
        group_types=body.group_types,
        visibility=body.visibility,
        is_assignable_to_role=body.is_assignable_to_role,
        on_premises_sync_enabled=body.on_premises_sync_enabled,
        members=dict.fromkeys(member_id(tenant, key) for key in body.members),
    )
    tenant.directory.add_group(group)
    return show_group(group)


async def change_group(request: Request, cloud: Cloud) -> Any:
    """Change a group's names."""
    group = _group(request, tenant_of(request, cloud))
    apply(await read(request, bodies.GroupPatch), group)
    return show_group(group)


async def add_members(request: Request, cloud: Cloud) -> Any:
    """Add members to a group."""
    tenant = tenant_of(request, cloud)
    group = _group(request, tenant)
    body = await read(request, bodies.Members)
    for key in body.ids:
        tenant.directory.add_member(group, member_id(tenant, key))
    return show_group(group)


async def remove_member(request: Request, cloud: Cloud) -> Any:
    """Remove a direct member from a group."""
    tenant = tenant_of(request, cloud)
    group = _group(request, tenant)
    if not tenant.directory.remove_member(group, member_id(tenant, request.path_params["mid"])):
        raise ControlError("Not a direct member of this group.", 404)


async def add_user(request: Request, cloud: Cloud) -> Any:
    """Make a user."""
    tenant = tenant_of(request, cloud)
    body = await read(request, bodies.NewUser)
    upn = body.user_principal_name or f"{mailbox(body.given_name)}.{mailbox(body.surname)}@{tenant.domain}"
    if tenant.directory.user(upn):
        raise ControlError(f"There is a user {upn}.", 409)
    user = User(
        id=new_id(),
        display_name=f"{body.given_name} {body.surname}",
        given_name=body.given_name,
        surname=body.surname,
        user_principal_name=upn,
        mail=upn,
        created=cloud.now(),
        job_title=body.job_title,
        roles=_roles(body.roles),
    )
    groups = [_group_by_id(tenant, key) for key in body.groups]
    tenant.directory.add_user(user)
    for group in groups:
        tenant.directory.add_member(group, user.id)
    return show_user(tenant, user)


async def change_user(request: Request, cloud: Cloud) -> Any:
    """Change a user."""
    tenant = tenant_of(request, cloud)
    user = user_of(tenant, request.path_params["gid"])
    body = await read(request, bodies.UserPatch)
    if body.roles is not UNSET:
        user.roles = _roles(body.roles)
    apply(body, user, leave=("roles",))
    return show_user(tenant, user)


async def remove(request: Request, cloud: Cloud) -> Any:
    """Delete a user or a group; a user can be restored until `?purge=1`."""
    tenant = tenant_of(request, cloud)
    key = request.path_params["gid"]
    if request.query_params.get("purge") and tenant.directory.purge(key):
        return
    found = member_id(tenant, key)
    tenant.directory.remove(found)
    if request.query_params.get("purge"):
        tenant.directory.purge(found)


async def restore(request: Request, cloud: Cloud) -> Any:
    """Bring a deleted user back."""
    tenant = tenant_of(request, cloud)
    key = request.path_params["gid"]
    if not tenant.directory.restore(key):
        raise ControlError(f"No deleted user '{key}' in {tenant.name}.", 404)
    return show_user(tenant, user_of(tenant, key))


async def add_crowd(request: Request, cloud: Cloud) -> Any:
    """Make many people with one managed phone each and put them into a group."""
    tenant = tenant_of(request, cloud)
    body = await read(request, bodies.Crowd)
    group = _group_by_id(tenant, body.group)
    rng = Random(f"{tenant.id} {len(tenant.directory.users)}")
    make = Builder(tenant, rng, Names(rng), cloud.now().replace(microsecond=0))
    first = len(tenant.directory.users)
    for number in range(first, first + body.people):
        person = make.person(("Person", str(number)), local=f"person.{number}")
        tenant.directory.add_member(group, person.id)
        make.phone(person)
    return {"users": len(tenant.directory.users), "devices": len(tenant.directory.devices)}


async def expire_deltas(request: Request, cloud: Cloud) -> Any:
    """Make delta tokens expire, as after seven days or a reset of Microsoft's."""
    directory = tenant_of(request, cloud).directory
    body = await read(request, bodies.ExpireDeltas)
    directory.delta_answer = body.answer
    for kind in body.kinds:
        directory.delta_generation[kind] = directory.delta_generation.get(kind, 0) + 1


async def revoke(request: Request, cloud: Cloud) -> Any:
    """Revoke a person's sign-in sessions."""
    tenant = tenant_of(request, cloud)
    person, at_once = user_of(tenant, request.path_params["gid"]), cloud.switches.continuous_access_evaluation
    return {"revoked": revoke_user(tenant, person, datetime.now(UTC), at_once=at_once)}


def _group(request: Request, tenant: Tenant) -> Group:
    return _group_by_id(tenant, request.path_params["gid"])


def _group_by_id(tenant: Tenant, key: str) -> Group:
    found = tenant.directory.groups.get(key)
    if found is None:
        raise ControlError(f"No group '{key}' in {tenant.name}.", 404)
    return found


def _roles(names: list[str]) -> list[str]:
    ids = {name: role for role, name in ROLE_NAMES.items()}
    if unknown := [name for name in names if name not in ids and name not in ROLE_NAMES]:
        raise ControlError(f"No such directory role: {', '.join(unknown)}. Known: {', '.join(ids)}.")
    return [ids.get(name, name) for name in names]
