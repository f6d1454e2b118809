"""The resolver behind ours, of the organisation's choice: how it is asked, whichever the transport.

Every address is checked before it is called, as for all outbound calls (foundation/http.py): one in a private
network is refused unless VEDETTE_ALLOW_PRIVATE_ADDRESSES says otherwise.
"""

import asyncio
import secrets
import ssl
from collections.abc import Callable
from typing import Final, Protocol

from vedette.api.dns.wire import Answer, Query
from vedette.foundation.name_server import NameServer

ASK_SECONDS: Final = 4.0
CONNECT_SECONDS: Final = 3.0
MOST_WAITING: Final = 5000
_IDS: Final = 65536

Check = Callable[[str, int], list[str]]
"""Resolves and checks a host and a port; blocks; raises httpx.ConnectError or httpcore.ConnectError."""


class UpstreamError(Exception):
    """The upstream could not be asked, or did not answer; the text says why."""


class Upstream(Protocol):
    """A way to ask one resolver."""

    async def ask(self, query: Query) -> Answer:
        """Return its answer. Raises UpstreamError."""
        ...

    async def close(self) -> None:
        """Let its connections go."""
        ...


class Waiting:
    """Questions under way by their number on one connection: who waits for which answer."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[Query, asyncio.Future[bytes]]] = {}

    def enter(self, query: Query) -> tuple[int, asyncio.Future[bytes]]:
        """Give a question a number that nobody can guess (RFC 5452). Raises UpstreamError when too many wait."""
        if len(self._asked) >= MOST_WAITING:
            raise UpstreamError("too many questions wait for the upstream")
        while (number := secrets.randbelow(_IDS)) in self._asked:
            continue
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[number] = query, future
        return number, future

    def settle(self, message: bytes) -> None:
        """Hand an answer to who asked; one that nobody asked for, or for another question, is dropped."""
        number = int.from_bytes(message[:2])
        query, future = self._asked.get(number, (None, None))
        if query is None or future is None or future.done():
            return
        end = 12 + len(query.question)
        if message[4:6] == b"\0\1" and message[12:end].lower() != query.question.lower():
            return
        future.set_result(message)

    def leave(self, number: int) -> None:
        """Forget a question."""
        self._asked.pop(number, None)

    def fail(self, why: str) -> None:
        """Tell everybody that no answer will come."""
        for _, future in self._asked.values():
            if not future.done():
                future.set_exception(UpstreamError(why))

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._asked)


def make(server: NameServer, check: Check, trust: Callable[[], ssl.SSLContext]) -> Upstream:
    """Return the way to ask a name server. `trust` gives the certificates to believe for TLS."""
    from vedette.api.dns.upstream_datagram import Datagram  # noqa: PLC0415 - each knows this module
    from vedette.api.dns.upstream_https import Https  # noqa: PLC0415 - each knows this module
    from vedette.api.dns.upstream_stream import Stream  # noqa: PLC0415 - each knows this module

    if server.way == "https":
        return Https(server)
    stream = Stream(server, check, trust if server.way == "tls" else None)
    return Datagram(server, check, stream) if server.way == "udp" else stream
