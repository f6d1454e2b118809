"""The lab's name server over UDP, TCP and TLS on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from vedette_lab.model import Cloud
from vedette_lab.names.answering import answer

HOST: Final = "127.0.0.1"


class _Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if said := answer(data, udp=True):
            self._transport.sendto(said, address)


class _Stream(asyncio.Protocol):
    def __init__(self) -> None:
        self._held = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        held = self._held
        held += data
        while len(held) > 1 and len(held) >= (end := 2 + int.from_bytes(held[:2])):
            said = answer(bytes(held[2:end]), udp=False)
            del held[:end]
            if said:
                self._transport.write(len(said).to_bytes(2) + said)


class NameServer:
    """Starts and stops inside a running loop; `port` is that of UDP and TCP, `tls_port` that of TLS."""

    def __init__(self) -> None:
        self.port = self.tls_port = 0
        self._servers: list[asyncio.Server] = []
        self._datagrams: asyncio.BaseTransport | None = None

    async def start(self, port: int = 0, tls: ssl.SSLContext | None = None, tls_port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError."""
        loop = asyncio.get_running_loop()
        stream = await loop.create_server(_Stream, HOST, port)
        self._servers.append(stream)
        self.port = int(stream.sockets[0].getsockname()[1])
        self._datagrams, _ = await loop.create_datagram_endpoint(_Datagrams, (HOST, self.port))
        if tls:
            encrypted = await loop.create_server(_Stream, HOST, tls_port, ssl=tls)
            self._servers.append(encrypted)
            self.tls_port = int(encrypted.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.close()
        if self._datagrams:
            self._datagrams.close()


@asynccontextmanager
async def lifespan(cloud: Cloud) -> AsyncIterator[None]:
    """Answer on `cloud.dns_port` of 127.0.0.1 while the lab runs, if it has one."""
    server = NameServer()
    if cloud.dns_port is not None:
        await server.start(cloud.dns_port)
    yield
    await server.stop()
