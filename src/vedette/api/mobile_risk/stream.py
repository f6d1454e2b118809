"""One open stream: what waits to be sent, and how it ends. Small, since thousands are held in one process."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from vedette.api.mobile_risk.frames import HEARTBEAT, farewell

MOST_WAITING_BYTES: Final = 4 * 1024 * 1024
"""So much may wait for a reader before it counts as too slow. The bytes are shared by all who wait for the same."""
STUCK_SECONDS: Final = 30.0
"""A reader that takes nothing for so long is gone or too slow."""
HEARTBEAT_SECONDS: Final = 4.5
"""Clients expect one at least every five seconds."""


class Stream:
    """A reader of a tenant's events. Whoever serves it awaits `next`; the hub puts in.

    `key_id` and `generation` name the key and its tokens, `expires_at` (seconds since 1970) their end.
    """

    __slots__ = (
        "_abort",
        "_waiter",
        "_waiting",
        "_waiting_bytes",
        "ended",
        "expires_at",
        "generation",
        "key_id",
        "quiet_since",
        "sending_since",
        "tenant_id",
        "types",
    )

    def __init__(
        self,
        tenant_id: UUID,
        key_id: UUID,
        generation: int,
        expires_at: float,
        types: frozenset[str],
        abort: Callable[[], None] | None,
    ) -> None:
        self.tenant_id = tenant_id
        self.key_id = key_id
        self.generation = generation
        self.expires_at = expires_at
        self.types = types
        self.ended = False
        self.quiet_since = time.monotonic()
        self.sending_since = 0.0
        self._abort = abort
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._waiter: asyncio.Future[None] | None = None

    def put(self, messages: Sequence[bytes]) -> None:
        """Queue messages; a reader behind whom too many wait is dropped: it resumes where it was."""
        if self.ended or not messages:
            return
        size = sum(map(len, messages))
        if self._waiting_bytes and self._waiting_bytes + size > MOST_WAITING_BYTES:
            self.drop()
            return
        self._waiting.extend(messages)
        self._waiting_bytes += size
        self._wake()

    def begin(self, messages: Sequence[bytes]) -> None:
        """Queue what a resuming reader has missed, however much it is."""
        self._waiting.extend(messages)
        self._waiting_bytes += sum(map(len, messages))
        self._wake()

    def tick(self, now: float) -> None:
        """Send a heartbeat after silence; drop a reader that takes nothing."""
        if self.sending_since:
            if now - self.sending_since > STUCK_SECONDS:
                self.drop()
        elif not self._waiting and now - self.quiet_since >= HEARTBEAT_SECONDS:
            self.put((HEARTBEAT,))

    def finish(self, last: bytes | None = None) -> None:
        """End with a last message, by default one that tells the reader to come back."""
        if not self.ended:
            self.ended = True
            self._waiting.append(last or farewell("reconnect"))
            self._waiting_bytes += len(self._waiting[-1])
            self._wake()

    def drop(self) -> None:
        """End at once, without a word: the connection is cut, the reader resumes with its last ID."""
        self.ended = True
        self._waiting.clear()
        self._waiting_bytes = 0
        if self._abort:
            self._abort()
        self._wake()

    async def next(self) -> bytes:
        """Return what waits, at most one message a call; empty when the stream is over."""
        while not self._waiting and not self.ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
            self._waiter = None
        if not self._waiting:
            return b""
        message = self._waiting.pop(0)
        self._waiting_bytes -= len(message)
        return message

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
