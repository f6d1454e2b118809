"""DNS over HTTPS (RFC 8484) at an address of each phone's own, and the profile that sets an iPhone up to use it."""

import base64
import binascii
import logging
import math
from typing import Final

from vedette.api.dns import wire
from vedette.api.dns.phones import Known, UnavailableError
from vedette.api.dns.profile import Profiles
from vedette.api.dns.service import NobodyError, ResolverService, TooManyError
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
from vedette.devices import resolver

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/dns-message"
BODY_SECONDS: Final = 10.0
MOST_UNDER_WAY: Final = 2048
_NOBODYS: Final = "This address is no phone's, or was withdrawn."
_TEXT: Final = "text/plain; charset=utf-8"


class RefusedError(Exception):
    """Ends a request with a status and a sentence."""

    def __init__(self, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(text)
        self.answer = Answer(status, f"{text}\n".encode(), _TEXT, list(headers))


class DohApi:
    """ASGI application for the paths under /dns/."""

    def __init__(self, service: ResolverService) -> None:
        self._service = service
        self._profiles = Profiles()
        self._under_way = 0

    @staticmethod
    def serves(path: str) -> bool:
        """Tell whether a path is answered here."""
        return path.startswith(resolver.PATH)

    async def stop(self) -> None:
        """Let the database connections go."""
        await self._profiles.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing ends in a traceback, and no name in a log."""
        request = Request(scope, receive)
        close = False
        try:
            answer = await self._answer(request)
        except GoneError:
            return
        except RefusedError as refusal:
            # the body of a message that is refused unread is still on its way
            answer, close = refusal.answer, request.method == "POST"
        except Exception:
            log.exception("The resolver failed")
            answer = Answer(
                503, b"The service cannot answer at the moment.\n", _TEXT, [(b"retry-after", b"5")]
            )
        await respond(send, answer, close=close)

    async def _answer(self, request: Request) -> Answer:
        token, slash, rest = request.path.removeprefix(resolver.PATH).partition("/")
        if slash and "/" + rest != resolver.PROFILE:
            raise RefusedError(404, "There is nothing at this address.")
        if request.method not in ({"GET", "HEAD"} if slash else {"GET", "POST"}):
            raise RefusedError(405, "Ask with GET or POST.", (b"allow", b"GET" if slash else b"GET, POST"))
        if self._under_way >= MOST_UNDER_WAY:
            raise RefusedError(503, "The service is busy.", (b"retry-after", b"2"))
        self._under_way += 1
        try:
            known = await self._known(resolver.token_in(token), request.address)
            if slash:
                return await self._profiles.answer(
                    known, token.lower(), request.query.get("way", "doh"), request.header(b"accept-language")
                )
            return await self._query(request, known)
        finally:
            self._under_way -= 1

    async def _known(self, token: str, address: str) -> Known:
        if not token:
            raise RefusedError(404, _NOBODYS)
        try:
            known = await self._service.known(resolver.hashed(token), address)
        except NobodyError:
            raise RefusedError(404, _NOBODYS) from None
        except UnavailableError:
            raise RefusedError(
                503, "The service cannot answer at the moment.", (b"retry-after", b"5")
            ) from None
        except TooManyError as error:
            raise _later(error.seconds) from None
        if wait := self._service.wait(known):
            raise _later(wait)
        return known

    async def _query(self, request: Request, known: Known) -> Answer:
        message = await _posted(request) if request.method == "POST" else _given(request)
        reply = await self._service.answer(message, known, "doh")
        if reply is None:
            raise RefusedError(400, "This is no DNS query.")
        age = b"max-age=%d" % reply.seconds if reply.seconds else b"no-store"
        return Answer(200, reply.message, MEDIA_TYPE, [(b"cache-control", age)])


def _given(request: Request) -> bytes:
    """Read the query of a GET: base64url without padding (RFC 8484, 4.1)."""
    text = request.query.get("dns", "")
    if not text:
        raise RefusedError(400, "The parameter dns is missing.")
    if len(text) > wire.MOST_QUERY_BYTES * 4 // 3 + 4:
        raise RefusedError(414, f"A query has at most {wire.MOST_QUERY_BYTES} bytes.")
    try:
        plain = text.rstrip("=").encode("ascii")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise RefusedError(400, "The parameter dns is not base64url.") from None


async def _posted(request: Request) -> bytes:
    if request.header(b"content-type").split(";")[0].strip().lower() != MEDIA_TYPE:
        raise RefusedError(415, f"Send a query as {MEDIA_TYPE}.")
    try:
        return await request.body(wire.MOST_QUERY_BYTES, BODY_SECONDS)
    except TooLargeError:
        raise RefusedError(413, f"A query has at most {wire.MOST_QUERY_BYTES} bytes.") from None
    except SlowError:
        raise RefusedError(408, "The query did not arrive in time.") from None


def _later(seconds: float) -> RefusedError:
    return RefusedError(429, "This phone asks too often.", (b"retry-after", str(math.ceil(seconds)).encode()))
