"""How the lab's own interfaces (not Microsoft's) read JSON and refuse a request."""

import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vedette_lab.model import Cloud, Tenant

Json = dict[str, Any]
Handler = Callable[[Request], Awaitable[Response]]
LIMIT = 1 << 20


class RefusalError(Exception):
    """The request is answered with an error; the message says what to do about it."""

    def __init__(self, status: int, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message}, **extra}


def answering(handler: Handler) -> Handler:
    """Turn a RefusalError into its JSON answer."""

    @wraps(handler)
    async def wrapped(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusalError as refusal:
            return JSONResponse(refusal.body, refusal.status)

    return wrapped


def cloud_of(request: Request) -> Cloud:
    """Return the state behind the application."""
    cloud: Cloud = request.app.state.cloud
    return cloud


def tenant_of(request: Request) -> Tenant:
    """Return the tenant the path names by `tid`; RefusalError 404 without one."""
    key = str(request.path_params["tid"])
    tenant = cloud_of(request).tenant(key)
    if tenant is None:
        raise RefusalError(404, "NotFound", f"The lab has no tenant {key}")
    return tenant


async def read_json(request: Request) -> Json:
    """Read a JSON object; RefusalError 400 or 413."""
    body = await request.body()
    if len(body) > LIMIT:
        raise RefusalError(413, "BadRequest", f"The body has {len(body)} bytes; at most {LIMIT} are taken")
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise RefusalError(400, "BadRequest", f"The body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RefusalError(400, "BadRequest", "The body must be a JSON object")
    return value


def text(body: Json, name: str) -> str:
    """Return a required text of a body; RefusalError 400."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise RefusalError(400, "BadRequest", f"{name} is required and must be text")
    return value
