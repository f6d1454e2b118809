"""A circuit breaker per tenant and service of Graph, and for tokens: who does not answer is left alone for a while.

After `FAILURES` failures (of tokens: `TOKEN_FAILURES`) in a row (no answer, time-out, 5xx) calls are refused here,
at once, so that threads and connections stay free for other tenants. Then one call goes through as a probe: if it is
answered, all may again; if not, the pause doubles. Whoever listens hears when a circuit opens, opens again, and closes.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

FAILURES: Final = 8
TOKENS: Final = "tokens"
"""Entra's token endpoint, beside the services of Graph: without a token nothing of the tenant goes out."""
TOKEN_FAILURES: Final = 3
FIRST_PAUSE: Final = 15.0
LONGEST_PAUSE: Final = 120.0
# A probe that has not ended by then counts for nothing: the next caller is one.
PROBE_SECONDS: Final = 60.0

Listener = Callable[[str, str, Exception | None], None]
"""Called with Entra tenant ID, service, and what failed; None once the service answers again."""


class Circuit:
    """Whether calls of one tenant to one service go out. Safe for threads."""

    def __init__(self, entra_tenant_id: str, service: str) -> None:
        self._key = entra_tenant_id, service
        self._lock = threading.Lock()
        self._failures = 0
        self._pause = 0.0
        self._next_try = 0.0
        self._probing = False

    def refuses_for(self) -> float:
        """Return for how many seconds calls are refused; 0 when the caller may send one."""
        with self._lock:
            if not self._pause:
                return 0.0
            left = self._next_try - time.monotonic()
            if left > 0:
                return left
            self._probing, self._next_try = True, time.monotonic() + PROBE_SECONDS
            return 0.0

    def ended(self) -> None:
        """Note that a call is over; a probe that said nothing about the service makes way for another."""
        with self._lock:
            if self._probing:
                self._probing, self._next_try = False, time.monotonic()

    def succeeded(self) -> None:
        """Note that the service answered."""
        with self._lock:
            was_open = bool(self._pause)
            self._failures, self._pause, self._probing = 0, 0.0, False
        if was_open:
            _tell(*self._key, None)

    def failed(self, error: Exception) -> None:
        """Note that it did not."""
        with self._lock:
            self._failures += 1
            enough = TOKEN_FAILURES if self._key[1] == TOKENS else FAILURES
            if self._failures < enough or (self._pause and not self._probing):
                # Not enough yet, or sent before the circuit opened.
                return
            self._pause = min(self._pause * 2 or FIRST_PAUSE, LONGEST_PAUSE)
            self._next_try, self._probing = time.monotonic() + self._pause, False
        _tell(*self._key, error)


_circuits: dict[tuple[str, str, str], Circuit] = {}
_circuits_lock: Final = threading.Lock()
_listeners: list[Listener] = []


def circuit(graph_url: str, entra_tenant_id: str, service: str) -> Circuit:
    """Return the circuit that a call goes through."""
    with _circuits_lock:
        return _circuits.setdefault((graph_url, entra_tenant_id, service), Circuit(entra_tenant_id, service))


def forget() -> None:
    """Begin anew: every circuit is closed."""
    with _circuits_lock:
        _circuits.clear()


def listen(listener: Listener) -> None:
    """Have somebody told; once per process."""
    if listener not in _listeners:
        _listeners.append(listener)


def _tell(entra_tenant_id: str, service: str, error: Exception | None) -> None:
    for listener in _listeners:
        try:
            listener(entra_tenant_id, service, error)
        except Exception:
            # Who only listens must not break the call.
            log.exception("A listener of the circuit of %s (%s) failed", entra_tenant_id, service)
