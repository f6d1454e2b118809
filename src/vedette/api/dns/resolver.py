"""From one query to one answer: judged, forwarded, its aliases judged too. No transport, no database.

What fails is told, never guessed: a SERVFAIL of the upstream stays one, an upstream that does not answer becomes
SERVFAIL with Extended DNS Error 22. A verdict that fails lets the name through or not, by the organisation's choice.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

from vedette.api.dns import answers, wire
from vedette.api.dns.cache import Cache, Key
from vedette.api.dns.policy import Policy, UnsureError, error_code
from vedette.api.dns.upstream import Upstream, UpstreamError
from vedette.api.dns.wire import Answer, MalformedError, Query
from vedette.detection.web import WebVerdict
from vedette.foundation.name_server import NameServer

log = logging.getLogger(__name__)

Way = Literal["doh", "dot"]
TEXT: Final = {
    answers.BLOCKED: "Blocked by your organisation as dangerous",
    answers.FILTERED: "Filtered: your organisation chose to keep out content of this kind",
}


class Record(Protocol):
    """Takes a verdict to be written down later; never waits."""

    def __call__(self, phone: "Phone", verdict: WebVerdict, way: Way) -> None:
        """Take it."""


@dataclass(frozen=True)
class Phone:
    """Who asks, as far as the resolver cares; `paused`: nothing is judged for it now."""

    device_id: UUID
    policy: Policy
    paused: bool = False


@dataclass(frozen=True)
class Reply:
    """An answer to send, and how many seconds it may be kept."""

    message: bytes
    seconds: int = 0


@dataclass
class _Place:
    """An upstream, its kept answers, and the questions that are under way to it."""

    upstream: Upstream
    cache: Cache
    under_way: dict[Key, asyncio.Task[Answer]]


class Resolver:
    """Answers queries. `make` opens the way to an upstream, `record` takes what was suspicious or blocked."""

    def __init__(
        self,
        make: Callable[[NameServer], Upstream],
        record: Record,
        *,
        sinkhole: answers.Sinkhole,
        cached: bool = True,
    ) -> None:
        self._make = make
        self._record = record
        self._sinkhole = sinkhole
        self._cached = cached
        self._places: dict[NameServer, _Place] = {}

    async def answer(self, message: bytes, phone: Phone, way: Way) -> Reply | None:
        """Answer one message; None where there is nothing to answer to (RFC 9619, 1035: no header, or an answer)."""
        try:
            query = wire.read_query(message)
        except MalformedError as problem:
            refusal = answers.malformed(problem)
            return None if refusal is None else Reply(refusal)
        try:
            return await self._answer(query, phone, way)
        except UnsureError:
            return Reply(
                answers.error(query, wire.SERVFAIL, answers.NOT_READY, "The name could not be judged")
            )
        except UpstreamError as error:
            # without the name
            log.warning("The upstream of tenant %s: %s", phone.policy.tenant_id, error)
            why = "The resolver that your organisation chose does not answer"
            return Reply(answers.error(query, wire.SERVFAIL, answers.NO_REACHABLE_AUTHORITY, why))

    async def _answer(self, query: Query, phone: Phone, way: Way) -> Reply:
        policy = phone.policy
        judging = policy.on and not phone.paused
        if judging and (stopped := self._stopped((query.name,), query, phone, way)):
            return stopped
        if policy.upstream is None:
            raise UpstreamError("no upstream is set")
        place = self._place(policy.upstream)
        kept = place.cache.get(query) if self._cached else None
        answer, age = kept or (await self._asked(place, query), 0)
        if judging and answer.targets and (stopped := self._stopped(answer.targets, query, phone, way)):
            return stopped
        message = wire.aged(answer, query, age) if kept else wire.passed_on(answer, query)
        return Reply(message, max(0, answer.seconds - age))

    def _stopped(self, names: tuple[str, ...], query: Query, phone: Phone, way: Way) -> Reply | None:
        """Judge names; return the answer to a blocked one. What is told of is recorded."""
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
        place = self._places.get(server)
        if place is None:
            place = self._places[server] = _Place(self._make(server), Cache(), {})
        return place

    async def _asked(self, place: _Place, query: Query) -> Answer:
        """Ask the upstream; who asks the same meanwhile waits for the same answer."""
        key = query.key
        task = place.under_way.get(key)
        if task is None:
            task = asyncio.ensure_future(place.upstream.ask(query))
            place.under_way[key] = task
            task.add_done_callback(lambda done: self._came(place, key, query, done))
        # one who hangs up takes the answer from nobody else
        return await asyncio.shield(task)

    def _came(self, place: _Place, key: Key, query: Query, done: "asyncio.Task[Answer]") -> None:
        place.under_way.pop(key, None)
        if done.cancelled() or done.exception():
            return
        if self._cached:
            place.cache.put(query, done.result())

    async def close(self) -> None:
        """Let all connections go."""
        for place in self._places.values():
            for task in list(place.under_way.values()):
                task.cancel()
            await place.upstream.close()
        self._places.clear()
