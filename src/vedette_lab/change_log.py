"""What changed in a directory, in order, so that a delta query costs as much as there are changes.

Each kind of object has a log; a position in it is the number of changes before it. An entry names the object
and, for a group, the member that came or went. What the object looks like now is read when somebody asks.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NamedTuple

Kind = Literal["users", "groups", "devices"]
KINDS: Final[tuple[Kind, ...]] = ("users", "groups", "devices")
KEPT: Final = 500_000
"""Changes of one kind that are kept; older positions are as good as expired."""

UNTRACKED: Final = frozenset({"roles", "sessions_valid_from", "story", "owner_ids", "user_ids", "members"})
"""Attributes that are no property of the object in Graph, and members, which the directory notes itself."""


class Change(NamedTuple):
    """One entry: the object, and the member of the group that it is about."""

    id: str
    member: str | None


class ChangeLog:
    """The log of one kind."""

    def __init__(self) -> None:
        self._entries: list[Change] = []
        self._first = 0

    @property
    def end(self) -> int:
        """Return the position after the newest change."""
        return self._first + len(self._entries)

    def note(self, object_id: str, member: str | None = None) -> None:
        """Add a change."""
        self._entries.append(Change(object_id, member))
        if len(self._entries) > KEPT:
            dropped = KEPT // 5
            del self._entries[:dropped]
            self._first += dropped

    def holds(self, position: int) -> bool:
        """Tell whether everything since a position is still known."""
        return self._first <= position <= self.end

    def between(self, start: int, end: int) -> Iterator[Change]:
        """Yield the changes from one position to another, oldest first."""
        return iter(self._entries[max(start - self._first, 0) : max(end - self._first, 0)])


class Tracked:
    """A record that tells its directory when a property takes another value."""

    __slots__ = ("_noted",)
    _noted: Callable[[str], None]

    def __setattr__(self, name: str, value: Any) -> None:
        """Set the attribute; while the record is in a directory, a new value is a change."""
        noted = getattr(self, "_noted", None)
        changed = noted is not None and name not in UNTRACKED and getattr(self, name, None) != value
        object.__setattr__(self, name, value)
        if changed and noted is not None:
            noted(str(getattr(self, "id", "")))

    def watch(self, noted: Callable[[str], None] | None) -> None:
        """Tell `noted` of each change from now on, with the record's id; None ends it."""
        object.__setattr__(self, "_noted", noted)
