"""The little of HTTP that the APIs need: a request, a bounded body, one answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = "application/json"
BODY_SECONDS: Final = 60.0
MOST_PARAMETERS: Final = 200
_WITHOUT_CONTENT: Final = frozenset({204, 304})


class GoneError(Exception):
    """The caller hung up before its message was complete."""


class TooLargeError(Exception):
    """The body is larger than this address takes."""


class SlowError(Exception):
    """The body did not arrive in time."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer before it is sent."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Headers = field(default_factory=list)


class Request:
    """One request as a handler sees it: method, path, query, headers, the caller's address."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.address: str = (scope.get("client") or ("",))[0]
        self._scope = scope
        self.receive = receive

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address; of one that stands there twice the last."""
        try:
            text = self._scope["query_string"].decode("utf-8", "replace")
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS))
        except ValueError:
            return {}

    def header(self, name: bytes) -> str:
        """Return the first header of this (lower-case) name, empty when there is none."""
        return next((value.decode("latin-1") for key, value in self._scope["headers"] if key == name), "")

    def sends(self, name: bytes) -> bool:
        """Tell whether there is a header of this (lower-case) name, be it empty."""
        return any(key == name for key, _ in self._scope["headers"])

    @property
    def target(self) -> str:
        """Path and query as they were sent."""
        query = self._scope["query_string"].decode("latin-1")
        return f"{self.path}?{query}" if query else self.path

    @cached_property
    def bearer(self) -> str:
        """What stands behind `Bearer` in the header Authorization, empty when there is none."""
        scheme, _, credentials = self.header(b"authorization").partition(" ")
        return credentials.strip() if scheme.lower() == "bearer" else ""

    async def body(self, most: int, seconds: float = BODY_SECONDS) -> bytes:
        """Read the body, at most so many bytes and seconds. Raises TooLargeError, SlowError or GoneError."""
        announced = self.header(b"content-length")
        if announced.isdigit() and int(announced) > most:
            raise TooLargeError
        try:
            async with asyncio.timeout(seconds):
                return await self._collect(most)
        except TimeoutError:
            raise SlowError from None

    async def _collect(self, most: int) -> bytes:
        body = bytearray()
        while True:
            event = await self.receive()
            if event["type"] == "http.disconnect":
                raise GoneError
            body += event.get("body", b"")
            if len(body) > most:
                raise TooLargeError
            if not event.get("more_body", False):
                return bytes(body)


async def respond(send: Send, answer: Answer, *, close: bool = False) -> None:
    """Send an answer; `close` ends the connection, because the rest of a refused body is not read."""
    headers = [(b"x-content-type-options", b"nosniff"), *answer.headers]
    if answer.status not in _WITHOUT_CONTENT:
        headers += [
            (b"content-type", answer.content_type.encode("latin-1")),
            (b"content-length", str(len(answer.body)).encode()),
        ]
    if not any(name == b"cache-control" for name, _ in answer.headers):
        headers.append((b"cache-control", b"no-store"))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
