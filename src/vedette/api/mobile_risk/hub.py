"""All open streams of a process: who follows which tenant, what wakes them, heartbeats, and how they end.

Waking is by NOTIFY (events.log.CHANNEL); a look every five seconds at where each log ends stands behind it, so that a
lost notification costs time and never an event.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from typing import Final, cast
from uuid import UUID

from psycopg import AsyncConnection, Error, sql

from vedette.api.application_keys import KeyRing
from vedette.api.mobile_risk.feed import Feed
from vedette.api.mobile_risk.frames import farewell
from vedette.api.mobile_risk.stream import Stream
from vedette.events import log as event_log
from vedette.foundation.database import Pool, pool_system
from vedette.tenants import application_keys

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.25
LOOK_SECONDS: Final = 5.0
KEYS_SECONDS: Final = 30.0
IDLE_SECONDS: Final = 60.0
LISTEN_AGAIN_SECONDS: Final = 1.0
FAREWELL_SECONDS: Final = 2.0
READS_AT_ONCE: Final = 4


class Hub:
    """Feeds by tenant and streams by key. `start` inside the running loop, `stop` before the pool closes."""

    def __init__(self, pool: Pool, keys: KeyRing) -> None:
        self._pool = pool
        self._keys = keys
        self._feeds: dict[UUID, asyncio.Task[Feed]] = {}
        self._of_key: Counter[UUID] = Counter()
        self._open: set[Stream] = set()
        self._following: dict[Stream, Feed] = {}
        self._reads = asyncio.Semaphore(READS_AT_ONCE)
        self._tasks: list[asyncio.Task[None]] = []
        self._check = asyncio.Event()
        self._emptied = asyncio.Event()
        self.closing = False

    def start(self) -> None:
        """Begin to listen and to tick."""
        self._tasks = [asyncio.create_task(work()) for work in (self._listen, self._tick, self._look)]

    async def stop(self) -> None:
        """End every stream, then everything else."""
        await self.end_streams()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for feed in self._running():
            await feed.stop()

    async def end_streams(self) -> None:
        """Tell every reader to come back, and wait a moment until they have heard it; cut off who does not read."""
        self.closing = True
        for stream in list(self._open):
            stream.finish()
        if self._open:
            self._emptied.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), FAREWELL_SECONDS)
        self.cut()

    def cut(self) -> None:
        """Break every stream without a word."""
        for stream in list(self._open):
            stream.drop()

    def streams_of(self, key_id: UUID) -> int:
        """Return how many streams a key has open here."""
        return self._of_key[key_id]

    def opened(self, stream: Stream) -> None:
        """Count a stream in: from now on it gets heartbeats and ends in time."""
        self._open.add(stream)
        self._of_key[stream.key_id] += 1

    def closed(self, stream: Stream) -> None:
        """Count a stream out."""
        self._open.discard(stream)
        if not self._open:
            self._emptied.set()
        self._of_key[stream.key_id] -= 1
        if not self._of_key[stream.key_id]:
            del self._of_key[stream.key_id]
        feed = self._following.pop(stream, None)
        if feed is not None:
            feed.streams.discard(stream)
            feed.followers.discard(stream)
            feed.idle_since = time.monotonic()

    async def follow(self, stream: Stream) -> Feed:
        """Return the feed of a stream's tenant, started by the first who asks; it lasts until the stream is closed."""
        while True:
            task = self._feeds.get(stream.tenant_id)
            if task is None or (task.done() and task.exception()):
                task = self._feeds[stream.tenant_id] = asyncio.create_task(self._started(stream.tenant_id))
            feed = await asyncio.shield(task)
            if self._feeds.get(stream.tenant_id) is task:
                # no await stands here: nobody can stop the feed between the look and the entry
                feed.followers.add(stream)
                self._following[stream] = feed
                return feed

    async def _started(self, tenant_id: UUID) -> Feed:
        feed = Feed(self._pool, tenant_id, self._reads)
        feed.idle_since = time.monotonic()
        await feed.start()
        # what was written while it read its first page
        feed.wake()
        return feed

    def _running(self) -> list[Feed]:
        return [task.result() for task in self._feeds.values() if task.done() and not task.exception()]

    async def _listen(self) -> None:
        """Hear what other processes commit; after a broken connection look for everything that was missed."""
        while True:
            try:
                address = cast("str", self._pool.conninfo)
                async with await AsyncConnection.connect(address, autocommit=True) as connection:
                    for channel in (event_log.CHANNEL, application_keys.CHANNEL):
                        await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                    self._check.set()
                    async for notice in connection.notifies():
                        self._heard(notice.channel, notice.payload)
            except (Error, OSError) as error:
                log.warning("Not listening for events (%s); until then they come up to 5 s late", error)
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    def _heard(self, channel: str, payload: str) -> None:
        if channel == application_keys.CHANNEL:
            self._check.set()
            return
        task = self._feeds.get(UUID(payload))
        if task and task.done() and not task.exception():
            task.result().wake()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self._tick_once(time.monotonic(), time.time())
            except Exception:
                log.exception("Streams could not be ticked; trying again")

    async def _tick_once(self, now: float, wall: float) -> None:
        for stream in list(self._open):
            if stream.expires_at <= wall:
                stream.finish()
            else:
                stream.tick(now)
        for feed in self._running():
            if not feed.followers and now - feed.idle_since > IDLE_SECONDS:
                self._feeds.pop(feed.tenant_id, None)
                await feed.stop()

    async def _look(self) -> None:
        """Look, now and then or when told to, where each log ends and which keys are still good."""
        keys_at = 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._check.wait(), LOOK_SECONDS)
            told, now = self._check.is_set(), time.monotonic()
            self._check.clear()
            try:
                await self._look_at_logs()
                if told or now - keys_at > KEYS_SECONDS:
                    keys_at = now
                    await self._look_at_keys()
            except Exception:
                log.exception("Streams could not be looked after; trying again")
                await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    async def _look_at_logs(self) -> None:
        feeds = {feed.tenant_id: feed for feed in self._running()}
        if not feeds:
            return
        # before the question: what a feed reads while the answer is on its way is no sign of a shorter log
        tails = {tenant_id: feed.tail for tenant_id, feed in feeds.items()}
        async with pool_system(self._pool) as connection:
            cursor = await connection.execute(_HEADS, [list(feeds)])
            for tenant_id, position in await cursor.fetchall():
                feed = feeds[tenant_id]
                if position > feed.tail:
                    feed.wake()
                elif position < tails[tenant_id]:
                    await self._restart(feed)

    async def _restart(self, feed: Feed) -> None:
        """Begin anew with a log that is shorter than it was: the database was put back to an older state."""
        log.warning("The log of tenant %s went back; its streams begin anew", feed.tenant_id)
        self._feeds.pop(feed.tenant_id, None)
        # also one that took its place from the longer log and follows nothing yet
        for stream in list(self._open):
            if stream.tenant_id == feed.tenant_id:
                stream.finish()
        await feed.stop()

    async def _look_at_keys(self) -> None:
        """End the streams of keys that were revoked, and of tokens that were ended."""
        known = {(stream.tenant_id, stream.key_id, stream.generation) for stream in self._open}
        for tenant_id, key_id, generation in known:
            if await self._keys.still_good(tenant_id, key_id, generation):
                continue
            for stream in list(self._open):
                if (stream.key_id, stream.generation) == (key_id, generation):
                    stream.finish(farewell("end"))


_HEADS: Final = "select tenant_id, position from events_eventhead where tenant_id = any(%s)"
