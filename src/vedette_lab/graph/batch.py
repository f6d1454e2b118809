"""`$batch`: up to 20 requests in one (microsoft.md 2.8), each with a log entry, faults and permissions of its own.

Answers come in another order than the requests, as Graph's may; a request whose connection a fault cuts is missing.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec
from starlette.responses import Response
from starlette.routing import BaseRoute

from vedette_lab import faults
from vedette_lab.graph.asked import Asked, GraphRoute, Outcome
from vedette_lab.graph.call import VERSIONS, Call, accept
from vedette_lab.graph.errors import GraphError
from vedette_lab.intune_model import Json

MOST: Final = 20
FAILED: Final = 400
FAILED_DEPENDENCY: Final = 424
WITH_VERSION: Final = tuple(f"/{version}/" for version in VERSIONS)
METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
WORD: Final = re.compile(r"/([^/]+)/([A-Za-z]*)")


async def batch(asked: Asked) -> Outcome:
    """POST /$batch."""
    try:
        call = accept(asked)
        items = _items(asked.sent)
    except GraphError as error:
        return Outcome.refused(error, asked)
    answers: dict[str, Json | None] = {}
    for item in items:
        needed = [str(key) for key in item.get("dependsOn", ())]
        if needed and any((answers.get(key) or {"status": FAILED})["status"] >= FAILED for key in needed):
            answers[str(item["id"])] = _refused(str(item["id"]))
        else:
            answers[str(item["id"])] = await _one(call, item)
    found = [answer for answer in answers.values() if answer is not None]
    Random(asked.request_id).shuffle(found)
    headers = {"request-id": asked.request_id, "Content-Type": "application/json"}
    return Outcome(200, headers, {"responses": found})


def _items(raw: bytes) -> list[Json]:
    """Read the requests of a batch. GraphError 400 when it is none."""
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
    path = url.partition("?")[0]
    if not path or "://" in path or path.startswith(("//", *WITH_VERSION)):
        raise GraphError(400, "BadRequest", "The url of a request is relative and without a version.")
    if path.strip("/") == "$batch":
        raise GraphError(400, "BadRequest", "A batch holds no batches.")
    headers = item.get("headers", {})
    if not isinstance(headers, dict):
        raise GraphError(400, "BadRequest", "The headers of a request are an object.")
    if "body" in item and "content-type" not in {str(name).lower() for name in headers}:
        raise GraphError(400, "BadRequest", "A request with a body needs the header Content-Type.")


def _refused(identifier: str) -> Json:
    error = {"code": "FailedDependency", "message": "A request this one depends on failed."}
    return {"id": identifier, "status": FAILED_DEPENDENCY, "headers": {}, "body": {"error": error}}


async def _one(call: Call, item: Mapping[str, Any]) -> Json | None:
    """Run one request of the batch with the batch's own token; None when its answer gets lost."""
    address, _, query = item["url"].partition("?")
    path = unquote(f"/{call.version}/{address.lstrip('/')}")
    method = str(item["method"]).upper()
    watched = faults.Watched(call.cloud, method, path, query)
    asked = Asked(
        cloud=call.cloud,
        method=method,
        path=path,
        query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        headers={str(name).lower(): str(value) for name, value in item.get("headers", {}).items()},
        sent=item.get("body", b""),
        request_id=watched.request_id,
        known=(call.tenant, call.bearer),
    )
    outcome = None
    try:
        outcome = await _watched(watched, asked)
    finally:
        watched.close(outcome.status if outcome else 0, asked.tenant_id, asked.app_id)
    if outcome is None:
        return None
    answer: Json = {"id": str(item["id"]), "status": outcome.status, "headers": outcome.headers}
    if outcome.body is not None:
        answer["body"] = outcome.body
    return answer


async def _watched(watched: "faults.Watched", asked: Asked) -> Outcome | None:
    """Answer a request of a batch as the whole application would, with its faults."""
    fault, outcome = watched.fault, None
    if fault is None:
        return await _routed(asked)
    if fault.after or not (fault.drop or fault.status or fault.code):
        outcome = await _routed(asked)
    await asyncio.sleep(fault.delay)
    if fault.drop:
        return None
    if fault.status or fault.code:
        return _fault(faults.answer(fault, asked.path, asked.request_id, asked.cloud.base_url))
    return outcome


def _fault(response: Response) -> Outcome:
    """Return a fault's answer as one of a batch."""
    is_json = "json" in response.headers.get("content-type", "")
    body = bytes(response.body)
    return Outcome(
        response.status_code,
        dict(response.headers),
        msgspec.json.decode(body) if is_json else body.decode(),
    )


async def _routed(asked: Asked) -> Outcome:
    """Let the route that fits answer."""
    for pattern, route in _candidates(asked.method, asked.path):
        if found := pattern.match(asked.path):
            asked.params = found.groupdict()
            return await route.answering(asked)
    error = GraphError(400, "BadRequest", f"Resource not found for the segment '{asked.path}'.")
    return Outcome.refused(error, asked)


def _candidates(method: str, path: str) -> list[tuple[re.Pattern[str], GraphRoute]]:
    """Return the routes of Graph for a method whose path begins with the same word, and those that fit anything."""
    found = WORD.match(path)
    assert found is not None
    return _beginning(method, *found.groups())


@cache
def _beginning(method: str, version: str, word: str) -> list[tuple[re.Pattern[str], GraphRoute]]:
    from vedette_lab import graph  # noqa: PLC0415 -- its routes are those of this module too

    fitting = (f"/{version}/{word}", f"/{version}/{{path:path}}")
    return [
        (route.path_regex, route)
        for route in graph.routes
        if isinstance(route, GraphRoute)
        and method in (route.methods or ())
        and route.path.startswith(fitting)
    ]


routes: list[BaseRoute] = [GraphRoute(f"/{version}/$batch", batch, ["POST"]) for version in VERSIONS]
