"""Many small questions answered by one trip to the database: collect what is there, ask once, hand out.

While as many batches as there are lanes are under way the next one gathers, so an idle service answers at once
and a busy one makes larger batches.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from vedette.api.device.answers import ProblemError

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Reply = TypeVar("Reply")


@dataclass
class _Waiting(Generic[Item, Reply]):
    item: Item
    weight: int
    reply: asyncio.Future[Reply]


class Batcher(Generic[Item, Reply]):
    """A bounded queue before `work`, which answers a batch in order, or raises for all of it.

    `most` items and `most_weight` (bytes) make a batch, `lanes` batches are under way at once; two items of one
    `key` never are. A queue of `room` items or `room_weight` bytes is full: ProblemError `busy` with Retry-After.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Reply]]],
        *,
        key: Callable[[Item], Hashable] | None = None,
        most: int = 500,
        most_weight: int = 8 * 1024 * 1024,
        room: int = 5000,
        room_weight: int = 64 * 1024 * 1024,
        lanes: int = 1,
    ) -> None:
        self._work = work
        self._key = key
        self._most, self._most_weight = most, most_weight
        self._room, self._room_weight = room, room_weight
        self._queue: deque[_Waiting[Item, Reply]] = deque()
        self._weight = 0
        self._some = asyncio.Event()
        self._lanes = lanes
        self._tasks: list[asyncio.Task[None]] = []
        self._under_way: set[Hashable] = set()

    def start(self) -> None:
        """Begin to work; inside the running loop."""
        self._tasks = [asyncio.create_task(self._run()) for _ in range(self._lanes)]

    async def stop(self) -> None:
        """Answer what waits as unavailable and end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._refuse(self._queue, ProblemError("unavailable", retry_after=5))
        self._queue.clear()

    async def ask(self, item: Item, weight: int = 0) -> Reply:
        """Wait for the answer to one item. Raises ProblemError."""
        if len(self._queue) >= self._room or self._weight + weight > self._room_weight:
            raise ProblemError("busy", retry_after=2)
        waiting = _Waiting[Item, Reply](item, weight, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._weight += weight
        self._some.set()
        return await waiting.reply

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            batch = self._take()
            if not batch:
                # another lane was faster, or all that waits is of keys under way: the end of their batch wakes
                self._some.clear()
                continue
            keys = {self._key(waiting.item) for waiting in batch} if self._key else set()
            self._under_way |= keys
            try:
                await self._serve(batch)
            except asyncio.CancelledError:
                self._refuse(batch, ProblemError("unavailable", retry_after=5))
                raise
            finally:
                self._under_way -= keys
                if self._queue:
                    self._some.set()

    async def _serve(self, batch: list[_Waiting[Item, Reply]]) -> None:
        try:
            replies = await self._work([waiting.item for waiting in batch])
        except ProblemError as problem:
            self._refuse(batch, problem)
        except Exception:
            log.exception("A batch of the device API failed")
            self._refuse(batch, ProblemError("unavailable", retry_after=5))
        else:
            for waiting, reply in zip(batch, replies, strict=True):
                if not waiting.reply.done():
                    waiting.reply.set_result(reply)

    def _take(self) -> list[_Waiting[Item, Reply]]:
        batch: list[_Waiting[Item, Reply]] = []
        left: list[_Waiting[Item, Reply]] = []
        keys: set[Hashable] = set()
        weight = 0
        while self._queue and len(batch) < self._most:
            waiting = self._queue.popleft()
            key = self._key(waiting.item) if self._key else None
            if key is not None and (key in keys or key in self._under_way):
                left.append(waiting)
                continue
            if batch and weight + waiting.weight > self._most_weight:
                left.append(waiting)
                break
            keys.add(key)
            weight += waiting.weight
            batch.append(waiting)
        self._queue.extendleft(reversed(left))
        self._weight -= weight
        if not self._queue:
            self._some.clear()
        return batch

    @staticmethod
    def _refuse(batch: Iterable[_Waiting[Item, Reply]], problem: ProblemError) -> None:
        for waiting in batch:
            if not waiting.reply.done():
                waiting.reply.set_exception(problem)
