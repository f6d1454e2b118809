"""DNS over TLS (RFC 7858): each phone asks at a host name of its own, whose first label is its token.

Many questions may be under way on a connection, and each is answered when its answer is there (RFC 7766, 6.2.1.1).
A connection ends when nothing was asked for a while, when its phone is nobody, and when it sends no DNS.
"""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, cast

from vedette.api.dns.framing import Frames, TooLongError, framed
from vedette.api.dns.phones import Known, UnavailableError
from vedette.api.dns.service import NobodyError, ResolverService, TooManyError
from vedette.api.dns.wire import MOST_QUERY_BYTES
from vedette.devices import resolver
from vedette.foundation.rates import caller

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 30.0
HANDSHAKE_SECONDS: Final = 10.0
MOST_CONNECTIONS: Final = 10_000
MOST_OF_A_PHONE: Final = 16
MOST_OF_AN_ADDRESS: Final = 1024
"""A carrier may have many phones behind one address."""
MOST_UNDER_WAY: Final = 100
_RELOAD_SECONDS: Final = 60.0


class DotServer:
    """Listens for phones; `start` inside the running loop, after the service's."""

    def __init__(self, service: ResolverService, certificate: Path, key: Path) -> None:
        self.service = service
        self.connections: set[_Connection] = set()
        self._counts: Counter[str] = Counter()
        self._files = certificate, key
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.set_alpn_protocols(["dot"])
        self._context.sni_callback = _keep_name
        self._loaded = self._load()
        self._server: asyncio.Server | None = None
        self._reloading: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port. Raises OSError."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self),
            host,
            port,
            ssl=self._context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            backlog=1024,
        )
        self._reloading = asyncio.create_task(self._reload())
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """End all connections."""
        if self._reloading:
            self._reloading.cancel()
        if self._server:
            self._server.close()
        for connection in list(self.connections):
            connection.end()

    def admit(self, connection: "_Connection") -> bool:
        """Count a connection in; False when there are too many."""
        if (
            len(self.connections) >= MOST_CONNECTIONS
            or self._counts[connection.address] >= MOST_OF_AN_ADDRESS
        ):
            return False
        self.connections.add(connection)
        self._counts[connection.address] += 1
        return True

    def admit_phone(self, connection: "_Connection", known: Known) -> bool:
        """Count the connection to its phone; False when it has too many."""
        phone = str(known.device_id)
        if self._counts[phone] >= MOST_OF_A_PHONE:
            return False
        connection.counted = phone
        self._counts[phone] += 1
        return True

    def leave(self, connection: "_Connection") -> None:
        """Count a connection out."""
        if connection not in self.connections:
            return
        self.connections.discard(connection)
        for key in filter(None, (connection.address, connection.counted)):
            self._counts[key] -= 1
            if self._counts[key] <= 0:
                del self._counts[key]

    def _load(self) -> float:
        certificate, key = self._files
        self._context.load_cert_chain(certificate, key)
        return certificate.stat().st_mtime

    async def _reload(self) -> None:
        """Take a renewed certificate without a restart."""
        while True:
            await asyncio.sleep(_RELOAD_SECONDS)
            try:
                if self._files[0].stat().st_mtime != self._loaded:
                    self._loaded = self._load()
                    log.info("DNS over TLS uses the renewed certificate")
            except (OSError, ssl.SSLError):
                log.exception("The renewed certificate for DNS over TLS cannot be used; the old one stays")


def _keep_name(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
    """Keep the name that the phone asks for; without a token in it the handshake already fails (RFC 6066, 3)."""
    token = resolver.token_in((name or "").partition(".")[0])
    if not token:
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    connection.vedette_token = token  # type: ignore[attr-defined] # the only place where a server sees the name
    return None


class _Connection(asyncio.Protocol):
    """One phone's connection."""

    def __init__(self, server: DotServer) -> None:
        self.address = ""
        self.counted = ""
        self._server = server
        self._service = server.service
        self._token = ""
        self._frames = Frames(MOST_QUERY_BYTES)
        self._transport: asyncio.Transport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._full = self._clogged = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if there is room."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.address = caller(str(peer[0])) if peer else ""
        self._token = getattr(transport.get_extra_info("ssl_object"), "vedette_token", "")
        if not self._token or not self._server.admit(self):
            self._abort()
            return
        self._timer = self._loop.call_later(IDLE_SECONDS, self._look)
        self._run(self._greet())

    def data_received(self, data: bytes) -> None:
        """Take what came; each message is answered by a task of its own."""
        self._last = self._loop.time()
        self._frames.put(data)
        self._begin()

    def pause_writing(self) -> None:
        """Read nothing more from a phone that does not take its answers."""
        self._clogged = True
        self._flow()

    def resume_writing(self) -> None:
        """Read on."""
        self._clogged = False
        self._flow()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget what nobody waits for any more."""
        self._server.leave(self)
        if self._timer:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()

    def end(self) -> None:
        """End the connection; what is written goes out first."""
        if self._transport:
            self._transport.close()

    def _begin(self) -> None:
        """Begin to answer what came, as far as there is room."""
        if self._transport is None or self._transport.is_closing():
            return
        try:
            while len(self._tasks) < MOST_UNDER_WAY and (message := self._frames.take()) is not None:
                self._run(self._answer(message))
        except TooLongError:
            self.end()
        full = len(self._tasks) >= MOST_UNDER_WAY
        if full != self._full:
            self._full = full
            self._flow()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _greet(self) -> None:
        """End a connection that is nobody's before it asks anything."""
        if await self._known() is None:
            self.end()

    async def _answer(self, message: bytes) -> None:
        known = await self._known()
        if known is None:
            self.end()
            return
        if wait := self._service.wait(known):
            await asyncio.sleep(wait)
        reply = await self._service.answer(message, known, "dot")
        self._say(reply.message if reply else None)

    async def _known(self) -> Known | None:
        """Return whose connection this is; None: it ends."""
        try:
            known = await self._service.known(self._token, self.address)
        except (NobodyError, TooManyError, UnavailableError):
            return None
        if not self.counted and not self._server.admit_phone(self, known):
            return None
        return known

    def _say(self, message: bytes | None) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if message is None:
            # no DNS at all: whoever this is speaks another protocol
            self._transport.close()
        else:
            self._transport.write(framed(message))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.error("A query over TLS failed", exc_info=task.exception())
            self.end()
        if self._full:
            self._begin()

    def _flow(self) -> None:
        """Read only while there is room for questions and for answers."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._full or self._clogged:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def _look(self) -> None:
        """End a connection on which nothing was asked for a while (RFC 7858, 3.4)."""
        idle = self._loop.time() - self._last
        if idle >= IDLE_SECONDS and not self._tasks:
            self.end()
            # a phone that takes nothing would hold it open for ever
            self._timer = self._loop.call_later(HANDSHAKE_SECONDS, self._abort)
            return
        self._timer = self._loop.call_later(max(1.0, IDLE_SECONDS - idle), self._look)

    def _abort(self) -> None:
        if self._transport:
            self._transport.abort()
