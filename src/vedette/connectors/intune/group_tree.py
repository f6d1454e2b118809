"""Which nested group brings in whom: the groups inside a group, read level by level by `members` (C3).

`transitiveMembers` says who is in all, not through what. What is read is bounded; a group that leads back to
itself is followed once, and one whose members are hidden is named as such.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from vedette.foundation.graph import Graph, GraphError, Reply, Request

MOST_LEVELS: Final = 10
MOST_GROUPS: Final = 100
MOST_MEMBERS: Final = 20_000
NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
_MEMBERS: Final = "/groups/{}/members?$select=id,displayName&$top=999"


class Remark(StrEnum):
    """What is to be known of a group in the tree."""

    NONE = ""
    HIDDEN = "hidden"
    GONE = "gone"
    AGAIN = "again"
    CIRCLE = "circle"
    UNREAD = "unread"


@dataclass
class Members:
    """Who is in one group directly: object IDs, and the groups inside with their names."""

    people: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    groups: dict[str, str] = field(default_factory=dict)
    remark: Remark = Remark.NONE


@dataclass(frozen=True)
class Branch:
    """A group in the tree. `level` 0 is the group that was asked for; counts are of its direct members."""

    object_id: uuid.UUID
    name: str
    level: int
    remark: Remark = Remark.NONE
    people: int = 0
    phones: int = 0


@dataclass(frozen=True)
class Tree:
    """All branches, each below the one that it is in; `whole` is false where a bound ended the reading."""

    branches: tuple[Branch, ...]
    whole: bool

    @property
    def inside(self) -> tuple[Branch, ...]:
        """Return the nested groups alone."""
        return self.branches[1:]


def read(graph: Graph, object_id: uuid.UUID) -> tuple[dict[str, Members], bool]:
    """Read a group and those inside it, by object ID; tell whether all were read. Raises GraphError and TokenError.

    One batch for twenty groups of a level. A group that is not read has no entry.
    """
    found: dict[str, Members] = {}
    level, count = [str(object_id)], 0
    for _depth in range(MOST_LEVELS + 1):
        replies = graph.batch([Request("GET", _MEMBERS.format(key)) for key in level])
        for key, reply in zip(level, replies, strict=True):
            found[key] = _members(graph, reply, MOST_MEMBERS - count)
            count += len(found[key].people) + len(found[key].devices)
        unread = {key for key in level for key in found[key].groups} - found.keys()
        if not unread:
            return found, count < MOST_MEMBERS
        level = sorted(unread)[: MOST_GROUPS - len(found)]
        if not level or count >= MOST_MEMBERS:
            break
    return found, False


def tree(
    object_id: uuid.UUID,
    name: str,
    found: Mapping[str, Members],
    phones_of: Mapping[str, int],
    devices: Collection[str],
    *,
    whole: bool,
) -> Tree:
    """Pure: lay the groups out, each below the first that it is in.

    `phones_of` counts the devices to protect of each person, `devices` are those to protect (object IDs).
    """
    seen: set[str] = set()

    def below(key: str, name: str, above: tuple[str, ...]) -> Iterator[Branch]:
        known = found.get(key)
        if key in above or key in seen or known is None:
            remark = Remark.CIRCLE if key in above else Remark.AGAIN if known else Remark.UNREAD
            yield Branch(uuid.UUID(key), name, len(above), remark)
            return
        seen.add(key)
        phones = sum(phones_of.get(person, 0) for person in known.people)
        phones += len(known.devices.intersection(devices))
        yield Branch(uuid.UUID(key), name, len(above), known.remark, len(known.people), phones)
        for inner, inner_name in sorted(known.groups.items(), key=lambda item: (item[1].casefold(), item[0])):
            yield from below(inner, inner_name, (*above, key))

    return Tree(tuple(below(str(object_id), name, ())), whole)


def _members(graph: Graph, reply: Reply, most: int) -> Members:
    if isinstance(reply.error, GraphError) and reply.error.status in {FORBIDDEN, NOT_FOUND}:
        return Members(remark=Remark.HIDDEN if reply.error.status == FORBIDDEN else Remark.GONE)
    if reply.error is not None:
        raise reply.error
    members = Members()
    for item in _items(graph, reply.body):
        kind = str(item.get("@odata.type", ""))
        if kind.endswith(".user"):
            members.people.add(item["id"])
        elif kind.endswith(".device"):
            members.devices.add(item["id"])
        elif kind.endswith(".group"):
            # Without a permission to read groups a member comes without its name.
            members.groups[item["id"]] = item.get("displayName") or item["id"]
        if len(members.people) + len(members.devices) >= most:
            break
    return members


def _items(graph: Graph, first: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    yield from first.get("value", [])
    if link := first.get("@odata.nextLink"):
        yield from graph.pages(link)
