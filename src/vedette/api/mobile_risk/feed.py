"""The events of one tenant as they come: read once for all its streams, and the newest kept for those that resume."""

import asyncio
import contextlib
import logging
from collections import deque
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection

from vedette.api.mobile_risk.frames import Item, encode, messages
from vedette.api.mobile_risk.stream import Stream
from vedette.events import reading
from vedette.foundation.database import Pool, pool_tenant

log = logging.getLogger(__name__)

PAGE: Final = 500
KEPT: Final = 1000
"""Newest events held in memory: after a restart every stream resumes from them instead of from the database."""
AGAIN_SECONDS: Final = 1.0


class Feed:
    """A tenant's log from `tail` on. All of it that is behind `floor` and not behind `tail` is in memory."""

    def __init__(self, pool: Pool, tenant_id: UUID, reads: asyncio.Semaphore) -> None:
        self.tenant_id = tenant_id
        self.streams: set[Stream] = set()
        self.followers: set[Stream] = set()
        """Streams that rest on this feed, those that are still catching up from the database included."""
        self.tail = 0
        self.idle_since = 0.0
        self._pool = pool
        self._reads = reads
        self._floor = 0
        self._kept: deque[Item] = deque()
        self._woken = asyncio.Event()
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look where the log ends and read its newest events."""
        async with self._reads, pool_tenant(self._pool, self.tenant_id) as connection:
            head = await reading.head(connection, self.tenant_id)
            self._floor = self.tail = max(0, head - KEPT)
            while self.tail < head and await self._read(connection):
                continue
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Read no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Look for new events."""
        self._woken.set()

    async def reach(self, position: int, stream: Stream) -> None:
        """Wait until the feed has read as far as a stream that looked into the log itself, or the stream ends."""
        while self.tail < position and not stream.ended:
            self.wake()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), AGAIN_SECONDS)

    async def past(self, position: int) -> list[Item] | None:
        """Read the next events after a position that is not in memory; None when all from there on are."""
        if position >= self._floor:
            return None
        async with self._reads, pool_tenant(self._pool, self.tenant_id) as connection:
            rows = await reading.after(connection, self.tenant_id, position, PAGE)
            return await encode(connection, rows)

    def join(self, stream: Stream, position: int) -> None:
        """Let a stream follow from a position that is in memory. Nothing can come between: no await stands here."""
        missed = [item for item in self._kept if item.position > position]
        self.streams.add(stream)
        stream.begin(messages(missed, stream.types))

    async def _run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                async with pool_tenant(self._pool, self.tenant_id) as connection:
                    more = True
                    while more:
                        more = await self._read(connection)
            except Exception:
                log.exception("Events of tenant %s could not be read; trying again", self.tenant_id)
                await asyncio.sleep(AGAIN_SECONDS)
                self._woken.set()

    async def _read(self, connection: AsyncConnection[Any]) -> bool:
        """Read one page behind the tail and hand it out; False when there was none."""
        rows = await reading.after(connection, self.tenant_id, self.tail, PAGE)
        if not rows:
            return False
        self._hand_out(await encode(connection, rows))
        return len(rows) == PAGE

    def _hand_out(self, items: list[Item]) -> None:
        self.tail = items[-1].position
        self._moved.set()
        self._moved = asyncio.Event()
        self._kept.extend(items)
        while len(self._kept) > KEPT:
            self._floor = self._kept.popleft().position
        # the same messages, the same bytes, for all who read the same types
        made: dict[frozenset[str], list[bytes]] = {}
        for stream in list(self.streams):
            if stream.types not in made:
                made[stream.types] = messages(items, stream.types)
            stream.put(made[stream.types])
