"""Asking over UDP, and over TCP for what did not fit (RFC 7766).

UDP answers can be forged by whoever guesses number and port. Numbers are random, the sockets are connected (the
system drops what comes from elsewhere), and there are several of them, replaced after some questions, each with a
port of the system's choice (RFC 5452). An upstream over TLS or HTTPS cannot be forged at all.
"""

import asyncio
import random
from typing import cast

import httpcore
import httpx

from vedette.api.dns.upstream import Check, UpstreamError, Waiting
from vedette.api.dns.upstream_stream import Stream
from vedette.api.dns.wire import Answer, Query, read_answer
from vedette.foundation.name_server import NameServer

SOCKETS = 16
QUESTIONS_A_SOCKET = 500
TRIES = (1.2, 2.4)
"""Seconds to wait for an answer, at the first try and at the second."""


class Datagram:
    """A resolver asked over UDP."""

    def __init__(self, server: NameServer, check: Check, fallback: Stream) -> None:
        self._server = server
        self._check = check
        self._fallback = fallback
        self._sockets: list[_Socket] = []
        self._choice = random.SystemRandom()

    async def ask(self, query: Query) -> Answer:
        """Ask up to twice. Raises UpstreamError."""
        for seconds in TRIES:
            socket = await self._socket()
            try:
                answer = await socket.ask(query, seconds)
            except TimeoutError:
                socket.spent = True
                continue
            return await self._fallback.ask(query) if answer.truncated else answer
        raise UpstreamError("the upstream did not answer in time")

    async def close(self) -> None:
        """Close the sockets."""
        for socket in self._sockets:
            socket.end()
        await self._fallback.close()

    async def _socket(self) -> "_Socket":
        for old in [socket for socket in self._sockets if socket.spent]:
            self._sockets.remove(old)
            old.retire()
        if len(self._sockets) < SOCKETS:
            self._sockets.append(await self._open())
        return self._choice.choice(self._sockets)

    async def _open(self) -> "_Socket":
        loop = asyncio.get_running_loop()
        try:
            (address, *_) = await loop.run_in_executor(
                None, self._check, self._server.host, self._server.port
            )
            _, socket = await loop.create_datagram_endpoint(_Socket, remote_addr=(address, self._server.port))
        except (httpx.HTTPError, httpcore.ConnectError, OSError, ValueError) as error:
            raise UpstreamError(str(error)) from error
        return socket


class _Socket(asyncio.DatagramProtocol):
    """One port and who waits at it."""

    def __init__(self) -> None:
        self.spent = False
        self._asked = 0
        self._retired = False
        self._waiting = Waiting()
        self._transport: asyncio.DatagramTransport | None = None

    async def ask(self, query: Query, seconds: float) -> Answer:
        number, future = self._waiting.enter(query)
        self._asked += 1
        self.spent = self.spent or self._asked >= QUESTIONS_A_SOCKET
        try:
            if self._transport is None or self._transport.is_closing():
                raise UpstreamError("the socket to the upstream was closed")
            self._transport.sendto(query.forwarded(number))
            async with asyncio.timeout(seconds):
                return read_answer(await future, query)
        except ValueError as error:
            raise UpstreamError(f"the upstream's answer cannot be read: {error}") from error
        finally:
            self._waiting.leave(number)
            if self._retired and not self._waiting:
                self.end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, _from: object) -> None:
        self._waiting.settle(data)

    def error_received(self, error: Exception) -> None:
        self.spent = True
        self._waiting.fail(f"the upstream cannot be reached ({error})")

    def connection_lost(self, _error: Exception | None) -> None:
        self.spent = True
        self._waiting.fail("the socket to the upstream was closed")

    def retire(self) -> None:
        """Ask nothing more; close when the last answer is there."""
        self._retired = True
        if not self._waiting:
            self.end()

    def end(self) -> None:
        if self._transport:
            self._transport.close()
