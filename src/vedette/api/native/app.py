"""The application: finds the route, the caller and the values of a request, and lets the route act in a thread."""

import logging
import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from uuid import UUID, uuid4

from django.db.utils import InterfaceError, OperationalError

from vedette.api.application_keys import KeyRing
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
from vedette.api.native import etags, kept, openapi, people_live
from vedette.api.native.acting import Asked, perform
from vedette.api.native.caller import Doorman
from vedette.api.native.problems import Problem
from vedette.api.native.reading import body_of, query_of
from vedette.api.native.route import PREFIX, Route
from vedette.api.native.table import ROUTES, Atlas
from vedette.api.native.uploading import Uploads
from vedette.api.threads import Threads
from vedette.foundation.database import Pool
from vedette.foundation.rates import Buckets, caller

log = logging.getLogger(__name__)

REQUESTS_PER_MINUTE: Final = 300
"""Of one key, or one administrator."""
CALLS_PER_MINUTE: Final = 1200
"""Of one address, before it is known who calls."""
BODY_SECONDS: Final = 60.0
UPLOAD_SECONDS: Final = 1800.0
THREADS: Final = 4
DOCUMENT: Final = f"{PREFIX}/openapi.json"
_CACHED: Final = (b"cache-control", b"private, no-cache")
_TAGS: Final = (re.compile(etags.LIST), "an ETag in its quotes, several divided by commas, or *")
_SHAPED: Final = {
    b"if-match": _TAGS,
    b"if-none-match": _TAGS,
    b"idempotency-key": (re.compile(kept.KEY), "1 to 255 visible ASCII characters"),
}


class NativeApi:
    """ASGI application for the addresses under PREFIX, on a pool that its caller opens and closes.

    `find_person` looks somebody up in Entra (people_live.find); `body_seconds` is how long a body may take,
    `upload_seconds` how long a file.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        requests_per_minute: int = REQUESTS_PER_MINUTE,
        calls_per_minute: int = CALLS_PER_MINUTE,
        find_person: people_live.Find = people_live.find,
        body_seconds: float = BODY_SECONDS,
        upload_seconds: float = UPLOAD_SECONDS,
    ) -> None:
        self._threads = Threads(THREADS, "native-api")
        # what may wait for Microsoft or for a slow sender keeps nobody else waiting
        self._patient = Threads(THREADS, "native-api-patient")
        self._doorman = Doorman(KeyRing(pool), self._patient)
        self._atlas = Atlas(ROUTES)
        self._find_person = find_person
        self._body_seconds = body_seconds
        self._uploads = Uploads(self._patient, upload_seconds)
        self._callers = Buckets(requests_per_minute / 60, requests_per_minute)
        self._strangers = Buckets(calls_per_minute / 60, calls_per_minute)
        self._document = openapi.document(ROUTES)

    async def stop(self) -> None:
        """End; before the pool closes."""
        await self._threads.stop()
        await self._patient.stop()

    @staticmethod
    def serves(path: str) -> bool:
        """Tell whether an address is one of this application's."""
        return path == PREFIX or path.startswith(PREFIX + "/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request, request_id = Request(scope, receive), str(uuid4())
        close = False
        try:
            answer = await self._answer(request)
        except GoneError:
            return
        except Problem as problem:
            answer = problem.answer(request_id)
            # the body of what is refused unread may still be on its way
            close = request.method not in {"GET", "HEAD"}
        except TooLargeError:
            answer, close = (
                Problem("too_large", "It is larger than this address takes.").answer(request_id),
                True,
            )
        except SlowError:
            answer, close = (
                Problem("slow", "It takes longer than this address waits.").answer(request_id),
                True,
            )
        except (OperationalError, InterfaceError):
            log.warning("The native API has no database at %s", request.path, exc_info=True)
            answer = Problem("unavailable", "The database does not answer.").answer(request_id)
        except Exception:
            log.exception("The native API failed at %s (request %s)", request.path, request_id)
            answer = Problem("failed", "The service's log says what happened.").answer(request_id)
        answer.headers.append((b"x-request-id", request_id.encode()))
        await respond(send, answer, close=close)

    async def _answer(self, request: Request) -> Answer:
        self._take(self._strangers, caller(request.address))
        if request.path == DOCUMENT:
            _only(request, {"GET"})
            return _tagged(Answer(200, self._document), request)
        found = self._atlas.find(request.path)
        if found is None:
            raise Problem("not_found", "There is nothing at this address.", next_step=f"See {DOCUMENT}.")
        routes, ids = found
        _only(request, set(routes))
        route = routes[request.method]
        who = await self._doorman.ask(request, route)
        self._take(self._callers, who.id)
        query, headers = query_of(request, route), _headers(request, route)
        asked = Asked(
            route=route,
            who=who,
            ids=_ids(ids),
            query=query,
            raw=b"" if route.upload else await self._body(request, route),
            upload=await self._uploads.take(request) if route.upload else None,
            headers=headers,
            target=request.target,
            find_person=self._find_person,
        )
        threads = self._patient if route.prepare else self._threads
        answer = await threads.run(perform, asked, body_of)
        return _tagged(answer, request) if route.reads and answer.status == HTTPStatus.OK else answer

    async def _body(self, request: Request, route: Route) -> bytes:
        if route.method in {"GET", "DELETE"}:
            return b""
        return await request.body(route.most_bytes, self._body_seconds)

    @staticmethod
    def _take(buckets: Buckets, who: str | UUID) -> None:
        wait = math.ceil(buckets.take(who))
        if wait:
            retry = [(b"retry-after", str(wait).encode())]
            raise Problem("too_many", f"The next one is answered in {wait} seconds.", headers=retry)


def _only(request: Request, methods: set[str]) -> None:
    if request.method not in methods:
        allowed = ", ".join(sorted(methods))
        headers = [(b"allow", allowed.encode())]
        raise Problem("method_not_allowed", f"{allowed} is possible here.", headers=headers)


def _ids(texts: Mapping[str, str]) -> dict[str, UUID]:
    try:
        return {name: UUID(text) for name, text in texts.items()}
    except ValueError:
        raise Problem("not_found", "An ID in the address is no UUID.") from None


def _headers(request: Request, route: Route) -> dict[str, str]:
    headers = {name.decode(): request.header(name) for name in (b"accept", b"content-type", *_SHAPED)}
    headers |= {name: request.header(name.encode()) for name in route.headers}
    for name, (shape, words) in _SHAPED.items():
        if request.sends(name) and not shape.fullmatch(headers[name.decode()]):
            raise Problem("invalid_request", f"The header {name.decode().title()} must be {words}.")
    return headers


def _tagged(answer: Answer, request: Request) -> Answer:
    """Add the entity tag; answer 304 to who has this content already."""
    tag = next((value.decode() for name, value in answer.headers if name == b"etag"), "").strip('"')
    headers = [item for item in answer.headers if item[0] != b"etag"]
    tag = tag or etags.of(answer.body)
    headers += [(b"etag", f'"{tag}"'.encode()), _CACHED]
    if etags.names(request.header(b"if-none-match"), tag):
        return Answer(304, b"", answer.content_type, headers)
    return Answer(answer.status, answer.body, answer.content_type, headers)
