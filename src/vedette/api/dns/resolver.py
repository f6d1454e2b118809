"""From one query to one answer: judged, forwarded, its aliases judged too. No transport, no database.

What fails is told, never guessed: a SERVFAIL of the upstream stays one, an upstream that does not answer becomes
SERVFAIL with Extended DNS Error 22. A verdict that fails lets the name through or not, by the organisation's choice.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

from vedette.api.dns import answers, wire
from vedette.api.dns.cache import Cache, Key
from vedette.api.dns.policy import Policy, UnsureError, error_code
from vedette.api.dns.upstream import Done, Upstream, UpstreamError
from vedette.api.dns.wire import Answer, MalformedError, Query
from vedette.detection.web import WebVerdict
from vedette.foundation.name_server import NameServer

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 600.0
"""So long an upstream's connections and kept answers outlast its last question."""
TOLD_SECONDS: Final = 10.0
"""So often the log says that an organisation's upstream does not answer."""

Way = Literal["doh", "dot"]
TEXT: Final = {
    answers.BLOCKED: "Blocked by your organisation as dangerous",
    answers.FILTERED: "Filtered: your organisation chose to keep out content of this kind",
}


class Record(Protocol):
    """Takes a verdict to be written down later; never waits."""

    def __call__(self, phone: "Phone", verdict: WebVerdict, way: Way) -> None:
        """Take it."""


@dataclass(slots=True)
class Phone:
    """Who asks, as far as the resolver cares; `paused`: nothing is judged for it now."""

    device_id: UUID
    policy: Policy
    paused: bool = False


@dataclass(slots=True)
class Reply:
    """An answer to send, and how many seconds it may be kept."""

    message: bytes
    seconds: int = 0


Take = Callable[[Reply | None], None]
"""Takes the reply to a message; None where there is nothing to answer to (no header, or an answer)."""


@dataclass
class _Place:
    """An upstream, its kept answers, and who waits for which question to it."""

    upstream: Upstream
    cache: Cache
    under_way: dict[Key, list[Done]]
    used_at: float = 0.0


class Resolver:
    """Answers queries. `make` opens the way to an upstream, `record` takes what was suspicious or blocked.

    An answer is handed to a callback, before `begin` returns where it is known: what is blocked or kept in memory.
    """

    def __init__(
        self, make: Callable[[NameServer], Upstream], record: Record, *, sinkhole: answers.Sinkhole
    ) -> None:
        self._make = make
        self._record = record
        self._sinkhole = sinkhole
        self._places: dict[NameServer, _Place] = {}
        self._told_at: dict[UUID, float] = {}

    def begin(self, message: bytes, phone: Phone, way: Way, take: Take) -> None:
        """Answer one message; `take` is called once."""
        try:
            query = wire.read_query(message)
        except MalformedError as problem:
            refusal = answers.malformed(problem)
            take(None if refusal is None else Reply(refusal))
            return
        try:
            self._begin(query, phone, way, take)
        except UnsureError:
            take(unsure(query))

    def _begin(self, query: Query, phone: Phone, way: Way, take: Take) -> None:
        policy = phone.policy
        judging = policy.on and not phone.paused
        if judging and (stopped := self._stopped((query.name,), query, phone, way)):
            take(stopped)
            return
        if policy.upstream is None:
            take(self._unreachable(query, phone, UpstreamError("no upstream is set")))
            return
        place = self._places.get(policy.upstream) or self._place(policy.upstream)
        place.used_at = time.monotonic()
        if kept := place.cache.get(query):
            take(self._finish(query, phone, way, *kept))
            return

        def came(answer: Answer | UpstreamError) -> None:
            take(self._came(query, phone, way, answer))

        waiting = place.under_way.get(query.key)
        if waiting is not None:
            # who asks the same meanwhile waits for the same answer
            waiting.append(came)
            return
        place.under_way[query.key] = [came]
        place.upstream.ask(query, lambda answer: self._settle(place, query, answer))

    def _settle(self, place: _Place, query: Query, answer: Answer | UpstreamError) -> None:
        """Keep an answer and hand it to all who wait for it."""
        if isinstance(answer, Answer):
            place.cache.put(query, answer)
        for came in place.under_way.pop(query.key, ()):
            came(answer)

    def _came(self, query: Query, phone: Phone, way: Way, answer: Answer | UpstreamError) -> Reply:
        if isinstance(answer, UpstreamError):
            return self._unreachable(query, phone, answer)
        try:
            return self._finish(query, phone, way, answer, 0)
        except UnsureError:
            return unsure(query)

    def _unreachable(self, query: Query, phone: Phone, error: UpstreamError) -> Reply:
        """Answer for an upstream that does not; the log says so once in a while, not for every question."""
        tenant_id, now = phone.policy.tenant_id, time.monotonic()
        if now - self._told_at.get(tenant_id, -math.inf) >= TOLD_SECONDS:
            self._told_at[tenant_id] = now
            # without the name
            log.warning("The upstream of tenant %s: %s", tenant_id, error)
        why = "The resolver that your organisation chose does not answer"
        return Reply(answers.error(query, wire.SERVFAIL, answers.NO_REACHABLE_AUTHORITY, why))

    def _finish(self, query: Query, phone: Phone, way: Way, answer: Answer, age: int) -> Reply:
        """Judge the names that an answer leads on to, and pass it on. Raises UnsureError."""
        judging = phone.policy.on and not phone.paused
        if answer.targets and judging and (stopped := self._stopped(answer.targets, query, phone, way)):
            return stopped
        message = wire.aged(answer, query, age) if age else wire.passed_on(answer, query)
        return Reply(message, max(0, answer.seconds - age))

    def _stopped(self, names: tuple[str, ...], query: Query, phone: Phone, way: Way) -> Reply | None:
        """Judge names; return the answer to a blocked one. What is told of is recorded. Raises UnsureError."""
        policy = phone.policy
        for name in names:
            verdict = policy.told(name)
            if verdict is None:
                continue
            self._record(phone, verdict, way)
            if policy.stops(verdict):
                sinkhole = self._sinkhole if policy.sinkhole else answers.Sinkhole()
                code = error_code(verdict)
                return Reply(answers.blocked(query, sinkhole, code, TEXT[code]), answers.BLOCKED_SECONDS)
        return None

    def _place(self, server: NameServer) -> _Place:
        """Open the way to an upstream; those that nobody asks any more are let go."""
        long_ago = time.monotonic() - IDLE_SECONDS
        for idle in [each for each, place in self._places.items() if place.used_at < long_ago]:
            self._places.pop(idle).upstream.close()
        place = self._places[server] = _Place(self._make(server), Cache(), {})
        return place

    def close(self) -> None:
        """Let all connections go."""
        for place in self._places.values():
            place.upstream.close()
        self._places.clear()


def unsure(query: Query) -> Reply:
    """Answer for a name that could not be judged, where such names are not answered."""
    return Reply(answers.error(query, wire.SERVFAIL, answers.NOT_READY, "The name could not be judged"))
