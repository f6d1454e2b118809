"""Groups in the portal: create them, change their members, read their object ID."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from vedette_lab.answers import cloud_of
from vedette_lab.directory import Device, DirectoryObject, Group, User
from vedette_lab.model import Tenant, new_id
from vedette_lab.portal.kit import (
    FormError,
    field,
    go,
    listing,
    missing,
    show,
    tenant_form,
    tenant_page,
)


@dataclass(frozen=True)
class Member:
    """A row of the list of members."""

    kind: str
    object: DirectoryObject
    detail: str


def group_kind(group: Group) -> str:
    """Return the group's type as the portal names it."""
    return "Microsoft 365" if "Unified" in group.group_types else "Security"


def _member(found: DirectoryObject) -> Member:
    match found:
        case User():
            return Member("user", found, found.user_principal_name)
        case Device():
            return Member("device", found, f"{found.operating_system} {found.operating_system_version}")
        case Group():
            return Member("group", found, f"{len(found.members)} direct members")


def _matches(group: Group, query: str) -> bool:
    return query in group.display_name.lower() or query == group.id


@tenant_page
async def groups(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/groups`: every group."""
    rows = sorted(tenant.directory.groups.values(), key=lambda group: group.display_name.lower())
    found = listing(request, rows, _matches)
    return show(request, "portal/groups.html", tenant=tenant, list=found, kind=group_kind)


def _new_page(request: Request, tenant: Tenant, error: str = "", **typed: str) -> Response:
    values = {"name": "", "description": "", "members": "", "type": "security"} | typed
    status = 400 if error else 200
    return show(request, "portal/group_new.html", status=status, tenant=tenant, error=error, **values)


@tenant_page
async def new_group(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/groups/new`: the form."""
    return _new_page(request, tenant)


@tenant_form
async def create_group(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Create a group with its first members; nothing is created when a member is not found."""
    typed = {name: field(form, name) for name in ("name", "description", "members", "type")}
    try:
        members = _first_members(tenant, typed)
    except FormError as error:
        return _new_page(request, tenant, str(error), **typed)
    unified = typed["type"] == "m365"
    group = Group(
        id=new_id(),
        display_name=typed["name"],
        created=cloud_of(request).now(),
        description=typed["description"] or None,
        security_enabled=not unified,
        mail_enabled=unified,
        mail_nickname="".join(char for char in typed["name"].lower() if char.isalnum()) or "group",
        group_types=["Unified"] if unified else [],
        members=dict.fromkeys(member.id for member in members),
    )
    tenant.directory.add_group(group)
    return go(f"/portal/{tenant.id}/groups/{group.id}", f"Group {group.display_name} created.")


def _first_members(tenant: Tenant, typed: dict[str, str]) -> list[DirectoryObject]:
    if not typed["name"]:
        raise FormError("The group needs a name.")
    lines = (line.strip() for line in typed["members"].splitlines())
    return [find_object(tenant, line) for line in lines if line]


def find_object(tenant: Tenant, key: str) -> DirectoryObject:
    """Find a user, device or group by object id, a user by principal name; FormError when there is none."""
    directory = tenant.directory
    found = directory.get(key.lower()) or directory.user(key) or directory.device_by_device_id(key)
    if found is None:
        raise FormError(f"“{key}” is no user, device or group of {tenant.name}.")
    return found


def _page(request: Request, tenant: Tenant, group: Group, error: str = "", typed: str = "") -> Response:
    rows = [_member(each) for each in tenant.directory.members(group)]
    kinds = [row.kind for row in rows]
    found = listing(
        request,
        rows,
        lambda row, query: query in row.object.display_name.lower() or query in row.detail.lower(),
    )
    everyone = tenant.directory.transitive_members(group)
    return show(
        request,
        "portal/group.html",
        status=400 if error else 200,
        tenant=tenant,
        group=group,
        kind=group_kind,
        counts={kind: kinds.count(kind) for kind in ("user", "device", "group")},
        transitive=sum(isinstance(each, User) for each in everyone),
        parents=tenant.directory.member_of(group.id),
        list=found,
        error=error,
        typed=typed,
    )


def _find(request: Request, tenant: Tenant) -> Group | None:
    return tenant.directory.groups.get(request.path_params["gid"])


@tenant_page
async def group_page(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/groups/{id}`: one group and its members."""
    group = _find(request, tenant)
    return _page(request, tenant, group) if group else missing(request, f"{tenant.name} has no such group.")


def _add(tenant: Tenant, group: Group, key: str) -> DirectoryObject:
    if group.membership_rule:
        raise FormError("Members of a dynamic group come from its rule.")
    member = find_object(tenant, key)
    if member.id == group.id:
        raise FormError("A group cannot be its own member.")
    if not tenant.directory.add_member(group, member.id):
        raise FormError(f"{member.display_name} is a member already.")
    return member


@tenant_form
async def add_member(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Add a member by principal name or object id."""
    group = _find(request, tenant)
    if group is None:
        return missing(request, f"{tenant.name} has no such group.")
    typed = field(form, "member")
    try:
        member = _add(tenant, group, typed)
    except FormError as error:
        return _page(request, tenant, group, str(error), typed)
    return go(f"/portal/{tenant.id}/groups/{group.id}", f"{member.display_name} added.")


@tenant_form
async def remove_member(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Remove a direct member."""
    group = _find(request, tenant)
    if group is None:
        return missing(request, f"{tenant.name} has no such group.")
    if group.membership_rule:
        return _page(request, tenant, group, "Members of a dynamic group come from its rule.")
    removed = tenant.directory.remove_member(group, request.path_params["oid"])
    done = "Member removed." if removed else "It was no member any more."
    return go(f"/portal/{tenant.id}/groups/{group.id}", done)


@tenant_form
async def delete_group(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Delete a group for good."""
    group = _find(request, tenant)
    if group is None:
        return missing(request, f"{tenant.name} has no such group.")
    tenant.directory.remove(group.id)
    return go(f"/portal/{tenant.id}/groups", f"Group {group.display_name} deleted.")
