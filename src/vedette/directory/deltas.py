"""Pure: what the items of delta rounds say, merged so that order, replays and repeated objects do not matter.

An item carries no version, and Graph may tell the same change twice or an older one after a newer (microsoft.md
2.7). So nothing is believed but *that* an object may have changed: the merged answer is sets of object IDs, and
what is true of each is asked of Graph afterwards. Sets grow by union, which knows no order and no repetition.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Item = Mapping[str, Any]

MEMBERS: Final = "members@delta"
REMOVED: Final = "@removed"


@dataclass
class Touched:
    """Object IDs that may have changed, in lower case."""

    users: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    member_users: set[str] = field(default_factory=set)
    """People whose membership of a group may be another now."""
    member_devices: set[str] = field(default_factory=set)
    strangers: set[str] = field(default_factory=set)
    """Members of no stated type: Graph leaves it out of some that were removed."""
    regrouped: bool = False
    """A group came into or went out of another, or is gone: who counts cannot be told one by one."""

    def __bool__(self) -> bool:
        """Tell whether anything may have changed."""
        return self != Touched()

    def take_users(self, items: Iterable[Item]) -> None:
        """Take items of users/delta. Raises KeyError for one without an id."""
        self.users.update(map(_id, items))

    def take_devices(self, items: Iterable[Item]) -> None:
        """Take items of devices/delta. Raises KeyError for one without an id."""
        self.devices.update(map(_id, items))

    def take_groups(self, items: Iterable[Item], known: Collection[str]) -> None:
        """Take items of groups/delta; `known` are the enrollment groups and those inside them.

        Items of other groups do not count: the filter of the first call is applied again here (design.md 2,
        rule 10).
        """
        for item in items:
            if _id(item) not in known:
                continue
            self.groups.add(_id(item))
            self.regrouped |= REMOVED in item
            for member in item.get(MEMBERS) or ():
                self._take_member(member, known)

    def _take_member(self, member: Item, known: Collection[str]) -> None:
        kind, key = str(member.get("@odata.type", "")), _id(member)
        if kind.endswith(".group") or key in known:
            self.regrouped = True
        elif kind.endswith(".user"):
            self.member_users.add(key)
        elif kind.endswith(".device"):
            self.member_devices.add(key)
        elif not kind:
            self.strangers.add(key)
        # Contacts and service principals enrol nobody.

    def tell_apart(self, users: Iterable[str], devices: Iterable[str]) -> None:
        """Give strangers their kind by what the directory holds; whom it does not hold was nobody of ours."""
        self.member_users |= self.strangers.intersection(users)
        self.member_devices |= self.strangers.intersection(devices)
        self.strangers.clear()

    @property
    def people(self) -> set[str]:
        """Return everybody to look at."""
        return self.users | self.member_users

    @property
    def size(self) -> int:
        """Count what is to be looked at, for the choice between looking one by one and reading everything."""
        return len(self.people) + len(self.devices | self.member_devices) + len(self.strangers)


def _id(item: Item) -> str:
    return str(item["id"]).lower()
