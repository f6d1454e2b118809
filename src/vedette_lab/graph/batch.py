"""`$batch`: up to 20 requests in one (microsoft.md 2.8). Each passes the whole application again.

Answers come in another order than the requests, as Graph's may. A request whose connection a fault cuts is missing
in the answer.
"""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Scope

from vedette_lab.graph.call import VERSIONS
from vedette_lab.graph.errors import GraphError
from vedette_lab.intune_model import Json

MOST: Final = 20
FAILED: Final = 400
FAILED_DEPENDENCY: Final = 424


async def batch(request: Request) -> Response:
    """POST /$batch."""
    client_id = request.headers.get("client-request-id")
    try:
        items = _items(await request.body())
    except GraphError as error:
        return error.response(request.state.request_id, client_id)
    version = request.url.path.split("/", maxsplit=2)[1]
    answers: dict[str, Json] = {}
    for item in items:
        needed = [str(key) for key in item.get("dependsOn", [])]
        if any(answers.get(key, {"status": FAILED})["status"] >= FAILED for key in needed):
            answers[str(item["id"])] = _refused(str(item["id"]))
        else:
            answers[str(item["id"])] = await _one(request, version, item)
    return JSONResponse(
        {"responses": list(answers.values())}, headers={"request-id": request.state.request_id}
    )


def _items(raw: bytes) -> list[Json]:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    items = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise GraphError(400, "BadRequest", "Invalid batch payload format.")
    if len(items) > MOST:
        message = f"Number of batch request steps exceeds the maximum value of {MOST}."
        raise GraphError(400, "MaximumValueExceeded", message)
    ids = [str(item.get("id", "")).lower() for item in items]
    if len(set(ids)) != len(ids) or "" in ids:
        raise GraphError(400, "BadRequest", "Every request of a batch needs an id of its own.")
    if not all(isinstance(item.get("url"), str) and isinstance(item.get("method"), str) for item in items):
        raise GraphError(400, "BadRequest", "Every request of a batch needs a method and a url.")
    return items


def _refused(identifier: str) -> Json:
    error = {"code": "FailedDependency", "message": "A request this one depends on failed."}
    return {"id": identifier, "status": FAILED_DEPENDENCY, "headers": {}, "body": {"error": error}}


async def _one(request: Request, version: str, item: Mapping[str, Any]) -> Json:
    """Run one request of the batch with the batch's own token."""
    address = urlsplit(item["url"])
    payload = json.dumps(item["body"]).encode() if "body" in item else b""
    given = {str(name).lower(): str(value) for name, value in (item.get("headers") or {}).items()}
    headers = {"authorization": request.headers.get("authorization", ""), **given}
    path = f"/{version}/{address.path.lstrip('/')}"
    scope: Scope = {
        **{key: request.scope[key] for key in ("type", "asgi", "http_version", "scheme", "server", "client")},
        "method": str(item["method"]).upper(),
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": address.query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    }
    status, out, body = 0, dict[str, str](), b""

    async def receive() -> Message:
        return {"type": "http.request", "body": payload, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = message["status"]
            out.update({k.decode("latin-1"): v.decode("latin-1") for k, v in message["headers"]})
        else:
            body += message.get("body", b"")

    await request.app(scope, receive, send)
    answer: Json = {"id": str(item["id"]), "status": status, "headers": out}
    if body:
        answer["body"] = json.loads(body) if "json" in out.get("content-type", "") else body.decode()
    return answer


routes: list[BaseRoute] = [Route(f"/{version}/$batch", batch, methods=["POST"]) for version in VERSIONS]
