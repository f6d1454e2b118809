"""Groups of Entra: what kind one is, and how a name is found and checked to the letter (C2, C3).

Kinds by `securityEnabled`, `mailEnabled` and `groupTypes` (microsoft.md 2.5). Groups are kept by object ID.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from vedette.foundation.graph import Graph

MOST_SHOWN: Final = 20
FIELDS: Final = (
    "id,displayName,description,securityEnabled,mailEnabled,groupTypes,visibility,isAssignableToRole,"
    "onPremisesSyncEnabled"
)
HIDDEN: Final = "HiddenMembership"


class Kind(StrEnum):
    """What Entra's admin center calls the group's type."""

    SECURITY = "security"
    MAIL_SECURITY = "mail-enabled security"
    MICROSOFT_365_SECURITY = "security-enabled Microsoft 365"
    MICROSOFT_365 = "Microsoft 365"
    MAILING_LIST = "distribution"
    OTHER = "other"


@dataclass(frozen=True)
class Group:
    """A group as the directory has it."""

    id: uuid.UUID
    display_name: str
    description: str
    security_enabled: bool
    dynamic: bool
    mail_enabled: bool = False
    unified: bool = False
    role_assignable: bool = False
    hidden: bool = False
    on_premises: bool = False

    @property
    def kind(self) -> Kind:
        """Say what kind of group it is."""
        if self.unified:
            return Kind.MICROSOFT_365_SECURITY if self.security_enabled else Kind.MICROSOFT_365
        if self.security_enabled:
            return Kind.MAIL_SECURITY if self.mail_enabled else Kind.SECURITY
        return Kind.MAILING_LIST if self.mail_enabled else Kind.OTHER


def from_graph(item: Mapping[str, Any]) -> Group:
    """Read Graph's group."""
    types = item.get("groupTypes") or []
    return Group(
        id=uuid.UUID(item["id"]),
        display_name=item.get("displayName") or "",
        description=item.get("description") or "",
        security_enabled=bool(item.get("securityEnabled")),
        dynamic="DynamicMembership" in types,
        mail_enabled=bool(item.get("mailEnabled")),
        unified="Unified" in types,
        role_assignable=bool(item.get("isAssignableToRole")),
        hidden=item.get("visibility") == HIDDEN,
        on_premises=bool(item.get("onPremisesSyncEnabled")),
    )


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


def _some(items: Any) -> list[dict[str, Any]]:
    taken = []
    for item in items:
        taken.append(item)
        if len(taken) == MOST_SHOWN:
            break
    return taken
