"""The publisher: sends what is owed, each tenant on its own, so that one's trouble never delays another.

Wakes on NOTIFY and, in case one was missed or a back-off has run out, every second. A tenant that is being
served when something new is owed is looked at again before its turn ends.
"""

import logging
import math
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from vedette.connectors import arrival, deliver, outcome
from vedette.connectors.claimed import Claimed
from vedette.connectors.deliver import CHANNEL, LEASE, result
from vedette.connectors.models import Delivery
from vedette.connectors.results import Result
from vedette.connectors.routes import ROUTES, Budget, Route
from vedette.foundation import jobs

log = logging.getLogger(__name__)

WAKE_SECONDS: Final = 1.0
TENANTS_AT_ONCE: Final = 16
# A batch ends well before its lease does, so nobody else takes it up meanwhile: counted from its claim.
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
    with _Beside(tenant_id, route) as beside:
        while not stopped.is_set() and (claimed := beside.claim()):
            # Where more waits, that is claimed, and what came of the last is written down, while this is sent.
            more = len(claimed) == route.batch
            if more:
                beside.claim_ahead()
            budget = Budget(beside.claimed_at + BATCH_SECONDS, stopped)
            results = _publish(tenant_id, route, claimed, budget)
            beside.write_down(claimed, results, later=more)
            held = [item.retry_after or 0.0 for item in results if item.held]
            if held:
                # A turn holds a thread that other tenants need.
                return min(held)
            if time.monotonic() >= until:
                break
    return 0.0


def _publish(tenant_id: uuid.UUID, route: Route, claimed: list[Claimed], budget: Budget) -> list[Result]:
    try:
        return route.publish(tenant_id, claimed, budget)
    except Exception as error:
        log.exception("Route %s failed for tenant %s", route.name, tenant_id)
        return [_crashed(delivery, error) for delivery in claimed]


def _write_down(tenant_id: uuid.UUID, route: Route, claimed: list[Claimed], results: list[Result]) -> None:
    deliver.settle(tenant_id, claimed, results)
    arrival.tell(tenant_id)
    outcome.tell(tenant_id, route, results)


class _Beside:
    """A thread beside the one that sends: it claims one step ahead and writes down one step behind.

    Started when it is needed; `claimed_at` (monotonic) is when what was claimed last was. What could not be
    written down is raised at the next step; what was claimed ahead and is not sent any more is given back.
    """

    def __init__(self, tenant_id: uuid.UUID, route: Route) -> None:
        self._of = tenant_id, route
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="beside")
        self._written: Future[None] | None = None
        self._ahead: Future[tuple[list[Claimed], float]] | None = None
        self._used = False
        self.claimed_at = 0.0

    def claim(self) -> list[Claimed]:
        """Return what is to be sent next: what was claimed ahead, or else is due now."""
        ahead, self._ahead = self._ahead, None
        claimed, self.claimed_at = ahead.result() if ahead else self._claim()
        if not claimed and self._wait():
            # What was being written down may have been given back.
            claimed, self.claimed_at = self._claim()
        return claimed

    def claim_ahead(self) -> None:
        """Begin to claim what is to be sent next."""
        self._ahead, self._used = self._pool.submit(self._claim), True

    def write_down(self, claimed: list[Claimed], results: list[Result], *, later: bool) -> None:
        """Write down what came of it, after what was begun before, also when that failed; at once or `later`."""
        try:
            self._wait()
        finally:
            if later:
                self._written = self._pool.submit(_write_down, *self._of, claimed, results)
                self._used = True
            else:
                _write_down(*self._of, claimed, results)

    def _claim(self) -> tuple[list[Claimed], float]:
        (tenant_id, route), now = self._of, time.monotonic()
        return deliver.claim(tenant_id, route.name, route.batch), now

    def _wait(self) -> bool:
        """Wait for what is being written down; tell whether there was any."""
        written, self._written = self._written, None
        if written is None:
            return False
        written.result()
        return True

    def _give_back(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead and (claimed := ahead.result()[0]):
            deliver.settle(self._of[0], claimed, [result(item, Delivery.Status.DUE) for item in claimed])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._give_back()
        finally:
            try:
                self._wait()
            finally:
                if self._used:
                    # The thread's own connection to the database ends with it.
                    self._pool.submit(connections.close_all).result()
                self._pool.shutdown()


def _crashed(delivery: Claimed, error: Exception) -> Result:
    return result(
        delivery,
        Delivery.Status.DUE,
        error_code="internal_error",
        error=f"{type(error).__name__}: {error}",
    )
