"""A request to Graph and its answer, whether it came by itself or inside a batch.

Inside a batch nothing of the web server's own objects is made: a request of twenty costs its own work and no more.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vedette_lab.entra.tokens import Bearer
from vedette_lab.graph.errors import GraphError
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud, Tenant

LARGEST_BODY: Final = 4 << 20
MEDIA: Final = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)


@dataclass(slots=True)
class Asked:
    """What is asked. `path` begins with the version, the names in `headers` are in lower case."""

    cloud: Cloud
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    sent: Any
    """Bytes, or inside a batch the value that was read already; None for nothing."""
    request_id: str
    params: Mapping[str, Any] = field(default_factory=dict)
    known: tuple[Tenant, Bearer] | None = None
    """Whom the token speaks for, where that was found out already."""
    tenant_id: str | None = None
    app_id: str | None = None
    limit_headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    async def of(cls, request: Request) -> Self:
        """Read a request that came by itself."""
        return cls(
            cloud=request.app.state.cloud,
            method=request.method,
            path=request.url.path,
            query=request.query_params,
            headers=request.headers,
            sent=await request.body(),
            request_id=request.state.request_id,
            params=request.path_params,
        )

    @property
    def client_id(self) -> str | None:
        """Return the ID that the client gave its request."""
        return self.headers.get("client-request-id")

    def body(self) -> Json:
        """Return the JSON object that was sent. GraphError 400 when it is none."""
        body = self.sent
        if isinstance(body, bytes):
            if len(body) > LARGEST_BODY:
                raise GraphError(413, "RequestEntityTooLarge", "The request body is too large.")
            try:
                body = msgspec.json.decode(body)
            except msgspec.DecodeError:
                raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from None
        if not isinstance(body, dict):
            raise GraphError(400, "BadRequest", "The request payload must be a JSON object.")
        return body


@dataclass(slots=True)
class Outcome:
    """What is answered: a JSON object, a text, or nothing."""

    status: int
    headers: dict[str, str]
    body: Json | str | None

    @classmethod
    def refused(cls, error: GraphError, asked: Asked) -> Self:
        """Return the answer that an error is."""
        headers = {
            "request-id": asked.request_id,
            "client-request-id": asked.client_id or asked.request_id,
            **error.headers,
            "Content-Type": "application/json",
        }
        return cls(error.status, headers, error.body(asked.request_id, asked.client_id))

    def response(self) -> Response:
        """Return it as the answer to a request that came by itself."""
        if self.body is None:
            return Response(status_code=self.status, headers=self.headers)
        if isinstance(self.body, str):
            return PlainTextResponse(self.body, self.status, self.headers)
        return Response(msgspec.json.encode(self.body), self.status, self.headers)


Answering = Callable[[Asked], Awaitable[Outcome]]


class GraphRoute(Route):
    """A route of Graph; `answering` answers a request of a batch too."""

    def __init__(self, path: str, answering: Answering, methods: list[str]) -> None:
        self.answering = answering

        async def endpoint(request: Request) -> Response:
            asked = await Asked.of(request)
            outcome = await answering(asked)
            request.state.tenant_id, request.state.app_id = asked.tenant_id, asked.app_id
            return outcome.response()

        super().__init__(path, endpoint, methods=methods)
