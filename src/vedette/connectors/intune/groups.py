"""Enrollment groups: found as one types, checked to the letter, kept by object ID (C2, C3)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vedette.connectors.intune.eligibility import Limits, unsupported_reason
from vedette.connectors.intune.entra_devices import candidate, devices_of_members
from vedette.connectors.intune.group_kinds import FIELDS, Group, from_graph
from vedette.foundation import clock
from vedette.foundation.graph import Graph

MOST_SHOWN: Final = 20


@dataclass(frozen=True)
class Resolved:
    """What a typed name stands for: exactly one group, or what it could have meant.

    `unfit` bears the name, but is no security group; `unfit_case` does so in another case.
    """

    exact: Group | None = None
    same_name: Sequence[Group] = ()
    other_case: Sequence[Group] = ()
    similar: Sequence[Group] = ()
    unfit: Group | None = None
    unfit_case: Group | None = None


@dataclass
class Preview:
    """Who would be enrolled by a choice of groups."""

    users: int = 0
    devices: int = 0
    nested_groups: int = 0
    unsupported: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


def search(graph: Graph, text: str) -> list[Group]:
    """Find security groups whose name holds a word that begins with TEXT, for search-as-you-type."""
    return [group for group in _search(graph, text) if group.security_enabled]


def _search(graph: Graph, text: str) -> list[Group]:
    wanted = text.strip()
    if not wanted:
        return []
    cleaned = wanted.replace('"', "").replace("\\", "")
    found = graph.pages(
        "/groups", search=f'"displayName:{cleaned}"', select=FIELDS, top=MOST_SHOWN, consistency=True
    )
    return [from_graph(item) for item in _some(found)]


def resolve(graph: Graph, name: str) -> Resolved:
    """Resolve a typed display name; it must match to the letter, case included (both source pages)."""
    quoted = name.replace("'", "''")
    found = [
        from_graph(item)
        for item in _some(graph.pages("/groups", filter=f"displayName eq '{quoted}'", select=FIELDS))
    ]
    # Graph's eq is not documented as case-sensitive, so the letter is checked here (microsoft.md 2.5).
    # Mailing lists may bear the same name as a security group; they enrol nobody.
    named = [group for group in found if group.display_name == name]
    same = [group for group in named if group.security_enabled]
    if len(same) == 1:
        return Resolved(exact=same[0])
    if same:
        return Resolved(same_name=same)
    written = _in_any_case(found, name)
    if not any(group.security_enabled for group in written):
        written += _in_any_case(_search(graph, name), name)
    other_case = [group for group in written if group.security_enabled]
    unfit = named[0] if named else None
    unfit_case = next((group for group in written if not group.security_enabled), None)
    if other_case or unfit or unfit_case:
        return Resolved(other_case=other_case, unfit=unfit, unfit_case=None if unfit else unfit_case)
    return Resolved(similar=search(graph, name[:20]))


def _in_any_case(groups: Sequence[Group], name: str) -> list[Group]:
    return [group for group in groups if group.display_name.casefold() == name.casefold()]


def read_group(graph: Graph, object_id: uuid.UUID) -> Group:
    """Read one group by its object ID. Raises GraphError (404 when it is gone)."""
    return from_graph(graph.get(f"/groups/{object_id}", select=FIELDS))


def preview(graph: Graph, groups: Sequence[tuple[uuid.UUID, bool]], limits: Limits) -> Preview:
    """Count the people and devices that GROUPS (object ID, nested) would enrol now."""
    people: dict[str, str] = {}
    member_devices: set[str] = set()
    result = Preview()
    for object_id, nested in groups:
        for member in members(graph, object_id, nested=nested):
            kind = member.get("@odata.type", "")
            if kind.endswith(".user"):
                people[member["id"]] = member.get("displayName") or member.get("userPrincipalName") or ""
            elif kind.endswith(".device"):
                member_devices.add(member["id"])
            elif kind.endswith(".group"):
                result.nested_groups += 1
    now = clock.now()
    for device in devices_of_members(graph, set(people), member_devices):
        reason = unsupported_reason(candidate(device), limits, now)
        if reason:
            result.unsupported[reason] = result.unsupported.get(reason, 0) + 1
        else:
            result.devices += 1
    result.users = len(people)
    result.names = sorted(people.values())[:MOST_SHOWN]
    return result


def members(graph: Graph, object_id: uuid.UUID, *, nested: bool) -> list[dict[str, Any]]:
    """Read all members of a group; with NESTED those of the groups inside it too."""
    route = "transitiveMembers" if nested else "members"
    fields = "id,displayName,userPrincipalName,mail,accountEnabled,deviceId"
    return list(graph.pages(f"/groups/{object_id}/{route}", select=fields, top=999))


def _some(items: Any) -> list[dict[str, Any]]:
    taken = []
    for item in items:
        taken.append(item)
        if len(taken) == MOST_SHOWN:
            break
    return taken
