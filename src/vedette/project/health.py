"""`/healthz` and `/readyz`: 200 when the process lives, and when database, migrations and worker are fine."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import msgspec
from django.db import close_old_connections

from vedette.foundation import health

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

READY: Final = 200
NOT_READY: Final = 503


async def health_app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's signature
    """Answer either address with JSON."""
    status, body = READY, {"alive": True}
    if scope["path"] == "/readyz":
        body = await asyncio.to_thread(_readiness)
        status = READY if body["ready"] else NOT_READY
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(body)})


def _readiness() -> dict[str, Any]:
    try:
        return health.readiness()
    finally:
        close_old_connections()
