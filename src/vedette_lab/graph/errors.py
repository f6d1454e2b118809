"""Graph's error envelope (microsoft.md 2.10)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.responses import JSONResponse


class GraphError(Exception):
    """A refusal by Graph: HTTP status, `code` and a message for people."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        super().__init__(f"{status} {code}: {message}")

    def body(self, request_id: str, client_request_id: str | None) -> dict[str, object]:
        """Return the envelope."""
        inner = {
            "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
            "request-id": request_id,
            "client-request-id": client_request_id or request_id,
        }
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}

    def response(self, request_id: str, client_request_id: str | None) -> JSONResponse:
        """Return the answer with Graph's headers."""
        headers = {"request-id": request_id, "client-request-id": client_request_id or request_id}
        return JSONResponse(
            self.body(request_id, client_request_id), self.status, headers={**headers, **self.headers}
        )


def bad_request(message: str) -> GraphError:
    """Return the refusal of a request that cannot be understood."""
    return GraphError(400, "Request_BadRequest", message)


def unsupported(message: str) -> GraphError:
    """Return the refusal of a query that Graph does not support."""
    return GraphError(400, "Request_UnsupportedQuery", message)


def not_found(identifier: str) -> GraphError:
    """Return Graph's answer for an object that is not there."""
    text = f"Resource '{identifier}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", text)


def denied() -> GraphError:
    """Return Graph's answer when the permission is missing."""
    text = "Insufficient privileges to complete the operation."
    return GraphError(403, "Authorization_RequestDenied", text)
