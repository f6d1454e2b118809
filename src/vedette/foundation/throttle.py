"""When the next call to Graph is allowed: one limiter per tenant and service (microsoft.md 2.9).

A limiter counts what this process sends in the windows that Microsoft documents (resource units or requests, and
writes), slows down from 0.8 of a limit on, by its own count or by what an answer's headers say, and lets nobody
through while Microsoft has asked to wait. Every call to Graph passes here, whichever connector makes it.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vedette.foundation import config
from vedette.foundation.graph_cost import Charge

# From this share of a limit on calls go out evenly, at the rate that the limit allows for ever.
CROWDED: Final = 0.8
# Calls of one second may arrive within less: windows are taken to be so much longer.
SLACK_SECONDS: Final = 0.03
WRITES_EXCEEDED: Final = "WriteLimitExceeded"


@dataclass(frozen=True)
class Patience:
    """How long one call may try: attempts, seconds in all, and the waits when Graph names none.

    `answer` bounds in seconds how long one attempt waits for a sign of life; None leaves it to the client.
    """

    attempts: int = 5
    seconds: float = 30.0
    first_wait: float = 1.0
    longest_wait: float = 60.0
    answer: float | None = None

    def wait(self, attempt: int) -> float:
        """Return the seconds to wait after attempt number `attempt`, from 1 on: exponential, with jitter."""
        ceiling: float = min(self.first_wait * 2 ** (attempt - 1), self.longest_wait)
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 spreads load, protects nothing


class Window:
    """One limit: so much in so many seconds, and until when Microsoft wants nothing at all. Not thread-safe."""

    def __init__(self, limit: float, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds + SLACK_SECONDS
        self.closed_until = 0.0
        self.refusals = 0
        self._sent: deque[tuple[float, float]] = deque()
        self._used = 0.0
        self._crowded_until = 0.0

    def opens_at(self, cost: float, now: float) -> float:
        """Say from when on COST may be sent, if nothing else is sent before."""
        self._forget(now)
        opens = max(now, self.closed_until)
        if self._used + cost <= self.limit * CROWDED and now >= self._crowded_until:
            return opens
        if self._sent:
            last_at, last_cost = self._sent[-1]
            opens = max(opens, last_at + last_cost * self.seconds / self.limit)
        over = self._used + cost - max(self.limit, cost)
        for at, spent in self._sent:
            if over <= 0:
                break
            over -= spent
            opens = max(opens, at + self.seconds)
        return opens

    def spend(self, cost: float, now: float) -> None:
        """Count what is sent now."""
        self._sent.append((now, cost))
        self._used += cost

    def heed(self, share: float | None, now: float) -> None:
        """Believe what an answer says of the limit: others of our application may be calling as well."""
        self._crowded_until = now + self.seconds if share is not None and share >= CROWDED else 0.0

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][0] + self.seconds <= now:
            self._used -= self._sent.popleft()[1]


class Limiter:
    """The limits of one service for one tenant. Threads and calls share it."""

    def __init__(self, units: Window, writes: Window | None = None) -> None:
        self._units = units
        self._writes = writes
        self._lock = threading.Lock()

    def pass_within(self, charge: Charge, seconds: float) -> float:
        """Wait until a call may go out if that takes at most `seconds`; return what is left to wait, 0 if passed."""
        until = time.monotonic() + seconds
        while True:
            with self._lock:
                now = time.monotonic()
                opens = max(window.opens_at(cost, now) for window, cost in self._windows(charge))
                if opens <= now:
                    for window, cost in self._windows(charge):
                        window.spend(cost, now)
                    return 0.0
            if opens > until:
                return opens - now
            # Looked at again afterwards: another call may have been told to wait meanwhile.
            time.sleep(opens - now)

    def refused(self, charge: Charge, headers: Mapping[str, str], patience: Patience) -> None:
        """Close what an answer 429 speaks of, for as long as it asks; else by `patience`, longer each time.

        HEADERS are found by names in lower case.
        """
        asked = number(headers.get("retry-after"))
        only_writes = charge.writes and headers.get("x-ms-throttle-information") == WRITES_EXCEEDED
        with self._lock:
            for window, _cost in self._windows(charge):
                if only_writes and self._writes and window is not self._writes:
                    continue
                now = time.monotonic()
                # Twenty refusals in one batch are one.
                window.refusals += window.closed_until <= now
                wait = patience.wait(window.refusals) if asked is None else max(0.0, asked)
                window.closed_until = max(window.closed_until, now + wait)

    def answered(self, charge: Charge, headers: Mapping[str, str]) -> None:
        """Note an answer other than 429: slow down if its headers say that a limit is near."""
        share = number(headers.get("x-ms-throttle-limit-percentage"))
        kind = headers.get("x-ms-throttle-scope", "").split("/")[1:2]
        with self._lock:
            for window, _cost in self._windows(charge):
                window.refusals = 0
                if _speaks_of(kind, writes=window is self._writes):
                    window.heed(share, time.monotonic())

    def close_for(self, charge: Charge, seconds: float) -> None:
        """Let no such call through for so long."""
        with self._lock:
            for window, _cost in self._windows(charge):
                window.closed_until = max(window.closed_until, time.monotonic() + seconds)

    def _windows(self, charge: Charge) -> list[tuple[Window, float]]:
        if self._writes is None or not charge.writes:
            return [(self._units, charge.units)]
        return [(self._units, charge.units), (self._writes, charge.writes)]


def _speaks_of(kind: list[str], *, writes: bool) -> bool:
    """Tell whether the second word of `x-ms-throttle-scope` (Read, Write, ReadWrite) means this window."""
    return kind not in (["Read"], ["Write"]) or (kind == ["Write"]) is writes


_limiters: dict[tuple[str, str, str], Limiter] = {}
_limiters_lock: Final = threading.Lock()


def limiter(graph_url: str, entra_tenant_id: str, service: str) -> Limiter:
    """Return the limiter that a call has to pass; its limits are those of the setting VEDETTE_GRAPH_LIMITS."""
    with _limiters_lock:
        key = graph_url, entra_tenant_id, service
        if key not in _limiters:
            limits = config.current().graph_limits
            writes = limits.get(f"{service}-writes")
            _limiters[key] = Limiter(Window(*limits[service]), Window(*writes) if writes else None)
        return _limiters[key]


def forget() -> None:
    """Begin anew: nothing was sent or refused."""
    with _limiters_lock:
        _limiters.clear()


def number(text: str | None) -> float | None:
    """Read a header that holds a number."""
    try:
        return float(text) if text else None
    except ValueError:
        return None
