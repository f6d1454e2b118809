"""Tells destinations of events, each on its own: a slow or failing one delays neither another nor the product.

Wakes when an event was written or a destination changed, and once a second for those whose pause is over. Those that
failed last time are served in a lane of their own, and no tenant holds more than a part of a lane.
"""

import logging
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import Error as DatabaseError
from django.db import close_old_connections

from vedette.connectors import destination_errors, destination_queue, destination_send
from vedette.connectors.destination_kinds import Sent
from vedette.connectors.destination_queue import CHANNEL, LEASE, Claim, Due
from vedette.connectors.routes import Budget
from vedette.events import log as event_log
from vedette.foundation import jobs

log = logging.getLogger(__name__)

WAKE_SECONDS: Final = 1.0
LANE: Final = 16
"""Destinations that are served at a time, in each of the two lanes."""
OF_ONE_TENANT: Final = 4
"""Destinations of one tenant that are served at a time, in each lane."""
TURN_SECONDS: Final = 20.0
BATCH_SECONDS: Final = LEASE.total_seconds() / 3
"""No further event is sent after so long: the lease is long enough for the one that is on its way."""


def run(stop: threading.Event) -> None:
    """Tell destinations until `stop` is set; a database that cannot be reached is tried again."""
    reached = True
    with (
        ThreadPoolExecutor(LANE, thread_name_prefix="deliver") as sound,
        ThreadPoolExecutor(LANE, thread_name_prefix="deliver-again") as troubled,
    ):
        turns = _Turns({False: sound, True: troubled}, stop)
        for _ in jobs.listen([event_log.CHANNEL, CHANNEL], timeout=WAKE_SECONDS, stop=stop):
            if stop.is_set():
                break
            try:
                close_old_connections()
                waiting = destination_queue.due()
            except DatabaseError:
                if reached:
                    log.warning("Deliveries cannot reach the database; they are tried again", exc_info=True)
                reached = False
                continue
            reached = True
            for item in waiting:
                turns.give(item)


class _Turns:
    """One turn at a time for each destination; an event that comes during a turn gives it another.

    The look once a second gives the next to who has more left, or found no place in a lane.
    """

    def __init__(self, lanes: dict[bool, ThreadPoolExecutor], stop: threading.Event) -> None:
        self._lanes = lanes
        self._stop = stop
        self._lock = threading.Lock()
        self._busy: set[uuid.UUID] = set()
        self._wished: set[uuid.UUID] = set()
        self._held: Counter[tuple[uuid.UUID, bool]] = Counter()

    def give(self, item: Due) -> None:
        place = item.tenant_id, item.troubled
        with self._lock:
            if item.destination_id in self._busy:
                self._wished.add(item.destination_id)
                return
            if self._held[place] >= OF_ONE_TENANT:
                return
            self._busy.add(item.destination_id)
            self._held[place] += 1
        self._lanes[item.troubled].submit(self._serve, item)

    def _serve(self, item: Due) -> None:
        try:
            deliver_due(item.tenant_id, item.destination_id, self._stop, TURN_SECONDS)
        except Exception:
            # The lease runs out by itself; the next look takes the destination up again.
            log.exception("Telling destination %s of tenant %s failed", item.destination_id, item.tenant_id)
        with self._lock:
            again = item.destination_id in self._wished and not self._stop.is_set()
            self._wished.discard(item.destination_id)
            if not again:
                self._busy.discard(item.destination_id)
                self._held[item.tenant_id, item.troubled] -= 1
        if again:
            # Last in line. One that has failed meanwhile is in its pause, and this turn ends at once.
            self._lanes[item.troubled].submit(self._serve, item)


def deliver_due(
    tenant_id: uuid.UUID,
    destination_id: uuid.UUID,
    stop: threading.Event | None = None,
    seconds: float = float("inf"),
) -> None:
    """Tell one destination what it is to be told now; no further batch begins after `seconds` or a failure."""
    until = time.monotonic() + seconds
    stopped = stop or threading.Event()
    close_old_connections()
    while not stopped.is_set() and time.monotonic() < until:
        claimed = destination_queue.claim(tenant_id, destination_id)
        if claimed is None:
            return
        sent = _send(claimed, stopped)
        if not destination_queue.settle(claimed, sent):
            return
        if claimed.batch.events:
            destination_errors.tell(tenant_id, claimed.row, sent)
        if sent.trouble:
            return


def _send(claimed: Claim, stopped: threading.Event) -> Sent:
    events = claimed.batch.events
    if not events:
        return Sent(0)
    budget = Budget(time.monotonic() + BATCH_SECONDS, stopped)
    return destination_send.send(claimed.row, events, budget)
