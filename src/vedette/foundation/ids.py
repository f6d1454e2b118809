"""Identifiers that sort by the time they were made: UUID version 7 (RFC 9562, section 5.7).

PostgreSQL makes them itself only from version 18 on, so Python makes them for all.
"""

import os
import threading
import time
import uuid
from typing import Final

_COUNTER_BITS: Final = 12
_RANDOM_BITS: Final = 62
_VERSION: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62


class _Last:
    """Milliseconds and counter of the identifier made last (RFC 9562, section 6.2, methods 1 and 3)."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tick = 0

    def next(self) -> int:
        """Return 48 bits of milliseconds and 12 bits below them, always more than the time before."""
        nanoseconds = time.time_ns()
        milliseconds, rest = divmod(nanoseconds, 1_000_000)
        tick = (milliseconds << _COUNTER_BITS) | ((rest << _COUNTER_BITS) // 1_000_000)
        with self.lock:
            self.tick = max(tick, self.tick + 1)
            return self.tick


_last = _Last()


def new_id() -> uuid.UUID:
    """Return a new UUID v7; within one process each is greater than the one before."""
    tick = _last.next()
    milliseconds, fraction = tick >> _COUNTER_BITS, tick & ((1 << _COUNTER_BITS) - 1)
    random = int.from_bytes(os.urandom(8)) >> (64 - _RANDOM_BITS)
    return uuid.UUID(int=(milliseconds << 80) | _VERSION | (fraction << 64) | _VARIANT | random)
