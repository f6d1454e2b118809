"""`$batch`: up to 20 requests in one (microsoft.md 2.8), each with a log entry, faults and permissions of its own.

Answers come in another order than the requests, as Graph's may; a request whose connection a fault cuts is missing.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Message, Scope

from vedette_lab import faults
from vedette_lab.graph.call import VERSIONS, accept
from vedette_lab.graph.errors import GraphError
from vedette_lab.intune_model import Json

MOST: Final = 20
FAILED: Final = 400
FAILED_DEPENDENCY: Final = 424
METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
WORD: Final = re.compile(r"/([^/]+)/([A-Za-z]*)")


async def batch(request: Request) -> Response:
    """POST /$batch."""
    client_id = request.headers.get("client-request-id")
    try:
        accept(request)
        items = _items(await request.body())
    except GraphError as error:
        return error.response(request.state.request_id, client_id)
    version = request.url.path.split("/", maxsplit=2)[1]
    answers: dict[str, Json | None] = {}
    for item in items:
        needed = [str(key) for key in item.get("dependsOn", [])]
        if any((answers.get(key) or {"status": FAILED})["status"] >= FAILED for key in needed):
            answers[str(item["id"])] = _refused(str(item["id"]))
        else:
            answers[str(item["id"])] = await _one(request, version, item)
    found = [answer for answer in answers.values() if answer is not None]
    Random(request.state.request_id).shuffle(found)
    headers = {"request-id": request.state.request_id, "Content-Type": "application/json"}
    return Response(msgspec.json.encode({"responses": found}), headers=headers)


def _items(raw: bytes) -> list[Json]:
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        body = None
    items = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise GraphError(400, "BadRequest", "Invalid batch payload format.")
    if len(items) > MOST:
        message = f"Number of batch request steps exceeds the maximum value of {MOST}."
        raise GraphError(400, "MaximumValueExceeded", message)
    _check_ids(items)
    for item in items:
        _check(item)
    return items


def _check_ids(items: Sequence[Json]) -> None:
    ids = [str(item.get("id", "")).lower() for item in items]
    if len(set(ids)) != len(ids) or "" in ids:
        raise GraphError(400, "BadRequest", "Every request of a batch needs an id of its own.")
    before: set[str] = set()
    for item, identifier in zip(items, ids, strict=True):
        needed = item.get("dependsOn", [])
        if not isinstance(needed, list) or not {str(key).lower() for key in needed} <= before:
            raise GraphError(400, "BadRequest", "dependsOn names requests that come before.")
        before.add(identifier)


def _check(item: Json) -> None:
    """Refuse a request that a batch cannot hold. GraphError 400."""
    url, method = item.get("url"), item.get("method")
    if not isinstance(url, str) or str(method).upper() not in METHODS:
        raise GraphError(400, "BadRequest", "Every request of a batch needs a method and a url.")
    parts = urlsplit(url)
    if (
        parts.scheme
        or parts.netloc
        or not parts.path
        or parts.path.split("/")[1:2] in ([v] for v in VERSIONS)
    ):
        raise GraphError(400, "BadRequest", "The url of a request is relative and without a version.")
    if parts.path.strip("/") == "$batch":
        raise GraphError(400, "BadRequest", "A batch holds no batches.")
    headers = item.get("headers", {})
    if not isinstance(headers, dict):
        raise GraphError(400, "BadRequest", "The headers of a request are an object.")
    if "body" in item and "content-type" not in {str(name).lower() for name in headers}:
        raise GraphError(400, "BadRequest", "A request with a body needs the header Content-Type.")


def _refused(identifier: str) -> Json:
    error = {"code": "FailedDependency", "message": "A request this one depends on failed."}
    return {"id": identifier, "status": FAILED_DEPENDENCY, "headers": {}, "body": {"error": error}}


async def _one(request: Request, version: str, item: Mapping[str, Any]) -> Json | None:
    """Run one request of the batch with the batch's own token; None when its answer gets lost."""
    address = urlsplit(item["url"])
    path = f"/{version}/{address.path.lstrip('/')}"
    given = {str(name).lower(): str(value) for name, value in (item.get("headers") or {}).items()}
    headers = {"authorization": request.headers.get("authorization", ""), **given}
    scope: Scope = {
        **{key: request.scope[key] for key in ("type", "asgi", "http_version", "scheme", "server", "client")},
        "app": request.app,
        "method": str(item["method"]).upper(),
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": address.query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    }
    payload = json.dumps(item["body"]).encode() if "body" in item else b""
    response = await _watched(request.app, scope, payload)
    if response is None:
        return None
    answer: Json = {"id": str(item["id"]), "status": response.status_code, "headers": dict(response.headers)}
    body = bytes(response.body)
    if body:
        is_json = "json" in response.headers.get("content-type", "")
        answer["body"] = msgspec.Raw(body) if is_json else body.decode()
    return answer


async def _watched(app: Any, scope: Scope, payload: bytes) -> Response | None:
    """Answer a request of a batch as the whole application would, with its log and its faults."""
    watched = faults.Watched(app.state.cloud, scope)
    fault, response = watched.fault, None
    try:
        if fault is None or fault.after or not (fault.drop or fault.status or fault.code):
            response = await _routed(app, scope, payload)
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.drop:
                response = None
            elif fault.status or fault.code:
                response = faults.answer(fault, scope, app.state.cloud.base_url)
    finally:
        watched.close(response.status_code if response else 0)
    return response


async def _routed(app: Any, scope: Scope, payload: bytes) -> Response:
    """Call the endpoint of the route that fits."""

    async def receive() -> Message:
        return {"type": "http.request", "body": payload, "more_body": False}

    for route in _candidates(app, scope["method"], scope["path"]):
        match, more = route.matches(scope)
        if match is Match.FULL:
            scope.update(more)
            endpoint: Any = route.endpoint
            response: Response = await endpoint(Request(scope, receive))
            return response
    error = GraphError(400, "BadRequest", f"Resource not found for the segment '{scope['path']}'.")
    return error.response(scope["state"]["request_id"], None)


def _candidates(app: Any, method: str, path: str) -> list[Route]:
    """Return the routes of Graph for a method whose path begins with the same word, and those that fit anything."""
    known: dict[tuple[str, str], list[Route]] | None = getattr(app.state, "batch_routes", None)
    if known is None:
        known = app.state.batch_routes = {}
    found = WORD.match(path)
    assert found is not None
    version, word = found.groups()
    key = method, found[0]
    if key not in known:
        fitting = (f"/{version}/{word}", f"/{version}/{{path:path}}")
        graph = [
            route for route in app.routes if isinstance(route, Route) and method in (route.methods or ())
        ]
        known[key] = [route for route in graph if route.path.startswith(fitting)]
    return known[key]


routes: list[BaseRoute] = [Route(f"/{version}/$batch", batch, methods=["POST"]) for version in VERSIONS]
