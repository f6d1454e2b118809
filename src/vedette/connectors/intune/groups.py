"""Enrollment groups: found as one types, checked to the letter, kept by object ID (C2, C3)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vedette.connectors.intune.eligibility import Limits, unsupported_reason
from vedette.connectors.intune.entra_devices import candidate, devices_of_members
from vedette.foundation import clock
from vedette.foundation.graph import Graph

FIELDS: Final = "id,displayName,description,securityEnabled,mailEnabled,groupTypes"
MOST_SHOWN: Final = 20


@dataclass(frozen=True)
class Group:
    """A group as the directory has it."""

    id: uuid.UUID
    display_name: str
    description: str
    security_enabled: bool
    dynamic: bool


@dataclass(frozen=True)
class Resolved:
    """What a typed name stands for: exactly one group, or what it could have meant."""

    exact: Group | None = None
    same_name: Sequence[Group] = ()
    other_case: Sequence[Group] = ()
    similar: Sequence[Group] = ()


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
    wanted = text.strip()
    if not wanted:
        return []
    cleaned = wanted.replace('"', "").replace("\\", "")
    found = graph.pages(
        "/groups", search=f'"displayName:{cleaned}"', select=FIELDS, top=MOST_SHOWN, consistency=True
    )
    groups = [_group(item) for item in _some(found)]
    return [group for group in groups if group.security_enabled]


def resolve(graph: Graph, name: str) -> Resolved:
    """Resolve a typed display name; it must match to the letter, case included (both source pages)."""
    quoted = name.replace("'", "''")
    found = [
        _group(item)
        for item in _some(graph.pages("/groups", filter=f"displayName eq '{quoted}'", select=FIELDS))
    ]
    # Graph's eq is not documented as case-sensitive, so the letter is checked here (microsoft.md 2.5).
    # Mailing lists may bear the same name; they enrol nobody.
    secure = [group for group in found if group.security_enabled]
    same = [group for group in secure if group.display_name == name]
    if len(same) == 1:
        return Resolved(exact=same[0])
    if same:
        return Resolved(same_name=same)
    other_case = [group for group in secure if group.display_name.casefold() == name.casefold()]
    if not other_case:
        other_case = [
            group for group in search(graph, name) if group.display_name.casefold() == name.casefold()
        ]
    return Resolved(other_case=other_case, similar=[] if other_case else search(graph, name[:20]))


def read_group(graph: Graph, object_id: uuid.UUID) -> Group:
    """Read one group by its object ID. Raises GraphError (404 when it is gone)."""
    return _group(graph.get(f"/groups/{object_id}", select=FIELDS))


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


def _group(item: dict[str, Any]) -> Group:
    return Group(
        id=uuid.UUID(item["id"]),
        display_name=item.get("displayName") or "",
        description=item.get("description") or "",
        security_enabled=bool(item.get("securityEnabled")),
        dynamic="DynamicMembership" in (item.get("groupTypes") or []),
    )
