"""The little of HTTP that the device API needs: a bounded body, headers, one answer."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from vedette.api.device.answers import Answer, ProblemError
from vedette_facts.protocol import CONTENT_TYPE, MAX_BYTES

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_SECONDS: Final = 30.0


class GoneError(Exception):
    """The phone hung up before its message was complete."""


def header(scope: Scope, name: bytes) -> str:
    """Return the first header of this (lower-case) name, empty when there is none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def language(scope: Scope) -> str:
    """Return `fr` or `en` by Accept-Language; English unless French is asked for first."""
    first = header(scope, b"accept-language").split(",")[0].strip().lower()
    return "fr" if first.startswith("fr") else "en"


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Read the message, at most 1 MiB and 30 seconds of it. Raises ProblemError or GoneError."""
    kind = header(scope, b"content-type").split(";")[0].strip().lower()
    if kind != CONTENT_TYPE:
        raise ProblemError("unsupported_media_type")
    announced = header(scope, b"content-length")
    if announced.isdigit() and int(announced) > MAX_BYTES:
        raise ProblemError("too_large")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _collect(receive)
    except TimeoutError:
        raise ProblemError("malformed", "The message did not arrive within 30 seconds.") from None


async def _collect(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise GoneError
        body += event.get("body", b"")
        if len(body) > MAX_BYTES:
            raise ProblemError("too_large")
        if not event.get("more_body", False):
            return bytes(body)


async def respond(send: Send, answer: Answer, *, close: bool = False) -> None:
    """Send an answer; `close` ends the connection, because the rest of a refused message is not read."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *answer.headers,
    ]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
