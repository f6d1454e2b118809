"""When the next call to Graph is allowed: one gate per tenant and family of services (microsoft.md 2.9)."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Final

import httpx

# Identity protection and conditional access: one call a second, and no Retry-After says so.
_POLICY_SECONDS: Final = 1.0
# Graph names how much of the limit is used up from this share on.
_CROWDED: Final = 0.8


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


@dataclass
class Gate:
    """Until when calls are closed. Threads and calls of one tenant share it."""

    closed_until: float = 0.0
    pause: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def pass_within(self, seconds: float) -> float:
        """Wait for the gate if that takes at most `seconds`; return what is left to wait, 0 when passed."""
        with self._lock:
            left = max(0.0, self.closed_until - time.monotonic())
            if left > seconds:
                return left
            if self.pause:
                self.closed_until = time.monotonic() + left + self.pause
        if left:
            time.sleep(left)
        return 0.0

    def close_for(self, seconds: float) -> None:
        """Let nobody call for so long."""
        with self._lock:
            self.closed_until = max(self.closed_until, time.monotonic() + seconds)

    def heed(self, response: httpx.Response) -> None:
        """Slow down before the limit is reached."""
        used = _number(response.headers.get("x-ms-throttle-limit-percentage"))
        if used is not None and used >= _CROWDED:
            self.close_for(used - _CROWDED + 0.1)


_gates: dict[tuple[str, str, str], Gate] = {}
_gates_lock: Final = threading.Lock()


def gate(graph_url: str, entra_tenant_id: str, method: str, path: str) -> Gate:
    """Return the gate that a call has to pass."""
    family = _family(method, path)
    with _gates_lock:
        return _gates.setdefault(
            (graph_url, entra_tenant_id, family),
            Gate(pause=_POLICY_SECONDS if family == "policy" else 0.0),
        )


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of Retry-After, which Graph writes as a number."""
    seconds = _number(response.headers.get("Retry-After"))
    return None if seconds is None else max(0.0, seconds)


def _family(method: str, path: str) -> str:
    if "/deviceManagement/" in path or "/deviceAppManagement/" in path:
        return "intune read" if method == "GET" else "intune write"
    if "/identity/" in path or "/identityProtection/" in path:
        return "policy"
    return "identity"


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
