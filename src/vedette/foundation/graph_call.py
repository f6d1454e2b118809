"""One attempt of one call to Graph: token, limiter, circuit, and every way it can go wrong as a GraphError.

Whoever repeats attempts (`graph.Graph`, `graph_batch`) decides how often; here it is decided how soon.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import httpx
import msgspec

from vedette.foundation import http, throttle
from vedette.foundation.circuit import Circuit, circuit
from vedette.foundation.graph_cost import Charge
from vedette.foundation.graph_errors import GraphError, TokenError
from vedette.foundation.throttle import Limiter, Patience
from vedette.foundation.tokens import Tokens

UNAUTHORIZED: Final = 401
TOO_MANY: Final = 429
SERVER_FAILED: Final = 500
# What may pass: too many calls, and a service that fails or is not there (0 = no answer).
TRANSIENT: Final = frozenset({0, TOO_MANY, 500, 502, 503, 504})
REFUSED: Final = "refused"
CIRCUIT_OPEN: Final = "circuit_open"


class NotSentError(GraphError):
    """Nothing was sent: the limiter or the open circuit holds calls back for `retry_after` seconds more."""


@dataclass(frozen=True)
class Call:
    """One request, repeated or not; `charge` is what it counts for at Microsoft's limits."""

    method: str
    url: str
    charge: Charge
    body: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotent: bool = True
    is_batch: bool = False


@dataclass(frozen=True)
class Answered:
    """The body of an answer (empty for none) and Graph's ID of it."""

    body: dict[str, Any]
    request_id: str


