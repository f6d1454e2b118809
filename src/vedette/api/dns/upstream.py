"""The resolver behind ours, of the organisation's choice: how it is asked, whichever the transport.

Every address is checked before it is called, as for all outbound calls (foundation/http.py): one in a private
network is refused unless VEDETTE_ALLOW_PRIVATE_ADDRESSES says otherwise. Answers are handed to a callback instead of
being awaited: tasks and time-outs of asyncio would cost more than all else that a question needs.
"""

import os
import ssl
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from vedette.api.dns.wire import Answer, Query, lowered, read_answer
from vedette.foundation.name_server import NameServer

ASK_SECONDS: Final = 4.0
CONNECT_SECONDS: Final = 3.0
LOOK_SECONDS: Final = 0.25
"""So often questions that waited too long are looked for."""
MOST_WAITING: Final = 5000
LATE: Final = "the upstream did not answer in time"
_RANDOM_BYTES: Final = 4096

Check = Callable[[str, int], list[str]]
"""Resolves and checks a host and a port; blocks; raises httpx.ConnectError or httpcore.ConnectError."""


class UpstreamError(Exception):
    """The upstream could not be asked, or did not answer; the text says why."""


Done = Callable[[Answer | UpstreamError], None]
"""Takes the one answer to a question, or why there is none."""


class Upstream(Protocol):
    """A way to ask one resolver; to be used inside one running loop."""

    def ask(self, query: Query, done: Done) -> None:
        """Ask; `done` is called once, perhaps before this returns."""
        ...

    def close(self) -> None:
        """Let its connections go; who waits is told."""
        ...


@dataclass(slots=True)
class Asked:
    """A question under way: who waits, until when, and how often it was asked before."""

    query: Query
    done: Done
    deadline: float
    tries: int = 0


class Numbers:
    """Random numbers of 16 bits that nobody can guess.

    The system is asked for many at once: a call for each question would be a large part of its cost.
    """

    def __init__(self) -> None:
        self._left: list[int] = []

    def take(self) -> int:
        """Return the next one."""
        if not self._left:
            self._left = array("H", os.urandom(_RANDOM_BYTES)).tolist()
        return self._left.pop()


NUMBERS: Final = Numbers()


class Waiting:
    """Questions under way by their number on one connection."""

    def __init__(self) -> None:
        self._asked: dict[int, Asked] = {}

    def enter(self, asked: Asked) -> int:
        """Give a question a number that nobody can guess (RFC 5452). Raises UpstreamError when too many wait."""
        if len(self._asked) >= MOST_WAITING:
            raise UpstreamError("too many questions wait for the upstream")
        while (number := NUMBERS.take()) in self._asked:
            continue
        self._asked[number] = asked
        return number

    def settle(self, message: bytes) -> None:
        """Hand an answer to who asked; one that nobody asked for, or for another question, is dropped."""
        number = int.from_bytes(message[:2])
        asked = self._asked.get(number)
        if asked is None:
            return
        query = asked.query
        end = 12 + len(query.question)
        if message[4:6] == b"\0\1" and lowered(message[12:end]) != query.key[0]:
            return
        del self._asked[number]
        try:
            answer: Answer | UpstreamError = read_answer(message, query)
        except ValueError as error:
            answer = UpstreamError(f"the upstream's answer cannot be read: {error}")
        asked.done(answer)

    def late(self, now: float) -> list[Asked]:
        """Take out what has waited too long."""
        numbers = [number for number, asked in self._asked.items() if asked.deadline <= now]
        return [self._asked.pop(number) for number in numbers]

    def fail(self, why: str) -> None:
        """Tell everybody that no answer will come."""
        asked, self._asked = self._asked, {}
        for each in asked.values():
            each.done(UpstreamError(why))

    def take_all(self) -> list[Asked]:
        """Take out everybody, to be asked elsewhere."""
        asked, self._asked = self._asked, {}
        return list(asked.values())

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
