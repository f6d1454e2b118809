"""Asking over TCP or TLS: one connection, many questions under way on it (RFC 7766, RFC 7858)."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import cast

import httpcore
import httpx

from vedette.api.dns.framing import Frames, framed
from vedette.api.dns.upstream import (
    ASK_SECONDS,
    CONNECT_SECONDS,
    LATE,
    LOOK_SECONDS,
    Asked,
    Check,
    Done,
    UpstreamError,
    Waiting,
)
from vedette.api.dns.wire import Query
from vedette.foundation.name_server import NameServer

log = logging.getLogger(__name__)

ENDED = "the upstream ended the connection"


class Stream:
    """A resolver asked over TCP, or over TLS where `trust` is given: then its certificate is checked by its name."""

    def __init__(
        self, server: NameServer, check: Check, trust: Callable[[], ssl.SSLContext] | None = None
    ) -> None:
        self._server = server
        self._check = check
        self._trust = trust
        self._loop = asyncio.get_running_loop()
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._backlog: list[Asked] = []

    def ask(self, query: Query, done: Done) -> None:
        """Ask; on a connection that the other side has ended meanwhile, once more on a new one."""
        self.send(Asked(query, done, self._loop.time() + ASK_SECONDS))

    def send(self, asked: Asked) -> None:
        """Ask on the connection, or when there is one."""
        if self._connection and not self._connection.lost:
            self._connection.send(asked)
            return
        self._backlog.append(asked)
        if self._connecting is None:
            self._connecting = self._loop.create_task(self._connect())

    def close(self) -> None:
        """End the connection."""
        if self._connecting:
            self._connecting.cancel()
        if self._connection:
            self._connection.end()
        self._fail(ENDED)

    def left(self, unanswered: list[Asked], why: str) -> None:
        """Take over what a connection that ended left unanswered: it is asked once more."""
        for asked in unanswered:
            asked.tries += 1
            if asked.tries > 1:
                asked.done(UpstreamError(why))
            else:
                self.send(asked)

    def _fail(self, why: str) -> None:
        backlog, self._backlog = self._backlog, []
        for asked in backlog:
            asked.done(UpstreamError(why))

    async def _connect(self) -> None:
        try:
            self._connection = await self._connected()
        except UpstreamError as error:
            self._fail(str(error))
        except Exception as error:
            # whatever it is, who asks must not wait for ever
            log.exception("The upstream %s cannot be called", self._server.host)
            self._fail(f"{self._server.host} cannot be called ({type(error).__name__})")
        else:
            backlog, self._backlog = self._backlog, []
            for asked in backlog:
                self._connection.send(asked)
        finally:
            self._connecting = None

    async def _connected(self) -> "_Connection":
        server = self._server
        why: Exception | None = None
        try:
            addresses = await self._loop.run_in_executor(None, self._check, server.host, server.port)
        except (httpx.HTTPError, httpcore.ConnectError) as error:
            raise UpstreamError(str(error)) from error
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    _, connection = await self._loop.create_connection(
                        lambda: _Connection(self),
                        address,
                        server.port,
                        ssl=self._trust() if self._trust else None,
                        server_hostname=server.host if self._trust else None,
                    )
            except (OSError, TimeoutError) as error:
                why = error
            else:
                return connection
        raise UpstreamError(f"{server.host} port {server.port} cannot be reached ({why or 'no address'})")


class _Connection(asyncio.Protocol):
    """One connection and who waits on it."""

    def __init__(self, stream: Stream) -> None:
        self.lost = False
        self._stream = stream
        self._frames = Frames()
        self._waiting = Waiting()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def send(self, asked: Asked) -> None:
        """Ask a question."""
        try:
            number = self._waiting.enter(asked)
        except UpstreamError as error:
            asked.done(error)
            return
        if self._transport:
            self._transport.write(framed(asked.query.forwarded(number)))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._frames.put(data)
        for message in self._frames:
            self._waiting.settle(message)

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True
        self._timer.cancel()
        self._stream.left(self._waiting.take_all(), ENDED)

    def end(self) -> None:
        """End it; who waits is told."""
        self.lost = True
        self._waiting.fail(ENDED)
        if self._transport:
            self._transport.close()

    def _look(self) -> None:
        for asked in self._waiting.late(self._loop.time()):
            asked.done(UpstreamError(LATE))
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
