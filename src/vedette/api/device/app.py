"""The application: four addresses, one way to answer each, nothing that can end in a traceback."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Final

from vedette.api.device.answers import ProblemError, bad
from vedette.api.device.check_in import CheckIn
from vedette.api.device.enroll import Enroll
from vedette.api.device.http import language, read_message
from vedette.api.device.keys import Keys
from vedette.api.device.rules import Rules
from vedette.api.device.sign_in import SignIn
from vedette.api.device.status import Status, Statuses
from vedette.api.http import Answer, GoneError, Receive, Request, Scope, Send, respond
from vedette.compliance.enroll import Membership
from vedette.foundation import config
from vedette.foundation.database import Pool
from vedette.foundation.rates import Buckets, caller
from vedette_facts.protocol import CHECK_IN_PATH, ENROLL_PATH, SIGN_IN_PATH, STATUS_PATH

log = logging.getLogger(__name__)

CHECK_IN_SECONDS: Final = 900
# Bodies being read or waited for at once; at 1 MiB each this bounds the memory of the process.
MOST_REQUESTS: Final = 1024
# Of one address: a whole company may enrol behind one, nobody guesses codes faster than that.
ENROLMENTS_PER_SECOND: Final = 200
ENROLMENTS_AT_ONCE: Final = 2000

Handler = Callable[[bytes, str], Awaitable[Answer]]


class DeviceApi:
    """ASGI application for the paths under /device/v1. `start` after the pool is open, `stop` before it closes."""

    def __init__(self, pool: Pool, membership: Membership, *, public_url: str, check_in_seconds: int) -> None:
        self._rules = Rules()
        keys, statuses = Keys(pool), Statuses(pool, self._rules)
        self._enroll = Enroll(membership, public_url=public_url, check_in_seconds=check_in_seconds)
        self._sign_in = SignIn()
        check_in = CheckIn(pool, keys, statuses, public_url=public_url, check_in_seconds=check_in_seconds)
        status = Status(pool, keys, statuses, public_url=public_url)
        self._batchers = (keys.batcher, statuses.batcher, check_in.batcher)
        self._handlers: dict[str, Handler] = {
            ENROLL_PATH: self._enroll.answer,
            CHECK_IN_PATH: check_in.answer,
            STATUS_PATH: status.answer,
        }
        self._strangers = Buckets(ENROLMENTS_PER_SECOND, ENROLMENTS_AT_ONCE)
        self._under_way = 0

    async def start(self) -> None:
        """Begin to work; inside the running loop."""
        for batcher in self._batchers:
            batcher.start()

    async def stop(self) -> None:
        """End: what waits is answered as unavailable."""
        await asyncio.gather(*(batcher.stop() for batcher in self._batchers))
        await self._enroll.stop()
        await self._sign_in.stop()
        await self._rules.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        words = language(request)
        try:
            answer = await self._answer(request, scope, words)
            await respond(send, answer)
        except GoneError:
            return
        except ProblemError as problem:
            # the body of a message that is refused unread is still on its way
            unread = problem.code in {
                "too_large",
                "unsupported_media_type",
                "not_found",
                "method_not_allowed",
            }
            await respond(send, bad(problem, words), close=unread or problem.code == "busy")
        except Exception:
            log.exception("The device API failed at %s", request.path)
            await respond(send, bad(ProblemError("unavailable", retry_after=30), words))

    async def _answer(self, request: Request, scope: Scope, words: str) -> Answer:
        if request.path == SIGN_IN_PATH:
            if request.method != "GET":
                raise ProblemError("method_not_allowed", "Only GET is possible here.", allow="GET")
            return await self._sign_in.answer(scope.get("query_string", b""), request.address, words)
        handler = self._handlers.get(request.path)
        if handler is None:
            raise ProblemError("not_found")
        if request.method != "POST":
            raise ProblemError("method_not_allowed")
        if self._under_way >= MOST_REQUESTS:
            raise ProblemError("busy", retry_after=5)
        if request.path == ENROLL_PATH:
            self._refuse_too_many(request.address)
        self._under_way += 1
        try:
            return await handler(await read_message(request), words)
        finally:
            self._under_way -= 1

    def _refuse_too_many(self, address: str) -> None:
        """Bound how often one address may try codes. Raises ProblemError `busy`."""
        wait = self._strangers.take(caller(address))
        if wait:
            raise ProblemError("busy", retry_after=math.ceil(wait))


def make_app(
    pool: Pool,
    membership: Membership,
    *,
    public_url: str | None = None,
    check_in_seconds: int = CHECK_IN_SECONDS,
) -> DeviceApi:
    """Return the device API on a psycopg pool that its caller opens and closes.

    `membership` asks live whether a person or a phone is in an enrollment group
    (connectors.intune.membership.LIVE). `public_url` is the audience that phones sign for; by default the
    configured one.
    """
    return DeviceApi(
        pool,
        membership,
        public_url=public_url or config.current().public_url,
        check_in_seconds=check_in_seconds,
    )
