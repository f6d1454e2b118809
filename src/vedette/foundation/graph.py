"""Microsoft Graph for one tenant: tokens, paging, batches, waiting when told to (microsoft.md 2.8 to 2.10).

OData's options are written without their dollar sign: ``graph.get("/groups", select="id", top=5)``.
"""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from vedette.foundation import config, http, throttle, tokens
from vedette.foundation.graph_errors import Advice, GraphError, TokenError, advice_for_code
from vedette.foundation.registration import Registration
from vedette.foundation.throttle import Gate, Patience

__all__ = ["Advice", "Graph", "GraphError", "Patience", "TokenError", "advice_for_code"]

BATCH: Final = 20
OPTIONS: Final = frozenset(
    {"select", "filter", "search", "top", "expand", "orderby", "count", "skip", "deltatoken"}
)
UNAUTHORIZED: Final = 401
NOT_FOUND: Final = 404
TOO_MANY: Final = 429
# what may pass: too many calls, and a service that fails or is not there (0 = no answer)
TRANSIENT: Final = frozenset({0, TOO_MANY, 500, 502, 503, 504})


@dataclass(frozen=True)
class _Call:
    """One request, repeated or not."""

    method: str
    url: str
    gate: Gate
    body: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotent: bool = True


class Graph:
    """Graph as our application sees one Entra tenant. Safe for threads; raises GraphError and TokenError.

    Calls that fail for a passing reason are repeated within `patience`, never sooner than Graph allows, and
    writes only when the caller says that repeating them does no harm. `trying` is a registration that is not in
    force (yet) and is looked at.
    """

    def __init__(
        self,
        entra_tenant_id: uuid.UUID | str,
        *,
        patience: Patience | None = None,
        trying: Registration | None = None,
    ) -> None:
        settings = config.current()
        self.entra_tenant_id = str(entra_tenant_id)
        self._patience = patience or Patience()
        self._tokens, self._client = tokens.trying(settings, trying) if trying else tokens.shared(settings)
        self._origin = self._tokens.registration(self.entra_tenant_id).graph_url
        self._local = threading.local()

    @property
    def last_request_id(self) -> str:
        """Graph's `request-id` of this thread's last call: Microsoft's support asks for it."""
        return getattr(self._local, "request_id", "")

    def token(self, *, fresh: bool = False) -> str:
        """Return an app-only token; `fresh` takes a new one. Raises TokenError."""
        return self._tokens.token(self.entra_tenant_id, fresh=fresh)

    def fresh_token(self) -> str:
        """Take a new token from Entra, whatever is kept. Raises TokenError."""
        return self.token(fresh=True)

    def get(self, path: str, *, consistency: bool = False, **options: Any) -> dict[str, Any]:
        """Read one object or one page."""
        return self._run(self._reading(path, options, consistency=consistency))

    def pages(self, path: str, *, consistency: bool = False, **options: Any) -> Iterator[dict[str, Any]]:
        """Yield the objects of a listing, page after page.

        `consistency` asks for eventual consistency, which $search and some filters need. Raises GraphError
        in the middle when a page cannot be read: a listing that did not end is never taken for complete.
        """
        for page in self.answers(path, consistency=consistency, **options):
            yield from page.get("value", [])

    def answers(self, path: str, *, consistency: bool = False, **options: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a listing or a delta round whole, so that no more than one is in memory.

        The last page of a delta round holds `@odata.deltaLink`; given back as `path` it begins the next round.
        Raises GraphError as `pages` does.
        """
        call = self._reading(path, options, consistency=consistency)
        self._check_origin(call.url)
        seen = {call.url}
        while True:
            page = self._run(call)
            yield page
            link = page.get("@odata.nextLink")
            if not link:
                return
            self._check_origin(link)
            if link in seen:
                # a listing that leads back to itself has no end
                raise self._unreadable(link)
            seen.add(link)
            call = self._call("GET", link, headers=call.headers)

    def _check_origin(self, link: str) -> None:
        """Refuse an address elsewhere: the token goes nowhere else."""
        if urlsplit(link)[:2] != urlsplit(self._origin)[:2]:
            raise self._unreadable(link)

    def _unreadable(self, link: str) -> GraphError:
        return GraphError(200, "unreadable", f"the next page is said to be at {link}", self.last_request_id)

    def post(self, path: str, body: Any, *, idempotent: bool = False) -> dict[str, Any]:
        """Send a POST; say `idempotent` when it may be repeated without harm."""
        return self._run(self._call("POST", path, body=body, idempotent=idempotent))

    def patch(self, path: str, body: Any, *, idempotent: bool = False) -> dict[str, Any]:
        """Send a PATCH; say `idempotent` when it sets values that do not depend on the old ones."""
        return self._run(self._call("PATCH", path, body=body, idempotent=idempotent))

    def delete(self, path: str) -> dict[str, Any]:
        """Send a DELETE; repeated, it may find that the object is gone (404)."""
        return self._run(self._call("DELETE", path))

    def batch_get(self, paths: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Read many paths (with their options), 20 in one request; yield each key with its answer.

        What does not exist (404) is answered with an empty object. An answer of several pages is joined under
        "value". Only the items that Graph throttled are asked again; raises GraphError for any other failure.
        """
        keys = iter(paths)
        while chunk := list(islice(keys, BATCH)):
            yield from self._batch({key: paths[key] for key in chunk})

    def _batch(self, paths: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
        left = dict(paths)
        deadline = time.monotonic() + self._patience.seconds
        for attempt in count(1):
            wait = 0.0
            for key, response in self._batch_once(left):
                status, body = response["status"], response.get("body") or {}
                if status in TRANSIENT:
                    asked = _seconds(response.get("headers") or {})
                    wait = max(wait, self._patience.wait(attempt) if asked is None else asked)
                    error = _error(status, body, self.last_request_id, asked)
                elif status < 400 or status == NOT_FOUND:  # noqa: PLR2004 HTTP's classes
                    del left[key]
                    yield key, self._joined(body) if status != NOT_FOUND else {}
                else:
                    raise _error(status, body, self.last_request_id, None)
            if not left:
                return
            if attempt >= self._patience.attempts or time.monotonic() + wait > deadline:
                raise error
            throttle.gate(self._origin, self.entra_tenant_id, "POST", "/$batch").close_for(wait)

    def _batch_once(self, paths: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
        keys = list(paths)
        requests = [
            {"id": str(number), "method": "GET", "url": paths[key]} for number, key in enumerate(keys)
        ]
        # reads only, so the whole may be repeated
        answer = self.post("/$batch", {"requests": requests}, idempotent=True)
        responses = {response.get("id"): response for response in answer.get("responses", [])}
        if len(responses) != len(keys):
            raise GraphError(200, "unreadable", "a batch was answered in part", self.last_request_id)
        for number, key in enumerate(keys):
            yield key, responses[str(number)]

    def _joined(self, body: dict[str, Any]) -> dict[str, Any]:
        link = body.pop("@odata.nextLink", None)
        if link:
            body["value"] = [*body.get("value", []), *self.pages(link)]
        return body

    def _reading(self, path: str, options: Mapping[str, Any], *, consistency: bool) -> _Call:
        params = {f"${name}" if name in OPTIONS else name: str(value) for name, value in options.items()}
        headers = {}
        if consistency:
            headers["ConsistencyLevel"] = "eventual"
            params.setdefault("$count", "true")
        return self._call("GET", path, params=params, headers=headers)

    def _call(self, method: str, path: str, **rest: Any) -> _Call:
        if path.startswith(("/v1.0/", "/beta/")):
            url = f"{self._origin}{path}"
        elif path.startswith("/"):
            url = f"{self._origin}/v1.0{path}"
        else:
            url = path
        gate = throttle.gate(self._origin, self.entra_tenant_id, method, urlsplit(url).path)
        return _Call(method, url, gate, **rest)

    def _run(self, call: _Call) -> dict[str, Any]:
        """Send until answered, refused for good or out of patience."""
        deadline = time.monotonic() + self._patience.seconds
        renewed = False
        failure: GraphError | None = None
        for attempt in count(1):
            closed = call.gate.pass_within(deadline - time.monotonic())
            if closed:
                raise failure or GraphError(
                    TOO_MANY,
                    "TooManyRequests",
                    f"calls are closed for {closed:.0f} s more",
                    retry_after=closed,
                )
            try:
                return self._once(call)
            except GraphError as error:
                failure = error
            if failure.status == UNAUTHORIZED and not renewed:
                # refused before anything was done: a revoked token deserves one new one
                renewed = True
                self.fresh_token()
                continue
            if not call.idempotent or not _may_pass(failure) or attempt >= self._patience.attempts:
                raise failure
            if failure.retry_after is None:
                self._wait(call, failure, self._patience.wait(attempt), deadline)
        raise AssertionError  # count() does not end

    def _wait(self, call: _Call, failure: GraphError, seconds: float, deadline: float) -> None:
        if time.monotonic() + seconds > deadline:
            raise failure
        if failure.status == TOO_MANY:
            # the limit is the tenant's: other calls wait too
            call.gate.close_for(seconds)
        else:
            time.sleep(seconds)

    def _once(self, call: _Call) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {self.token()}",
            "client-request-id": str(uuid.uuid4()),
            "return-client-request-id": "true",
            **call.headers,
        }
        self._local.request_id = ""
        try:
            response = self._client.request(
                call.method,
                call.url,
                params=call.params or None,
                json=call.body,
                headers=headers,
                timeout=self._patience.answer or httpx.USE_CLIENT_DEFAULT,
            )
        except httpx.TimeoutException as error:
            raise GraphError(0, "timeout", f"no answer from {self._origin} in time") from error
        except (http.TooLargeError, httpx.DecodingError) as error:
            raise GraphError(200, "unreadable", str(error)) from error
        except http.RefusedAddressError as error:
            raise GraphError(0, "refused", str(error)) from error
        except httpx.HTTPError as error:
            raise GraphError(0, "unreachable", f"{self._origin}: {error}") from error
        self._local.request_id = response.headers.get("request-id", "")
        call.gate.heed(response)
        return self._answer(call, response)

    def _answer(self, call: _Call, response: httpx.Response) -> dict[str, Any]:
        body = _json(response)
        if response.is_success:
            if body is None and response.content:
                raise GraphError(response.status_code, "unreadable", "not JSON", self.last_request_id)
            return body or {}
        asked = throttle.retry_after(response)
        if asked is not None:
            call.gate.close_for(asked)
        raise _error(response.status_code, body or {}, self.last_request_id, asked)


def _may_pass(error: GraphError) -> bool:
    """Tell whether the same call may succeed later; an address that we refuse ourselves stays refused."""
    return error.status in TRANSIENT and error.code != "refused"


def _json(response: httpx.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _error(status: int, body: Mapping[str, Any], request_id: str, retry_after: float | None) -> GraphError:
    found = body.get("error")
    error: Mapping[str, Any] = found if isinstance(found, dict) else {}
    inner = error.get("innerError") or error.get("innererror") or {}
    return GraphError(
        status,
        str(error.get("code") or f"http{status}"),
        str(error.get("message") or "no reason given"),
        str(inner.get("request-id") or request_id),
        retry_after,
    )


def _seconds(headers: Mapping[str, Any]) -> float | None:
    values = {name.lower(): value for name, value in headers.items()}
    try:
        return float(values["retry-after"])
    except (KeyError, TypeError, ValueError):
        return None
