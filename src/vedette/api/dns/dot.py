"""DNS over TLS (RFC 7858): each phone asks at a host name of its own, whose first label is its token.

Many questions may be under way on a connection, and each is answered when its answer is there (RFC 7766, 6.2.1.1).
A connection ends when nothing was asked for a while, when its phone is nobody, and when it sends no DNS.
"""

import asyncio
import logging
import ssl
from collections import Counter
from pathlib import Path
from typing import Final, cast

from vedette.api.dns.framing import Frames, TooLongError, framed
from vedette.api.dns.phones import Known, UnavailableError
from vedette.api.dns.resolver import Reply
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
    """One phone's connection. Most questions are begun and answered without a task of their own."""

    def __init__(self, server: DotServer) -> None:
        self.address = ""
        self.counted = ""
        self._server = server
        self._service = server.service
        self._hashed = b""
        self._frames = Frames(MOST_QUERY_BYTES)
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._under_way = 0
        self._held = True
        """Nothing is begun: it is not known yet whose this is, or the phone must wait."""
        self._clogged = self._paused = self._beginning = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if there is room."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.address = caller(str(peer[0])) if peer else ""
        token = getattr(transport.get_extra_info("ssl_object"), "vedette_token", "")
        if not token or not self._server.admit(self):
            self._abort()
            return
        self._hashed = resolver.hashed(token)
        self._timer = self._loop.call_later(IDLE_SECONDS, self._look)
        self._ask_who()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
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
        self._begin()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget it; answers that still come find nobody."""
        self._server.leave(self)
        self._transport = None
        if self._timer:
            self._timer.cancel()
        if self._task:
            self._task.cancel()

    def end(self) -> None:
        """End the connection; what is written goes out first."""
        if self._transport:
            self._transport.close()

    def _ask_who(self) -> None:
        """Find out whose connection this is; until then nothing is begun."""
        self._held = True
        self._task = self._loop.create_task(self._find_out())
        self._task.add_done_callback(self._found_out)

    async def _find_out(self) -> None:
        known = await self._service.known(self._hashed, self.address)
        if not self.counted and not self._server.admit_phone(self, known):
            raise NobodyError

    def _found_out(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._go_on()
            return
        if not isinstance(error, (NobodyError, TooManyError, UnavailableError)):
            log.error("A phone that asks over TLS could not be looked up", exc_info=error)
        self.end()

    def _go_on(self) -> None:
        self._held = False
        self._begin()

    def _begin(self) -> None:
        """Begin to answer what came, as far as there is room. Answers that are known come before this returns."""
        if self._beginning or self._transport is None or self._transport.is_closing():
            return
        self._beginning = True
        try:
            while not self._held and not self._clogged and self._under_way < MOST_UNDER_WAY:
                message = self._frames.take()
                if message is None:
                    break
                self._answer(message)
        except TooLongError:
            self.end()
        finally:
            self._beginning = False
        self._flow()

    def _answer(self, message: bytes) -> None:
        known = self._service.phones.known(self._hashed)
        if known is None or not known.usable:
            # withdrawn meanwhile, or the database has been silent for long
            self.end()
            return
        if wait := self._service.wait(known):
            self._held = True
            self._loop.call_later(wait, self._go_on)
        self._under_way += 1
        self._service.begin(message, known, "dot", self._take)

    def _take(self, reply: Reply | None) -> None:
        """Write an answer; where there is none, whoever this is speaks another protocol."""
        self._under_way -= 1
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if reply is None:
            transport.close()
            return
        transport.write(framed(reply.message))
        if self._paused:
            self._begin()

    def _flow(self) -> None:
        """Read only while there is room for questions and for answers."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        pause = self._held or self._clogged or self._under_way >= MOST_UNDER_WAY
        if pause == self._paused:
            return
        self._paused = pause
        if pause:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def _look(self) -> None:
        """End a connection on which nothing was asked for a while (RFC 7858, 3.4)."""
        idle = self._loop.time() - self._last
        if idle >= IDLE_SECONDS and not self._under_way:
            self.end()
            # a phone that takes nothing would hold it open for ever
            self._timer = self._loop.call_later(HANDSHAKE_SECONDS, self._abort)
            return
        self._timer = self._loop.call_later(max(1.0, IDLE_SECONDS - idle), self._look)

    def _abort(self) -> None:
        if self._transport:
            self._transport.abort()
