"""The publisher: sends what is owed, each tenant on its own, so that one's trouble never delays another.

Wakes on NOTIFY and, in case one was missed or a back-off has run out, every second. A tenant that is being
served when something new is owed is looked at again before its turn ends.
"""

import logging
import math
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Self

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from vedette.connectors import arrival, deliver, outcome
from vedette.connectors.deliver import CHANNEL, LEASE, result
from vedette.connectors.models import Delivery
from vedette.connectors.results import Result
from vedette.connectors.routes import ROUTES, Budget, Route
from vedette.foundation import jobs

log = logging.getLogger(__name__)

WAKE_SECONDS: Final = 1.0
TENANTS_AT_ONCE: Final = 16
# A batch ends well before its lease does: nobody else takes it up meanwhile.
BATCH_SECONDS: Final = LEASE.total_seconds() / 2
# After so long the next tenant has its turn; who has more to send waits at the end of the queue.
TURN_SECONDS: Final = 10.0

Key = tuple[str, uuid.UUID]


def run(stop: threading.Event) -> None:
    """Publish until `stop` is set; a database that cannot be reached is tried again."""
    reached = True
    with ThreadPoolExecutor(TENANTS_AT_ONCE, thread_name_prefix="publish") as pool:
        turns = _Turns(pool, stop)
        for _ in jobs.listen([CHANNEL], timeout=WAKE_SECONDS, stop=stop):
            if stop.is_set():
                break
            try:
                close_old_connections()
                due = deliver.tenants_due(ROUTES)
            except DatabaseError:
                if reached:
                    log.warning("The publisher cannot reach the database; it tries again", exc_info=True)
                reached = False
                continue
            if not reached:
                log.warning("The publisher reaches the database again")
            reached = True
            for key in due:
                turns.give(key)


class _Turns:
    """One turn at a time for each route and tenant; a wish that comes during a turn gives it another, last in line.

    The look once a second wishes for who has more left than a turn allows.
    """

    def __init__(self, pool: ThreadPoolExecutor, stop: threading.Event) -> None:
        self._pool = pool
        self._stop = stop
        self._lock = threading.Lock()
        self._busy: set[Key] = set()
        self._wished: set[Key] = set()
        self._not_before: dict[Key, float] = {}

    def give(self, key: Key) -> None:
        with self._lock:
            if time.monotonic() < self._not_before.get(key, 0.0):
                # Microsoft wants none of this tenant now; the look once a second takes it up in time.
                return
            if key in self._busy:
                self._wished.add(key)
                return
            self._busy.add(key)
        self._pool.submit(self._serve, key)

    def _serve(self, key: Key) -> None:
        held = 0.0
        try:
            held = publish_due(*key, self._stop, TURN_SECONDS)
        except Exception:
            # The leases run out by themselves; the next look takes the deliveries up again.
            log.exception("Publishing %s for tenant %s failed", *key)
        with self._lock:
            self._not_before[key] = time.monotonic() + held
            again = key in self._wished and not held and not self._stop.is_set()
            self._wished.discard(key)
            if not again:
                self._busy.discard(key)
        if again:
            self._pool.submit(self._serve, key)


def publish_due(
    route_name: str, tenant_id: uuid.UUID, stop: threading.Event | None = None, seconds: float = math.inf
) -> float:
    """Send everything one route owes to one tenant's systems now; no further batch begins after `seconds`.

    Stops early when calls of this tenant are held back; returns for how many seconds, 0 when they are not.
    """
    until = time.monotonic() + seconds
    close_old_connections()
    route = ROUTES[route_name]
    stopped = stop or threading.Event()
    with _Behind() as behind:
        while not stopped.is_set() and (claimed := _claim(tenant_id, route, behind)):
            results = _publish(tenant_id, route, claimed, stopped)
            # Where more waits, what came of this is written down while the next is on its way.
            more = len(claimed) == route.batch
            behind.do(_write_down, tenant_id, route, claimed, results, later=more)
            held = [item.retry_after or 0.0 for item in results if item.held]
            if held:
                # A turn holds a thread that other tenants need.
                return min(held)
            if time.monotonic() >= until:
                break
    return 0.0


def _claim(tenant_id: uuid.UUID, route: Route, behind: "_Behind") -> list[Delivery]:
    claimed = deliver.claim(tenant_id, route.name, route.batch)
    if not claimed and behind.wait():
        # What is being written down may have been given back.
        return deliver.claim(tenant_id, route.name, route.batch)
    return claimed


def _publish(
    tenant_id: uuid.UUID, route: Route, claimed: list[Delivery], stopped: threading.Event
) -> list[Result]:
    try:
        return route.publish(tenant_id, claimed, Budget(time.monotonic() + BATCH_SECONDS, stopped))
    except Exception as error:
        log.exception("Route %s failed for tenant %s", route.name, tenant_id)
        return [_crashed(delivery, error) for delivery in claimed]


def _write_down(tenant_id: uuid.UUID, route: Route, claimed: list[Delivery], results: list[Result]) -> None:
    settled = deliver.settle(tenant_id, claimed, results)
    # First of all: what failed is seen by the next look too, that a value arrived is said only here.
    arrival.tell(tenant_id, route, claimed, [item for item in results if item.delivery_id in settled])
    outcome.tell(tenant_id, route, results)


class _Behind:
    """A thread that works one step behind, started when it is needed; its errors are raised at the next step."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="settle")
        self._last: Future[None] | None = None
        self._used = False

    def do(self, act: Callable[..., None], *arguments: Any, later: bool) -> None:
        """Do something after what was begun before, also when that failed; at once, or `later` in the thread."""
        try:
            self.wait()
        finally:
            if later:
                self._last, self._used = self._pool.submit(act, *arguments), True
            else:
                act(*arguments)

    def wait(self) -> bool:
        """Wait for what was begun; tell whether there was any."""
        last, self._last = self._last, None
        if last is None:
            return False
        last.result()
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.wait()
        finally:
            if self._used:
                # The thread's own connection to the database ends with it.
                self._pool.submit(connections.close_all).result()
            self._pool.shutdown()


def _crashed(delivery: Delivery, error: Exception) -> Result:
    return result(
        delivery,
        Delivery.Status.DUE,
        error_code="internal_error",
        error=f"{type(error).__name__}: {error}",
    )
