"""Asking over TCP or TLS: one connection, many questions under way on it (RFC 7766, RFC 7858)."""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

import httpcore
import httpx

from vedette.api.dns.framing import Frames, framed
from vedette.api.dns.upstream import ASK_SECONDS, CONNECT_SECONDS, Check, UpstreamError, Waiting
from vedette.api.dns.wire import Answer, Query, read_answer
from vedette.foundation.name_server import NameServer


class Stream:
    """A resolver asked over TCP, or over TLS where `trust` is given: then its certificate is checked by its name."""

    def __init__(
        self, server: NameServer, check: Check, trust: Callable[[], ssl.SSLContext] | None = None
    ) -> None:
        self._server = server
        self._check = check
        self._trust = trust
        self._connecting = asyncio.Lock()
        self._connection: _Connection | None = None

    async def ask(self, query: Query) -> Answer:
        """Ask; a connection that the other side ended meanwhile is replaced once. Raises UpstreamError."""
        for again in (True, False):
            connection = await self._connected()
            fresh = not connection.used
            connection.used = True
            try:
                return await connection.ask(query)
            except UpstreamError:
                if fresh or not again or not connection.lost:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    async def close(self) -> None:
        """End the connection."""
        if self._connection:
            self._connection.end()

    async def _connected(self) -> "_Connection":
        if self._connection and not self._connection.lost:
            return self._connection
        async with self._connecting:
            if self._connection is None or self._connection.lost:
                self._connection = await self._connect()
            return self._connection

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        server = self._server
        why: Exception | None = None
        try:
            addresses = await loop.run_in_executor(None, self._check, server.host, server.port)
        except (httpx.HTTPError, httpcore.ConnectError) as error:
            raise UpstreamError(str(error)) from error
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    _, connection = await loop.create_connection(
                        _Connection,
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

    def __init__(self) -> None:
        self.lost = False
        self.used = False
        self._frames = Frames()
        self._waiting = Waiting()
        self._transport: asyncio.Transport | None = None

    async def ask(self, query: Query) -> Answer:
        number, future = self._waiting.enter(query)
        try:
            if self._transport is None or self.lost:
                raise UpstreamError("the upstream ended the connection")
            self._transport.write(framed(query.forwarded(number)))
            async with asyncio.timeout(ASK_SECONDS):
                return read_answer(await future, query)
        except TimeoutError:
            raise UpstreamError("the upstream did not answer in time") from None
        except ValueError as error:
            raise UpstreamError(f"the upstream's answer cannot be read: {error}") from error
        finally:
            self._waiting.leave(number)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._frames.put(data)
        for message in self._frames:
            self._waiting.settle(message)

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True
        self._waiting.fail("the upstream ended the connection")

    def end(self) -> None:
        if self._transport:
            self._transport.close()
