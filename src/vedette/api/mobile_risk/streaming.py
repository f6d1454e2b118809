"""`GET /mra/stream/v2/events`: the event stream, from where the client stands (reference/lookout.md 2.4)."""

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection

from vedette.api.application_keys import KeyRing
from vedette.api.http import Headers, Receive, Request, Scope, Send
from vedette.api.mobile_risk import events
from vedette.api.mobile_risk.answers import ProblemError
from vedette.api.mobile_risk.frames import greeting, messages
from vedette.api.mobile_risk.hub import Hub
from vedette.api.mobile_risk.parameters import Parameters
from vedette.api.mobile_risk.stream import Stream
from vedette.events import reading
from vedette.foundation.rates import Buckets
from vedette.tenants.application_keys import Scope as KeyScope

PATH: Final = "/mra/stream/v2/events"
STREAMS_PER_KEY: Final = 200
CONNECTS_PER_SECOND: Final = 5

ABORT: Final = "vedette.abort"
"""Name in the state of the ASGI scope (project/server.py): cuts the connection, also when its peer reads nothing."""

_HEADERS: Final[Headers] = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
]


class Streaming:
    """Serves streams, at most so many of each key in this process."""

    def __init__(self, keys: KeyRing, hub: Hub, most: int = STREAMS_PER_KEY) -> None:
        self._keys = keys
        self._hub = hub
        self._most = most
        self._connects = Buckets(CONNECTS_PER_SECOND, 2 * most)

    async def serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Follow the log until one side ends it. Raises ProblemError or KeyRefusedError before the first byte."""
        types = frozenset(events.wanted_types(request.query))
        token = self._keys.token(request.bearer)
        self._admit(token.key_id)
        async with self._keys.door(token, request.address) as (caller, connection):
            caller.demand(KeyScope.EVENTS)
            position, resume = await _start(connection, caller.tenant_id, request)
        stream = Stream(
            caller.tenant_id, caller.key_id, caller.generation, caller.expires_at, types, _abort(scope)
        )
        self._hub.opened(stream)
        watch = asyncio.create_task(_until_gone(receive, stream))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _send(send, stream, greeting(resume))
            await self._follow(stream, position, send)
        finally:
            watch.cancel()
            self._hub.closed(stream)

    def _admit(self, key_id: UUID) -> None:
        if self._hub.closing:
            raise ProblemError(503, "The service is ending. Come back in a moment.", retry_after=2)
        if self._hub.streams_of(key_id) >= self._most:
            words = f"This key has {self._most} streams open already. End one, or use another key."
            raise ProblemError(429, words, "TOO_MANY_REQUESTS", retry_after=60)
        if self._connects.take(key_id):
            raise ProblemError(429, "Too many new streams, please wait.", "TOO_MANY_REQUESTS", retry_after=5)

    async def _follow(self, stream: Stream, position: int, send: Send) -> None:
        feed = await self._hub.follow(stream)
        while not stream.ended:
            missed = await feed.past(position)
            if missed is None:
                await feed.reach(position, stream)
                if not stream.ended:  # nothing comes behind the farewell
                    feed.join(stream, position)
                break
            position = missed[-1].position if missed else feed.tail
            for message in messages(missed, stream.types):
                await _send(send, stream, message)
        while message := await stream.next():
            await _send(send, stream, message)
        await send({"type": "http.response.body", "body": b""})


async def _start(connection: AsyncConnection[Any], tenant_id: UUID, request: Request) -> tuple[int, UUID]:
    """Return the position after which to go on, and the ID that says the same.

    The header comes first: a browser's EventSource sends it at each reconnection, beside the address it began with.
    """
    given = request.query
    named = request.header(b"last-event-id").strip() or given.get("id", "").strip()
    if named.lower() in events.NOTHING:
        named = given.get("last_id", "").strip()
    position = await events.position(connection, tenant_id, named, Parameters(given).moment("start_time"))
    if position is None:
        position = await reading.head(connection, tenant_id)
    found = await reading.id_of(connection, tenant_id, position)
    return position, found or reading.id_at(dt.datetime.now(dt.UTC))


async def _until_gone(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.drop()


async def _send(send: Send, stream: Stream, message: bytes) -> None:
    stream.sending_since = time.monotonic()
    await send({"type": "http.response.body", "body": message, "more_body": True})
    stream.sending_since = 0.0
    stream.quiet_since = time.monotonic()


def _abort(scope: Scope) -> Callable[[], None] | None:
    found: Callable[[], None] | None = (scope.get("state") or {}).get(ABORT)
    return found
