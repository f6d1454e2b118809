"""Verdicts on their way to the database: gathered beside the queries, written in batches, each once in a while."""

import asyncio
import logging
import time
from collections import OrderedDict, defaultdict
from typing import Final
from uuid import UUID

from django.db.utils import InterfaceError, OperationalError

from vedette.api.dns.resolver import Phone
from vedette.api.threads import Threads
from vedette.compliance import web_encounters
from vedette.compliance.web_encounters import Encounter, Way
from vedette.detection.web import WebVerdict
from vedette.foundation import clock

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 300.0
"""A phone that asks the same blocked name again and again meets it once in so long."""
MOST_WAITING: Final = 10_000
_REMEMBERED: Final = 50_000


class Encounters:
    """A bounded list of what was met. What does not fit is dropped and counted in the log, never waited for."""

    def __init__(self) -> None:
        self._threads = Threads(1, "dns-encounters")
        self._waiting: dict[UUID, list[Encounter]] = defaultdict(list)
        self._count = self._dropped = 0
        self._met: OrderedDict[tuple[UUID, str, str, str], float] = OrderedDict()
        self._writing = asyncio.Lock()

    def take(self, phone: Phone, verdict: WebVerdict, way: Way) -> None:
        """Take one to be written down."""
        now = time.monotonic()
        key = (phone.device_id, verdict.subject, verdict.outcome, verdict.classification)
        if now - self._met.get(key, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return
        if self._count >= MOST_WAITING:
            self._dropped += 1
            return
        self._met[key] = now
        self._met.move_to_end(key)
        if len(self._met) > _REMEMBERED:
            self._met.popitem(last=False)
        self._count += 1
        self._waiting[phone.policy.tenant_id].append(
            Encounter(phone.device_id, verdict.subject, verdict, clock.now(), way)
        )

    async def write(self) -> None:
        """Write down what waits; what cannot be written now waits on, what never can be is dropped.

        When it returns, what was taken before is written: it waits for a writing that is under way.
        """
        async with self._writing:
            await self._write()

    async def _write(self) -> None:
        waiting, self._waiting = self._waiting, defaultdict(list)
        self._count = 0
        if self._dropped:
            log.warning("%d encounters were dropped: more came than could be written", self._dropped)
            self._dropped = 0
        for tenant_id, encounters in waiting.items():
            try:
                await self._threads.run(web_encounters.record, tenant_id, encounters)
            except (InterfaceError, OperationalError):
                log.warning("Encounters of tenant %s cannot be written now", tenant_id, exc_info=True)
                self._waiting[tenant_id] = encounters + self._waiting[tenant_id]
                self._count += len(encounters)
            except Exception:
                # tried again it would fail again, and keep those of all others waiting
                log.exception("%d encounters of tenant %s cannot be written", len(encounters), tenant_id)

    async def run(self) -> None:
        """Write down until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.write()
            except Exception:
                log.exception("Encounters could not be written")

    async def stop(self) -> None:
        """Write the rest and let the database connection go."""
        await self.write()
        await self._threads.stop()
