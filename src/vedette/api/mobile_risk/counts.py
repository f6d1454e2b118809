"""How many rows follow a page: known from the page before it, so a walk counts a large table once, not at each page.

`count` says how many rows there are from the cursor on. Where a page ended, that is the count of this page less its
rows, as long as nobody has changed anything meanwhile: for FRESH_SECONDS that is believed, then it is counted anew.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

FRESH_SECONDS: Final = 5.0
MOST: Final = 10_000
"""Walks that are remembered in a process; the longest forgotten goes first."""


class Left(NamedTuple):
    """How many rows there were, and when that was counted."""

    rows: int
    counted_at: float


class Counts:
    """What is left behind the last pages that were answered, by tenant, filters and cursor; for one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[tuple[bytes, UUID], Left] = OrderedDict()

    def known(self, sql: str, parameters: Mapping[str, Any], cursor: UUID | None, least: int) -> Left | None:
        """Return how many rows follow a cursor, if that was counted lately and `least` rows agree with it."""
        found = self._left.get(_key(sql, parameters, cursor)) if cursor else None
        if found is None or self._clock() - found.counted_at > FRESH_SECONDS or found.rows < least:
            return None
        return found

    def now(self, count: int) -> Left:
        """Return a count that was made at this moment."""
        return Left(count, self._clock())

    def remember(self, sql: str, parameters: Mapping[str, Any], last: UUID, left: Left, rows: int) -> None:
        """Note where a page of so many rows ended; `left` was its own count."""
        key = _key(sql, parameters, last)
        self._left[key] = Left(left.rows - rows, left.counted_at)
        self._left.move_to_end(key)
        while len(self._left) > MOST:
            self._left.popitem(last=False)


def _key(sql: str, parameters: Mapping[str, Any], cursor: UUID) -> tuple[bytes, UUID]:
    # the tenant is one of the parameters
    asked = f"{sql}\n{sorted(parameters.items())!r}"
    return hashlib.sha256(asked.encode()).digest(), cursor
