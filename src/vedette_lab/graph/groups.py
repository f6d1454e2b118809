"""Groups and memberships (microsoft.md 2.5)."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from starlette.routing import BaseRoute

from vedette_lab.directory import Device, DirectoryObject, Group, User
from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import GraphError, bad_request, denied, not_found, unsupported
from vedette_lab.graph.properties import GROUP, KINDS, render
from vedette_lab.graph.query import check, check_directory
from vedette_lab.intune_model import Json
from vedette_lab.model import new_id

CASTS: Final[dict[str, type]] = {
    "microsoft.graph.user": User,
    "microsoft.graph.device": Device,
    "microsoft.graph.group": Group,
}
HIDDEN: Final = "HiddenMembership"
MOST_BINDINGS: Final = 20
LONGEST_NAME: Final = 256
_REFERENCE = re.compile(r"/(?:directoryObjects|users|devices|groups)/([0-9a-fA-F-]{36})$")


def _group(call: Call) -> Group:
    found = call.tenant.directory.groups.get(call.param("group"))
    if found is None:
        raise not_found(call.param("group"))
    return found


async def list_groups(call: Call) -> Json:
    """GET /groups."""
    return call.collection(call.tenant.directory.groups.values(), GROUP, "groups")


async def count_groups(call: Call) -> str:
    """GET /groups/$count."""
    return _count(call, call.tenant.directory.groups.values())


async def get_group(call: Call) -> Json:
    """GET /groups/{id}."""
    return call.entity(_group(call), GROUP, "groups")


async def create_group(call: Call) -> Json:
    """POST /groups."""
    body = call.body()
    for name in ("displayName", "mailEnabled", "mailNickname", "securityEnabled"):
        if body.get(name) is None:
            message = f"A value is required for property '{name}' of resource 'Group'."
            raise bad_request(message)
    name = body["displayName"]
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise bad_request("Invalid value specified for property 'displayName' of resource 'Group'.")
    members = _bound(call, body)
    group = Group(
        id=new_id(),
        display_name=name,
        created=call.cloud.now(),
        description=body.get("description"),
        security_enabled=bool(body["securityEnabled"]),
        mail_enabled=bool(body["mailEnabled"]),
        mail_nickname=str(body["mailNickname"]),
        group_types=list(body.get("groupTypes", [])),
        membership_rule=body.get("membershipRule"),
        is_assignable_to_role=body.get("isAssignableToRole"),
        visibility=body.get("visibility"),
        members=dict.fromkeys(members),
    )
    call.tenant.directory.add_group(group)
    return {"@odata.context": call.context("groups", entity=True), **render(group, GROUP)}


async def change_group(call: Call) -> None:
    """PATCH /groups/{id}: names, and up to 20 members at once."""
    group = _group(call)
    body = call.body()
    members = _bound(call, body)
    group.display_name = str(body.get("displayName", group.display_name))
    group.description = body.get("description", group.description)
    _writable(group)
    for member in (each for each in members if each not in group.members):
        _lately(call, group, member)
        call.tenant.directory.add_member(group, member)


async def delete_group(call: Call) -> None:
    """DELETE /groups/{id}."""
    call.tenant.directory.remove(_group(call).id)


def _bound(call: Call, body: Json) -> list[str]:
    """Return the object ids of `members@odata.bind`."""
    references = body.get("members@odata.bind", [])
    if not isinstance(references, list) or len(references) > MOST_BINDINGS:
        raise bad_request(f"At most {MOST_BINDINGS} members can be added in one request.")
    return [_referenced(call, reference).id for reference in references]


def _referenced(call: Call, reference: Any) -> DirectoryObject:
    match = _REFERENCE.search(reference) if isinstance(reference, str) else None
    if match is None:
        raise bad_request("Invalid URL format specified in payload.")
    found = call.tenant.directory.get(match[1])
    if found is None:
        raise not_found(match[1])
    return found


def _writable(group: Group) -> None:
    """Refuse members of groups that a rule, Exchange or a directory on premises decides about, or with a role."""
    if "DynamicMembership" in group.group_types:
        raise GraphError(
            400, "Request_BadRequest", "Updating members of a group with dynamic membership is not allowed."
        )
    if group.on_premises_sync_enabled:
        raise bad_request(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects "
            "currently undergoing migration."
        )
    if group.mail_enabled and "Unified" not in group.group_types:
        raise bad_request("Cannot Update a mail-enabled security groups and or distribution list.")
    if group.is_assignable_to_role:
        raise denied()


def _lately(call: Call, group: Group, member: str) -> None:
    """Keep the change from sign-ins for a while, where the switch says so."""
    seconds = call.cloud.switches.membership_delay_seconds
    if seconds:
        now = call.cloud.now()
        call.tenant.directory.delay(group, member, now, now + timedelta(seconds=seconds))


async def add_member(call: Call) -> None:
    """POST /groups/{id}/members/$ref."""
    group = _group(call)
    body = call.body()
    member = _referenced(call, body.get("@odata.id"))
    _writable(group)
    if isinstance(member, Device) and call.bearer.roles.isdisjoint(
        {"Device.ReadWrite.All", "Directory.ReadWrite.All"}
    ):
        raise denied()
    if member.id not in group.members:
        _lately(call, group, member.id)
    if not call.tenant.directory.add_member(group, member.id):
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'members'."
        )


async def remove_member(call: Call) -> None:
    """DELETE /groups/{id}/members/{id}/$ref."""
    group = _group(call)
    _writable(group)
    if call.param("member") not in group.members:
        raise not_found(call.param("member"))
    _lately(call, group, call.param("member"))
    call.tenant.directory.remove_member(group, call.param("member"))


def _visible(call: Call, group: Group) -> None:
    if group.visibility == HIDDEN and "Member.Read.Hidden" not in call.bearer.roles:
        raise denied()


def _members(call: Call) -> Iterator[DirectoryObject]:
    group = _group(call)
    _visible(call, group)
    directory = call.tenant.directory
    transitive = "/transitiveMembers" in call.asked.path
    return directory.transitive_members(group) if transitive else directory.members(group)


async def list_members(call: Call) -> Json:
    """GET /groups/{id}/members and /transitiveMembers."""
    return call.objects(_members(call))


async def cast_members(call: Call) -> Json:
    """GET …/members/microsoft.graph.user and the other casts: advanced queries only."""
    query = call.query()
    wanted = CASTS.get(call.param("cast"))
    if wanted is None:
        message = f"The cast to '{call.param('cast')}' is not supported."
        raise unsupported(message)
    if not query.eventual or not (query.count or query.offset):
        raise unsupported(
            "OData casts are only supported with the header 'ConsistencyLevel: eventual' and $count=true."
        )
    kind = KINDS[wanted]
    check(query, (kind,))
    check_directory(query)
    records = [member for member in _members(call) if isinstance(member, wanted)]
    path = f"{kind.name.rpartition('.')[2]}s"
    if call.may_read(kind):
        return call.collection(records, kind, path)
    return call.page(records, query, path, lambda record: {"id": record.id}, kind)


async def count_members(call: Call) -> str:
    """GET …/members/$count, also below a cast."""
    wanted = CASTS.get(call.asked.params.get("cast", ""))
    return _count(call, (m for m in _members(call) if wanted is None or isinstance(m, wanted)))


def _count(call: Call, records: Iterable[Any]) -> str:
    if not call.query().eventual:
        raise unsupported("$count is only supported with the header 'ConsistencyLevel: eventual'.")
    return str(sum(1 for _ in records))


routes: list[BaseRoute] = [
    *operation("GET", "/groups", list_groups),
    *operation("POST", "/groups", create_group, status=201),
    *operation("GET", "/groups/$count", count_groups, name="/groups"),
    *operation("GET", "/groups/{group}", get_group),
    *operation("PATCH", "/groups/{group}", change_group),
    *operation("DELETE", "/groups/{group}", delete_group),
    *operation("POST", "/groups/{group}/members/$ref", add_member),
    *operation("DELETE", "/groups/{group}/members/{member}/$ref", remove_member),
    *(
        route
        for relation in ("members", "transitiveMembers")
        for name in (f"/groups/{{id}}/{relation}",)
        for path in (f"/groups/{{group}}/{relation}",)
        for route in (
            *operation("GET", path, list_members),
            *operation("GET", f"{path}/$count", count_members, name=name),
            *operation("GET", f"{path}/{{cast}}", cast_members, name=name),
            *operation("GET", f"{path}/{{cast}}/$count", count_members, name=name),
        )
    ),
]
