"""Answers of the API, and its errors in the dialects of its families (reference/lookout.md 2.1, 2.2, 2.5, 2.6)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from vedette.api.http import Answer, Headers

JSON_UTF8: Final = "application/json;charset=utf-8"
PROBLEM_JSON: Final = "application/problem+json"

_encoder: Final = msgspec.json.Encoder()

OAUTH: Final[Mapping[str, str]] = {
    "unknown": "invalid_client",
    "expired": "invalid_grant",
    "revoked": "invalid_grant",
    "address": "invalid_client",
    "scope": "invalid_scope",
}
"""RFC 6749 section 5.2 for what a key ring says."""
V1: Final[Mapping[str, str]] = {
    "expired": "EXPIRED_TOKEN",
    "revoked": "EXPIRED_TOKEN",
    "unknown": "INVALID_TOKEN",
    "address": "ADDRESS_NOT_ALLOWED",
    "scope": "INSUFFICIENT_SCOPE",
}
"""`errorCode` of version 1; clients ask for a new token at EXPIRED_TOKEN."""


class ProblemError(Exception):
    """Ends a request with an error: status, what a person can read, and a code for programs."""

    def __init__(
        self, status: int, message: str, code: str = "", *, retry_after: int | None = None, allow: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers: Headers = []
        if retry_after is not None:
            self.headers.append((b"retry-after", str(retry_after).encode()))
        if allow:
            self.headers.append((b"allow", allow.encode()))
        if status == HTTPStatus.UNAUTHORIZED:
            self.headers.append((b"www-authenticate", b'Bearer realm="vedette"'))


def good(body: object, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status, _encoder.encode(body), JSON_UTF8)


def bad_v2(problem: ProblemError, request_id: str) -> Answer:
    """Answer as models.ErrorResponse; the hyphen is the specification's."""
    return _json(problem, {"error": problem.message, "request-id": request_id})


def bad_oauth(problem: ProblemError, request_id: str) -> Answer:
    """Answer an error of a token endpoint: RFC 6749 section 5.2, with the request's ID and the code of version 1."""
    body = {
        "error": problem.code,
        "error_description": problem.message,
        "errorCode": _V1_OF_OAUTH.get(problem.code, problem.code.upper()),
        "message": problem.message,
        "request-id": request_id,
    }
    return _json(problem, body)


def bad_v1(problem: ProblemError, request_id: str) -> Answer:
    """Answer an error of version 1."""
    body = {
        "type": "Error",
        "statusCode": problem.status,
        "errorCode": V1.get(problem.code) or problem.code or HTTPStatus(problem.status).name,
        "message": problem.message,
        "requestId": request_id,
    }
    return _json(problem, body)


def bad_feed(problem: ProblemError, request_id: str) -> Answer:
    """Answer as a problem detail (RFC 9457)."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.message,
        "instance": f"urn:uuid:{request_id}",
        "properties": {},
    }
    return Answer(problem.status, _encoder.encode(body), PROBLEM_JSON, problem.headers)


_V1_OF_OAUTH: Final = {"invalid_grant": "REVOKED_REFRESH_TOKEN"}


def _json(problem: ProblemError, body: Mapping[str, Any]) -> Answer:
    return Answer(problem.status, _encoder.encode(body), JSON_UTF8, problem.headers)