class Caller:
    """Sends attempts of one Entra tenant. Safe for threads."""

    def __init__(
        self, tokens: Tokens, client: httpx.Client, entra_tenant_id: str, patience: Patience
    ) -> None:
        self.entra_tenant_id = entra_tenant_id
        self.patience = patience
        # Looked up here and not in each call: calls are made in threads of their own, far from any database.
        self._registration = tokens.registration(entra_tenant_id)
        self.origin = self._registration.graph_url
        self._tokens, self._client = tokens, client

    def token(self, *, fresh: bool = False) -> str:
        """Return an app-only token; `fresh` takes a new one. Raises TokenError, and NotSentError as calls do."""
        try:
            return self._tokens.token(self.entra_tenant_id, fresh=fresh, used=self._registration)
        except TokenError as error:
            if error.retry_after is None:
                raise
            raise NotSentError(0, CIRCUIT_OPEN, str(error), retry_after=error.retry_after) from error

    def attempt(self, call: Call, until: float) -> Answered:
        """Send a call once, as soon as that is allowed. Raises GraphError and TokenError.

        Raises NotSentError if that is not before `until` (monotonic), or while the circuit is open. Who reads
        the answers of a batch says so by `ended`.
        """
        service = self._circuit(call.charge)
        refused = service.refuses_for()
        if refused:
            text = f"the service has not answered for a while; it is tried again in {refused:.0f} s"
            raise NotSentError(0, CIRCUIT_OPEN, text, retry_after=refused)
        over = True
        try:
            self._pass(call, until)
            answered = self._answer(call, self._send(call))
            # What a batch says of the service is still to be read.
            over = not call.is_batch
        except GraphError as error:
            if error.status == 0 and error.code != REFUSED and not isinstance(error, NotSentError):
                service.failed(error)
            raise
        finally:
            if over:
                service.ended()
        return answered

    def ended(self, charge: Charge) -> None:
        """Note that the answers of a batch are read."""
        self._circuit(charge).ended()

    def address(self, path: str) -> str:
        """Return the whole address of a path."""
        return f"{self.origin}{path}"

    def heed(self, charge: Charge, headers: Mapping[str, str], error: GraphError | None) -> None:
        """Let an answer, or one of a batch, slow the next calls down.

        HEADERS are found by names in lower case. `error` is None for an answer that is none.
        """
        limiter = self._limiter(charge)
        if error is not None and error.status == TOO_MANY:
            limiter.refused(charge, headers, self.patience)
        elif error is not None and error.retry_after is not None:
            limiter.close_for(charge, error.retry_after)
        else:
            limiter.answered(charge, headers)

    def note_health(self, charge: Charge, error: GraphError | None) -> None:
        """Let an answer say whether the service works."""
        if error is not None and error.status >= SERVER_FAILED:
            self._circuit(charge).failed(error)
        else:
            self._circuit(charge).succeeded()

    def _limiter(self, charge: Charge) -> Limiter:
        return throttle.limiter(self.origin, self.entra_tenant_id, charge.service)

    def _circuit(self, charge: Charge) -> Circuit:
        return circuit(self.origin, self.entra_tenant_id, charge.service)

    def _pass(self, call: Call, until: float) -> None:
        closed = self._limiter(call.charge).pass_within(call.charge, until - time.monotonic())
        if closed:
            text = f"calls are closed for {closed:.0f} s more"
            raise NotSentError(TOO_MANY, "TooManyRequests", text, retry_after=closed)

    def _send(self, call: Call) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self.token()}",
            "client-request-id": str(uuid.uuid4()),
            "return-client-request-id": "true",
            **call.headers,
        }
        content = None
        if call.body is not None:
            content, headers["Content-Type"] = msgspec.json.encode(call.body), "application/json"
        try:
            return self._client.request(
                call.method,
                _parsed(call.url) if call.is_batch else call.url,
                params=call.params or None,
                content=content,
                headers=headers,
                timeout=self.patience.answer or httpx.USE_CLIENT_DEFAULT,
            )
        except httpx.TimeoutException as error:
            raise GraphError(0, "timeout", f"no answer from {self.origin} in time") from error
        except (http.TooLargeError, httpx.DecodingError) as error:
            raise GraphError(200, "unreadable", str(error)) from error
        except http.RefusedAddressError as error:
            raise GraphError(0, REFUSED, str(error)) from error
        except httpx.HTTPError as error:
            raise GraphError(0, "unreachable", f"{self.origin}: {error}") from error

    def _answer(self, call: Call, response: httpx.Response) -> Answered:
        request_id = response.headers.get("request-id", "")
        body = _json(response.content)
        if response.is_success:
            if body is None and response.content:
                raise GraphError(response.status_code, "unreadable", "not JSON", request_id)
            if not call.is_batch:
                # Of a batch each answer speaks for itself.
                self.heed(call.charge, response.headers, None)
                self.note_health(call.charge, None)
            return Answered(body or {}, request_id)
        error = error_of(response.status_code, body or {}, response.headers, request_id)
        self.heed(call.charge, response.headers, error)
        self.note_health(call.charge, error)
        raise error


@lru_cache(maxsize=16)
def _parsed(address: str) -> httpx.URL:
    """Return the address of batches, which is always the same."""
    return httpx.URL(address)


def may_pass(error: GraphError) -> bool:
    """Tell whether the same call may succeed when it is repeated soon."""
    return error.status in TRANSIENT and error.code != REFUSED and not isinstance(error, NotSentError)


def error_of(status: int, body: Mapping[str, Any], headers: Mapping[str, str], request_id: str) -> GraphError:
    """Read Graph's error out of an answer (microsoft.md 2.10)."""
    found = body.get("error")
    error: Mapping[str, Any] = found if isinstance(found, dict) else {}
    inner = error.get("innerError") or error.get("innererror") or {}
    asked = throttle.number(headers.get("retry-after"))
    return GraphError(
        status,
        str(error.get("code") or f"http{status}"),
        str(error.get("message") or "no reason given"),
        str(inner.get("request-id") or request_id),
        None if asked is None else max(0.0, asked),
    )


def _json(content: bytes) -> dict[str, Any] | None:
    try:
        body = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None
    return body if isinstance(body, dict) else None
