"""Faults on demand and the log of requests, for everything but the lab's own control routes.

A fault matches a method and a path prefix. It can delay, cut the connection, or answer with an error in the
shape of the service asked: Graph's envelope, or Entra's when `code` is an AADSTS number. With `after` the request
is carried out first, and only its answer is lost.
"""

import asyncio
from collections.abc import MutableMapping
from time import perf_counter
from typing import Any, Final
from uuid import uuid4

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vedette_lab.dropping import TRANSPORT
from vedette_lab.entra.errors import EntraError
from vedette_lab.graph.errors import GraphError
from vedette_lab.model import Cloud, Fault, LoggedRequest

NOT_WATCHED: Final = "/lab/"
KEPT_REQUESTS: Final = 50_000
GRAPH_CODES: Final = {
    400: "Request_BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    410: "resyncRequired",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "GatewayTimeout",
}


class Watched:
    """One request in the log, from its arrival on, with the fault that it meets."""

    def __init__(self, cloud: Cloud, method: str, path: str, query: str) -> None:
        self._begun = perf_counter()
        self.request_id = str(uuid4())
        self._entry = _note(cloud, method, path, query, self.request_id)
        self.fault = _take(cloud, method, path) if cloud.faults else None

    def close(self, status: int, tenant_id: str | None, app_id: str | None) -> None:
        """Note what was answered, and to whom; 0 when nothing was."""
        entry = self._entry
        entry.status = status
        entry.milliseconds = round((perf_counter() - self._begun) * 1000, 2)
        entry.tenant, entry.app_id = tenant_id, app_id
        entry.fault = self.fault.id if self.fault else None


class FaultsAndLog:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, cloud: Cloud) -> None:
        self._app = app
        self._cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with the fault that matches it."""
        if scope["type"] != "http" or scope["path"].startswith(NOT_WATCHED):
            await self._app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        watched = Watched(self._cloud, scope["method"], scope["path"], query)
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["request_id"] = watched.request_id
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        fault = watched.fault
        try:
            if fault is not None and fault.after:
                await self._app(scope, receive, _nowhere)
            if fault is None or not await self._strike(fault, scope, receive, watch):
                await self._app(scope, receive, watch)
        finally:
            watched.close(status, state.get("tenant_id"), state.get("app_id"))

    async def _strike(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> bool:
        """Apply a fault; False when the request is to be answered normally after all (a delay only)."""
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.drop:
            scope[TRANSPORT].abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
        if fault.status is None and fault.code is None:
            return False
        request_id = scope["state"]["request_id"]
        await answer(fault, scope["path"], request_id, self._cloud.base_url)(scope, receive, send)
        return True


async def _nowhere(_: Message) -> None:
    """Lose an answer."""


def _note(cloud: Cloud, method: str, path: str, query: str, request_id: str) -> LoggedRequest:
    """Log a request at its arrival, so that one that is cut or never answered is there too."""
    cloud.request_count += 1
    entry = LoggedRequest(
        number=cloud.request_count,
        at=cloud.now(),
        method=method,
        path=path,
        query=query,
        status=0,
        request_id=request_id,
        milliseconds=0.0,
    )
    cloud.requests.append(entry)
    if len(cloud.requests) > KEPT_REQUESTS:
        del cloud.requests[: KEPT_REQUESTS // 5]
    return entry


def _take(cloud: Cloud, method: str, path: str) -> Fault | None:
    for fault in cloud.faults:
        if fault.method in {"*", method} and path.startswith(fault.prefix):
            fault.hits += 1
            if fault.times is not None and fault.hits >= fault.times:
                cloud.faults.remove(fault)
            return fault
    return None


def answer(fault: Fault, path: str, request_id: str, base_url: str) -> Response:
    """Return the error that a fault answers with."""
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    response: Response
    if fault.code and fault.code.isdigit():
        response = EntraError(int(fault.code)).response(base_url)
        response.status_code = fault.status or response.status_code
        response.headers.update(headers)
        return response
    status = fault.status or 500
    if path.startswith(("/v1.0/", "/beta/")):
        code = fault.code or GRAPH_CODES.get(status, "UnknownError")
        error = GraphError(status, code, f"A fault of the lab answers {status}.", headers=headers)
        return error.response(request_id, None)
    if status >= 500:  # noqa: PLR2004 -- server errors of a proxy are no JSON
        return PlainTextResponse("Service unavailable", status, headers)
    return JSONResponse({"error": "temporarily_unavailable"}, status, headers)
