"""`$batch`: up to 20 requests of one service in one call, each throttled, refused and repeated by itself.

Answers come in any order, may be missing, and may be 429 inside a 200 (microsoft.md 2.8).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import count
from operator import add
from typing import Any, Final

from vedette.foundation.graph_call import (
    SERVER_FAILED,
    TOO_MANY,
    UNAUTHORIZED,
    Answered,
    Call,
    Caller,
    NotSentError,
    error_of,
    may_pass,
)
from vedette.foundation.graph_cost import POLICY, Charge, charge
from vedette.foundation.graph_errors import GraphError, TokenError

MOST: Final = 20
ADDRESS: Final = "/v1.0/$batch"
FAILED: Final = 400
SHARE: Final = "x-ms-throttle-limit-percentage"
_JSON: Final = {"Content-Type": "application/json"}

Failures = dict[int, GraphError | TokenError]


@dataclass(frozen=True)
class Request:
    """One request: `path` with its options, such as ``/devices/ID?$select=id``, of v1.0.

    `repeat` says that sending it twice does no harm; a GET or DELETE may always be sent again.
    """

    method: str
    path: str
    body: Any = None
    repeat: bool = False

    @property
    def may_be_repeated(self) -> bool:
        """Tell whether it may be sent again when nobody knows whether it arrived."""
        return self.repeat or self.method in {"GET", "DELETE"}

    @cached_property
    def charge(self) -> Charge:
        """What it counts for at Microsoft's limits."""
        return charge(self.method, f"/v1.0{self.path}")


@dataclass(frozen=True)
class Reply:
    """What came of one request: its answer, or why there is none; `request_id` is what Microsoft's support asks for."""

    request: Request
    status: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    request_id: str = ""
    error: GraphError | TokenError | None = None


def send(caller: Caller, requests: Sequence[Request], lanes: int) -> list[Reply]:
    """Send everything, `lanes` batches at a time; the replies are in the order of the requests."""
    chunks = list(_chunks(requests))
    if lanes == 1 or len(chunks) == 1:
        done = [_Batch(caller, chunk).run() for chunk in chunks]
    else:
        with ThreadPoolExecutor(min(lanes, len(chunks)), thread_name_prefix="batch") as pool:
            done = list(pool.map(lambda chunk: _Batch(caller, chunk).run(), chunks))
    found = {number: reply for replies in done for number, reply in replies.items()}
    return [found[number] for number in range(len(requests))]


def _chunks(requests: Sequence[Request]) -> Iterator[dict[int, Request]]:
    """Cut into batches of one service each, so that none waits for another's limit."""
    by_service: dict[str, dict[int, Request]] = {}
    for number, request in enumerate(requests):
        service = request.charge.service
        chunk = by_service.setdefault(service, {})
        chunk[number] = request
        # Of one call a second there is nothing to put together.
        if len(chunk) == MOST or service == POLICY:
            yield by_service.pop(service)
    yield from by_service.values()


