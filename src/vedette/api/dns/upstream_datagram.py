"""Asking over UDP, and over TCP for what did not fit (RFC 7766).

UDP answers can be forged by whoever guesses number and port. Numbers are random, the sockets are connected (the
system drops what comes from elsewhere), and there are several of them, replaced after some questions, each with a
port of the system's choice (RFC 5452). An upstream over TLS or HTTPS cannot be forged at all.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import httpcore
import httpx

from vedette.api.dns.upstream import LATE, LOOK_SECONDS, NUMBERS, Asked, Check, Done, UpstreamError, Waiting
from vedette.api.dns.upstream_stream import Stream
from vedette.api.dns.wire import Answer, Query
from vedette.foundation.name_server import NameServer

SOCKETS = 16
QUESTIONS_A_SOCKET = 500
TRIES = (1.2, 2.4)
"""Seconds to wait for an answer, at the first try and at the second."""
CLOSED = "the socket to the upstream was closed"


class Datagram:
    """A resolver asked over UDP."""

    def __init__(self, server: NameServer, check: Check, fallback: Stream) -> None:
        self._server = server
        self._check = check
        self._fallback = fallback
        self._loop = asyncio.get_running_loop()
        self._sockets: list[_Socket] = []
        self._retired: set[_Socket] = set()
        self._opening: asyncio.Task[None] | None = None
        self._backlog: list[Asked] = []
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def ask(self, query: Query, done: Done) -> None:
        """Ask up to twice, and over TCP what does not fit."""

        def take(answer: Answer | UpstreamError) -> None:
            if isinstance(answer, Answer) and answer.truncated:
                self._fallback.ask(query, done)
            else:
                done(answer)

        self._send(Asked(query, take, 0.0))

    def close(self) -> None:
        """Close the sockets."""
        self._timer.cancel()
        if self._opening:
            self._opening.cancel()
        for socket in [*self._sockets, *self._retired]:
            socket.end()
        self._fail(CLOSED)
        self._fallback.close()

    def _send(self, asked: Asked) -> None:
        if len(self._sockets) < SOCKETS and self._opening is None:
            self._opening = self._loop.create_task(self._open())
        if not self._sockets:
            self._backlog.append(asked)
            return
        asked.deadline = self._loop.time() + TRIES[asked.tries]
        socket = self._sockets[NUMBERS.take() % len(self._sockets)]
        if not socket.send(asked):
            self._retire(socket)

    def _retire(self, socket: "_Socket") -> None:
        """Ask nothing more at a port; it is closed when its last answer is there."""
        if socket in self._sockets:
            self._sockets.remove(socket)
            self._retired.add(socket)

    def _fail(self, why: str) -> None:
        backlog, self._backlog = self._backlog, []
        for asked in backlog:
            asked.done(UpstreamError(why))

    def _look(self) -> None:
        """Ask again what was not answered, tell what was not answered twice, close what is no longer needed."""
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
        now = self._loop.time()
        for socket in [*self._sockets, *self._retired]:
            late = socket.waiting.late(now)
            if late:
                self._retire(socket)
            for asked in late:
                asked.tries += 1
                if asked.tries < len(TRIES):
                    self._send(asked)
                else:
                    asked.done(UpstreamError(LATE))
        for socket in [each for each in self._retired if not each.waiting]:
            self._retired.discard(socket)
            socket.end()

    async def _open(self) -> None:
        """Open one more socket; what waited for the first is asked now."""
        try:
            (address, *_) = await self._loop.run_in_executor(
                None, self._check, self._server.host, self._server.port
            )
            _, socket = await self._loop.create_datagram_endpoint(
                lambda: _Socket(self._retire), remote_addr=(address, self._server.port)
            )
        except (httpx.HTTPError, httpcore.ConnectError, OSError, ValueError) as error:
            self._fail(str(error))
        else:
            self._sockets.append(socket)
            backlog, self._backlog = self._backlog, []
            for asked in backlog:
                self._send(asked)
        finally:
            self._opening = None


class _Socket(asyncio.DatagramProtocol):
    """One port and who waits at it."""

    def __init__(self, retire: Callable[["_Socket"], None]) -> None:
        self.waiting = Waiting()
        self._retire = retire
        self._left = QUESTIONS_A_SOCKET
        self._transport: asyncio.DatagramTransport | None = None

    def send(self, asked: Asked) -> bool:
        """Ask a question; False when it was the last at this port."""
        self._left -= 1
        try:
            number = self.waiting.enter(asked)
        except UpstreamError as error:
            asked.done(error)
            return False
        if self._transport:
            self._transport.sendto(asked.query.forwarded(number))
        return self._left > 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, _from: object) -> None:
        self.waiting.settle(data)

    def error_received(self, error: Exception) -> None:
        self._retire(self)
        self.waiting.fail(f"the upstream cannot be reached ({error})")

    def connection_lost(self, _error: Exception | None) -> None:
        self._retire(self)
        self.waiting.fail(CLOSED)

    def end(self) -> None:
        """Close it; who waits is told."""
        if self._transport:
            self._transport.close()
