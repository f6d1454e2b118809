"""The application: addresses, who may call them and how often, and errors in the words of each family."""

import logging
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from uuid import UUID, uuid4

from vedette.api.application_keys import KeyRefusedError, KeyRing
from vedette.api.http import (
    Answer,
    GoneError,
    Receive,
    Request,
    Scope,
    Send,
    SlowError,
    TooLargeError,
    respond,
)
from vedette.api.mobile_risk import pages_v1, routes
from vedette.api.mobile_risk.answers import ProblemError, bad_feed, bad_oauth, bad_v1, bad_v2, good
from vedette.api.mobile_risk.hub import Hub
from vedette.api.mobile_risk.streaming import PATH, STREAMS_PER_KEY, Streaming
from vedette.api.mobile_risk.systems import Systems
from vedette.api.mobile_risk.threat_feeds import PREFIX, ThreatFeeds
from vedette.api.mobile_risk.tokens import Tokens
from vedette.api.threads import Threads
from vedette.foundation.database import Pool
from vedette.foundation.rates import Buckets, caller
from vedette.tenants.application_keys import Scope as KeyScope

log = logging.getLogger(__name__)

REQUESTS_PER_MINUTE: Final = 100
"""Of one key; Lookout's own limit is the same, but for all keys of a tenant together (lookout.md 2.2)."""
TOKENS_PER_MINUTE: Final = 120
"""Of one address: enough for many programs behind one, too few to try keys."""

THREADS: Final = 2
_AREAS: Final = ("/mra/", PREFIX)
TOKEN_PATHS: Final = {"/oauth2/token": False, "/oauth/token": True}

Errors = Callable[[ProblemError, str], Answer]


class MobileRiskApi:
    """ASGI application for the addresses that `serves` names, on a pool that its caller opens and closes."""

    def __init__(
        self,
        pool: Pool,
        *,
        requests_per_minute: int = REQUESTS_PER_MINUTE,
        streams_per_key: int = STREAMS_PER_KEY,
    ) -> None:
        self._keys = KeyRing(pool)
        self._tokens = Tokens(self._keys)
        self._threads = Threads(THREADS, "risk-api")
        self._looking = Threads(1, "systems")
        self._systems = Systems(self._looking)
        self._feeds = ThreatFeeds(self._threads)
        self._callers = Buckets(requests_per_minute / 60, requests_per_minute)
        self._hub = Hub(pool, self._keys)
        self._streaming = Streaming(self._keys, self._hub, streams_per_key)
        self._strangers = Buckets(TOKENS_PER_MINUTE / 60, TOKENS_PER_MINUTE)

    def start(self) -> None:
        """Begin to listen for events; inside the running loop."""
        self._hub.start()

    async def end_streams(self) -> None:
        """Tell every reader to come back: before the server waits for its connections to end."""
        await self._hub.end_streams()

    async def stop(self) -> None:
        """End; before the pool closes."""
        await self._hub.stop()
        await self._threads.stop()
        await self._looking.stop()

    @staticmethod
    def serves(path: str) -> bool:
        """Tell whether an address is one of this application's."""
        return path in TOKEN_PATHS or path in pages_v1.PATHS or path.startswith(_AREAS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request, request_id = Request(scope, receive), str(uuid4())
        errors = _errors(request.path)
        close = False
        try:
            if request.path == PATH:
                await self._stream(request, scope, receive, send)
                return
            answer = await self._answer(request)
        except GoneError:
            return
        except ProblemError as problem:
            answer, close = errors(problem, request_id), problem.status == HTTPStatus.METHOD_NOT_ALLOWED
        except TooLargeError:
            answer, close = (
                errors(ProblemError(413, "The body is too large.", "invalid_request"), request_id),
                True,
            )
        except SlowError:
            answer = errors(
                ProblemError(408, "The body did not arrive in time.", "invalid_request"), request_id
            )
            close = True
        except Exception:
            log.exception("The Mobile Risk API failed at %s (request %s)", request.path, request_id)
            words = "The service cannot answer at the moment. Try again later."
            answer = errors(ProblemError(500, words, "server_error"), request_id)
        answer.headers.append((b"x-request-id", request_id.encode()))
        await respond(send, answer, close=close)

    async def _answer(self, request: Request) -> Answer:
        if request.path in TOKEN_PATHS:
            _only(request, "POST")
            self._take(self._strangers, caller(request.address))
            return await self._tokens.answer(request, legacy=TOKEN_PATHS[request.path])
        if request.path.startswith(PREFIX):
            return await self._feed(request)
        key_scope, read = routes.find(request.path)
        _only(request, "GET")
        return await self._read(request, key_scope, read)

    async def _feed(self, request: Request) -> Answer:
        try:
            token = self._keys.token(request.bearer)
            self._take(self._callers, token.key_id)
            async with self._keys.door(token, request.address) as (known, _connection):
                known.demand(KeyScope.FEEDS)
        except KeyRefusedError as refused:
            raise refusal(refused) from None
        return await self._feeds.answer(request, known)

    async def _stream(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        _only(request, "GET")
        try:
            await self._streaming.serve(request, scope, receive, send)
        except KeyRefusedError as refused:
            raise refusal(refused) from None

    async def _read(self, request: Request, key_scope: KeyScope, read: routes.Read) -> Answer:
        """Answer from the rows of the tenant whose token this is."""
        try:
            token = self._keys.token(request.bearer)
            self._take(self._callers, token.key_id)
            async with self._keys.door(token, request.address) as (known, connection):
                known.demand(key_scope)
                asked = routes.Asked(connection, known.tenant_id, request.query, self._systems, request.path)
                return good(await read(asked))
        except KeyRefusedError as refused:
            raise refusal(refused) from None

    @staticmethod
    def _take(buckets: Buckets, who: str | UUID) -> None:
        wait = buckets.take(who)
        if wait:
            words = "Too many requests, please wait a moment and try again."
            raise ProblemError(429, words, "TOO_MANY_REQUESTS", retry_after=math.ceil(wait))


def refusal(refused: KeyRefusedError) -> ProblemError:
    """Turn what the key ring says into an answer: 401, so that the client gets a new token, or 403."""
    status = 403 if refused.code in {"scope", "address"} else 401
    return ProblemError(status, refused.message, refused.code)


def _errors(path: str) -> Errors:
    if path in TOKEN_PATHS:
        return bad_oauth
    if path.startswith(PREFIX):
        return bad_feed
    return bad_v1 if path in pages_v1.PATHS else bad_v2


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise ProblemError(405, f"Only {method} is possible here.", "METHOD_NOT_ALLOWED", allow=method)
