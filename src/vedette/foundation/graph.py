"""Microsoft Graph for one tenant: tokens, paging, batches, waiting when told to (microsoft.md 2.8 to 2.10).

OData's options are written without their dollar sign: ``graph.get("/groups", select="id", top=5)``.
"""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from vedette.foundation import config, graph_batch, tokens
from vedette.foundation.graph_batch import MOST, Reply, Request
from vedette.foundation.graph_call import TOO_MANY, UNAUTHORIZED, Call, Caller, NotSentError, may_pass
from vedette.foundation.graph_cost import charge
from vedette.foundation.graph_errors import Advice, GraphError, TokenError, advice_for_code
from vedette.foundation.registration import Registration
from vedette.foundation.throttle import Patience

__all__ = [
    "MOST",
    "Advice",
    "Graph",
    "GraphError",
    "NotSentError",
    "Patience",
    "Reply",
    "Request",
    "TokenError",
    "advice_for_code",
]

OPTIONS: Final = frozenset(
    {"select", "filter", "search", "top", "expand", "orderby", "count", "skip", "deltatoken"}
)
NOT_FOUND: Final = 404


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
        shared = tokens.trying(settings, trying) if trying else tokens.shared(settings)
        self._caller = Caller(*shared, self.entra_tenant_id, self._patience)
        self._origin = self._caller.origin
        self._local = threading.local()

    @property
    def last_request_id(self) -> str:
        """Graph's `request-id` of this thread's last call: Microsoft's support asks for it."""
        return getattr(self._local, "request_id", "")

    def token(self, *, fresh: bool = False) -> str:
        """Return an app-only token; `fresh` takes a new one. Raises TokenError."""
        return self._caller.token(fresh=fresh)

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

    def batch(self, requests: Sequence[Request], *, lanes: int = 1) -> list[Reply]:
        """Send reads or writes in batches of 20 and say what came of each, in the order given.

        For a set of writes: `for reply in graph.batch([Request("PATCH", "/devices/ID", {…}, repeat=True), …])`,
        then look at `reply.error` (None when it is done) and `reply.request_id`. Never raises for trouble at
        Microsoft: an item that is refused, not answered or out of patience has its error. Only what failed for a
        passing reason is sent again, never sooner than Graph allows, and a write only with `repeat`. `lanes` is
        how many batches are on their way at a time. The order in which Graph works is not defined.
        """
        return graph_batch.send(self._caller, requests, lanes)

    def batch_get(self, paths: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Read many paths (with their options), 20 in one request; yield each key with its answer.

        What does not exist (404) is answered with an empty object. An answer of several pages is joined under
        "value". Only the items that failed for a passing reason are asked again; raises GraphError for any
        other failure, and TokenError.
        """
        keys = iter(paths)
        while chunk := list(islice(keys, MOST)):
            replies = self.batch([Request("GET", paths[key]) for key in chunk])
            for key, reply in zip(chunk, replies, strict=True):
                if reply.error is None:
                    yield key, self._joined(reply.body)
                elif isinstance(reply.error, GraphError) and reply.error.status == NOT_FOUND:
                    yield key, {}
                else:
                    raise reply.error

    def _joined(self, body: dict[str, Any]) -> dict[str, Any]:
        link = body.pop("@odata.nextLink", None)
        if link:
            body["value"] = [*body.get("value", []), *self.pages(link)]
        return body

    def _reading(self, path: str, options: Mapping[str, Any], *, consistency: bool) -> Call:
        params = {f"${name}" if name in OPTIONS else name: str(value) for name, value in options.items()}
        headers = {}
        if consistency:
            headers["ConsistencyLevel"] = "eventual"
            params.setdefault("$count", "true")
        return self._call("GET", path, params=params, headers=headers)

    def _call(self, method: str, path: str, **rest: Any) -> Call:
        if path.startswith(("/v1.0/", "/beta/")):
            url = f"{self._origin}{path}"
        elif path.startswith("/"):
            url = f"{self._origin}/v1.0{path}"
        else:
            url = path
        options = urlencode(rest.get("params") or {})
        return Call(method, url, charge(method, f"{url}?{options}" if options else url), **rest)

    def _run(self, call: Call) -> dict[str, Any]:
        """Send until answered, refused for good or out of patience."""
        deadline = time.monotonic() + self._patience.seconds
        renewed = False
        failure: GraphError | None = None
        for attempt in count(1):
            try:
                answered = self._caller.attempt(call, deadline)
            except NotSentError as error:
                raise _held_back(failure, error) from None
            except GraphError as error:
                self._local.request_id = error.request_id
                failure = error
            else:
                self._local.request_id = answered.request_id
                return answered.body
            if failure.status == UNAUTHORIZED and not renewed:
                # refused before anything was done: a revoked token deserves one new one
                renewed = True
                self.fresh_token()
                continue
            if not call.idempotent or not may_pass(failure) or attempt >= self._patience.attempts:
                raise failure
            self._wait(failure, attempt, deadline)
        raise AssertionError  # count() does not end

    def _wait(self, failure: GraphError, attempt: int, deadline: float) -> None:
        """Wait before the next attempt; where the limiter makes it wait, that is enough."""
        if failure.status == TOO_MANY or failure.retry_after is not None:
            return
        seconds = self._patience.wait(attempt)
        if time.monotonic() + seconds > deadline:
            raise failure
        time.sleep(seconds)


def _held_back(failure: GraphError | None, error: NotSentError) -> GraphError:
    """Say what Graph itself answered before calls were closed, and until when they are."""
    if failure is None:
        return error
    failure.retry_after = error.retry_after
    return failure
