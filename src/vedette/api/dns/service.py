"""The resolver with everything it stands on: whose token, which policy, what was met. Shared by DoH and DoT."""

import asyncio
import functools
import logging
from typing import Final

from vedette.api.dns import answers, upstream, wire
from vedette.api.dns.encounters import Encounters
from vedette.api.dns.phones import Known, Phones, UnavailableError
from vedette.api.dns.policies import Policies
from vedette.api.dns.policy import Policy
from vedette.api.dns.resolver import Phone, Reply, Resolver, Take, Way
from vedette.api.dns.upstream import Upstream
from vedette.foundation import config, http
from vedette.foundation.config import Config
from vedette.foundation.database import Pool
from vedette.foundation.name_server import NameServer
from vedette.foundation.rates import Buckets, caller

log = logging.getLogger(__name__)

# Of one phone: a page asks some hundred names at once, nobody so many each second.
QUERIES_PER_SECOND: Final = 100
QUERIES_AT_ONCE: Final = 1000
# Of one address: tokens that are nobody's. A carrier may have many phones behind one.
STRANGERS_PER_SECOND: Final = 5
STRANGERS_AT_ONCE: Final = 100
NOTE_SECONDS: Final = 10.0


class TooManyError(Exception):
    """A phone or an address asks too much; `seconds` until it may again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class NobodyError(Exception):
    """The token is nobody's, was withdrawn, or its device is deactivated."""


class ResolverService:
    """`start` after the pool is open, `stop` before it closes; inside the running loop."""

    def __init__(self, pool: Pool, settings: Config | None = None) -> None:
        settings = settings or config.current()
        self.phones = Phones(pool)
        self.policies = Policies()
        self.encounters = Encounters()
        self.resolver = Resolver(
            functools.partial(open_upstream, settings),
            self.encounters.take,
            sinkhole=answers.Sinkhole(settings.sinkhole_ipv4, settings.sinkhole_ipv6),
        )
        self._queries = Buckets(QUERIES_PER_SECOND, QUERIES_AT_ONCE)
        self._strangers = Buckets(STRANGERS_PER_SECOND, STRANGERS_AT_ONCE)
        self._tasks: list[asyncio.Task[None]] = []
        self._beginning: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to write down what is met."""
        runs = (self.encounters.run(), self.phones.run(), self._note())
        self._tasks = [asyncio.create_task(run) for run in runs]

    async def stop(self) -> None:
        """Write the rest and let all connections go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.resolver.close()
        await self.encounters.stop()
        await self.policies.stop()

    async def known(self, hashed: bytes, address: str) -> Known:
        """Return whose token has this hash. Raises NobodyError, TooManyError and UnavailableError."""
        known = await self.phones.of(hashed)
        if known is not None and known.usable:
            return known
        wait = self._strangers.take(caller(address))
        if wait:
            raise TooManyError(wait)
        raise NobodyError

    def wait(self, known: Known) -> float:
        """Count a query of a phone; return the seconds that it must wait, 0 most of the time."""
        return self._queries.take(known.number)

    def begin(self, message: bytes, known: Known, way: Way, take: Take) -> None:
        """Answer one query of a phone; `take` is called once, before this returns where the answer is known."""
        self.phones.note(known)
        policy = self.policies.known(known.tenant_id)
        if policy is None:
            task = asyncio.create_task(self._begin_later(message, known, way, take))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)
            return
        self.resolver.begin(message, _phone(known, policy), way, take)

    async def answer(self, message: bytes, known: Known, way: Way) -> Reply | None:
        """Answer one query of a phone; None where there is nothing to answer to."""
        future: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()

        def take(reply: Reply | None) -> None:
            if not future.done():
                future.set_result(reply)

        self.begin(message, known, way, take)
        return await future

    async def _begin_later(self, message: bytes, known: Known, way: Way, take: Take) -> None:
        try:
            policy = await self.policies.of(known.tenant_id)
        except Exception as error:
            # whatever it is, who asks must not wait for ever
            if not isinstance(error, UnavailableError):
                log.exception("The policy of tenant %s cannot be read", known.tenant_id)
            take(failed(message, answers.NOT_READY, "The service is not ready"))
            return
        self.resolver.begin(message, _phone(known, policy), way, take)

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(NOTE_SECONDS)
            try:
                await self.phones.write()
            except Exception:
                log.exception("It could not be noted which phones ask")


def _phone(known: Known, policy: Policy) -> Phone:
    # a pause ends, too, when the organisation no longer allows any
    return Phone(known.device_id, policy, paused=policy.pause_minutes > 0 and known.paused)


def failed(message: bytes, code: int, text: str, rcode: int = wire.SERVFAIL) -> Reply | None:
    """Answer a query, whatever it asks, with an error and why."""
    try:
        return Reply(answers.error(wire.read_query(message), rcode, code, text))
    except wire.MalformedError as problem:
        refusal = answers.malformed(problem)
        return None if refusal is None else Reply(refusal)


def open_upstream(settings: Config, server: NameServer) -> Upstream:
    """Return the way to an upstream, under the rules for all outbound calls."""
    private = settings.allow_private_addresses or server.trusted

    def check(host: str, port: int) -> list[str]:
        return http.checked(host, port, allow_private=private)

    return upstream.make(server, check, lambda: http.trust(settings.ca_file))
