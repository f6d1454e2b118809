"""Enrollment groups: who is in them, and who would be enrolled by a choice of them (C3)."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from vedette.connectors.entra_groups import MOST_SHOWN
from vedette.connectors.intune.eligibility import Limits, unsupported_reason
from vedette.connectors.intune.entra_devices import candidate, devices_of_members
from vedette.foundation import clock
from vedette.foundation.graph import Graph


@dataclass
class Preview:
    """Who would be enrolled by a choice of groups."""

    users: int = 0
    devices: int = 0
    nested_groups: int = 0
    unsupported: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    phones_of: Counter[str] = field(default_factory=Counter)
    """Devices to protect by the object ID of their person."""
    to_protect: set[str] = field(default_factory=set)
    """Object IDs of all devices to protect."""


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
            result.to_protect.add(str(device.object_id))
            result.phones_of[str(device.owner_oid or "")] += 1
    result.users = len(people)
    result.names = sorted(people.values())[:MOST_SHOWN]
    return result


def members(graph: Graph, object_id: uuid.UUID, *, nested: bool) -> list[dict[str, Any]]:
    """Read all members of a group; with NESTED those of the groups inside it too."""
    route = "transitiveMembers" if nested else "members"
    fields = "id,displayName,userPrincipalName,mail,accountEnabled,deviceId"
    return list(graph.pages(f"/groups/{object_id}/{route}", select=fields, top=999))