class _Batch:
    """Requests, by number, until each has its reply."""

    def __init__(self, caller: Caller, requests: Mapping[int, Request]) -> None:
        self._caller = caller
        self._left = dict(requests)
        self._done: dict[int, Reply] = {}
        self._failed: dict[int, GraphError] = {}
        self._renewed = False

    def run(self) -> dict[int, Reply]:
        """Send until nothing is left that may be sent again within the caller's patience."""
        patience = self._caller.patience
        deadline = time.monotonic() + patience.seconds
        for attempt in count(1):
            failed = self._held_back(self._attempt(deadline))
            renewed = self._renew(failed)
            for number, error in failed.items():
                if not (renewed and _is_refused_token(error)) and not _again(self._left[number], error):
                    self._settle(number, error=error)
            if not self._left:
                break
            wait = 0.0 if renewed or all(map(_is_paced, failed.values())) else patience.wait(attempt)
            over = attempt >= patience.attempts or time.monotonic() + wait > deadline
            if over and not renewed:
                for number in list(self._left):
                    self._settle(number, error=failed[number])
                break
            time.sleep(wait)
        return self._done

    def _held_back(self, failed: Failures) -> Failures:
        """Settle what may not be sent soon enough: with what Graph itself answered before, and until when."""
        left: Failures = {}
        for number, error in failed.items():
            if isinstance(error, NotSentError):
                why = self._failed.get(number, error)
                why.retry_after = error.retry_after
                self._settle(number, error=why)
            else:
                left[number] = error
                self._failed |= {number: error} if isinstance(error, GraphError) else {}
        return left

    def _attempt(self, deadline: float) -> Failures:
        """Send what is left once; settle what was answered well and return the others with why."""
        charge = self._charge
        try:
            answered = self._caller.attempt(self._call(), deadline)
        except (GraphError, TokenError) as error:
            return dict.fromkeys(self._left, error)
        try:
            return self._read_all(answered, charge)
        except GraphError as error:
            return dict.fromkeys(self._left, error)
        finally:
            # Only now: a probe that failed inside an answered batch must be known as one until it is noted.
            self._caller.ended(charge)

    def _read_all(self, answered: Answered, charge: Charge) -> Failures:
        """Settle what was answered well and return the others with why. Raises GraphError for what is no batch."""
        answers, sent = _answers(answered), len(self._left)
        failed: dict[int, GraphError] = {}
        if any(answer.get("status") != TOO_MANY for answer in answers.values()):
            # Noted once for all; what an answer says of the limits comes after it and counts more.
            self._caller.heed(charge, {}, None)
        for number, request in list(self._left.items()):
            reply = self._read(request, answers.get(str(number)), answered.request_id)
            if isinstance(reply.error, GraphError):
                failed[number] = reply.error
            else:
                self._done[number] = reply
                del self._left[number]
        broken = [error for error in failed.values() if error.status >= SERVER_FAILED]
        # Twenty failures in one answer are one; anything else in it shows that the service works.
        self._caller.note_health(charge, broken[0] if len(broken) == sent else None)
        return dict(failed)

    def _read(self, request: Request, answer: Mapping[str, Any] | None, request_id: str) -> Reply:
        if answer is None:
            return Reply(request, error=_unanswered(request_id))
        headers = {name.lower(): str(value) for name, value in _object(answer.get("headers")).items()}
        request_id = headers.get("request-id") or request_id
        status, body = answer.get("status"), _object(answer.get("body"))
        status = status if isinstance(status, int) else 0
        wrong = error_of(status, body, headers, request_id) if status >= FAILED or not status else None
        if wrong or SHARE in headers:
            self._caller.heed(request.charge, headers, wrong)
        return Reply(request, status, body, request_id, wrong)

    def _call(self) -> Call:
        items = [_item(number, request) for number, request in self._left.items()]
        address = self._caller.address(ADDRESS)
        return Call("POST", address, self._charge, {"requests": items}, is_batch=True)

    @property
    def _charge(self) -> Charge:
        return reduce(add, (request.charge for request in self._left.values()))

    def _renew(self, failed: Failures) -> bool:
        """Take one new token if the old one was refused: nothing was done then, so all may be sent again."""
        if self._renewed or not any(map(_is_refused_token, failed.values())):
            return False
        self._renewed = True
        try:
            self._caller.token(fresh=True)
        except TokenError:
            return False
        return True

    def _settle(self, number: int, **found: Any) -> None:
        request = self._left.pop(number)
        error = found.get("error")
        if isinstance(error, GraphError):
            found |= {"status": error.status, "request_id": error.request_id}
        self._done[number] = Reply(request, **found)


def _item(number: int, request: Request) -> dict[str, Any]:
    item: dict[str, Any] = {"id": str(number), "method": request.method, "url": request.path}
    if request.body is not None:
        item |= {"body": request.body, "headers": _JSON}
    return item


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _answers(answered: Answered) -> dict[str, dict[str, Any]]:
    responses = answered.body.get("responses")
    if not isinstance(responses, list) or not all(isinstance(one, dict) for one in responses):
        raise GraphError(200, "unreadable", "the answer is not that of a batch", answered.request_id)
    return {str(one.get("id")): one for one in responses}


def _unanswered(request_id: str) -> GraphError:
    return GraphError(0, "unanswered", "a batch was answered without this request", request_id)


def _again(request: Request, error: GraphError | TokenError) -> bool:
    """Tell whether to send a request again; what was throttled was not done, whatever it is."""
    if not isinstance(error, GraphError) or not may_pass(error):
        return False
    return error.status == TOO_MANY or request.may_be_repeated


def _is_refused_token(error: GraphError | TokenError) -> bool:
    return isinstance(error, GraphError) and error.status == UNAUTHORIZED


def _is_paced(error: GraphError | TokenError) -> bool:
    """Tell whether the limiter makes the next attempt wait."""
    return isinstance(error, GraphError) and (error.status == TOO_MANY or error.retry_after is not None)
