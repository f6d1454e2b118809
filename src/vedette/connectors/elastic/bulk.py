"""Elasticsearch's bulk API: a whole batch in one call, each item with its own outcome.

Data streams take `create` only; the event's ID is the document's, so what is told twice is kept once (409 is a yes).
An item with 429 or 5xx is told again, one with another 4xx (a mapping that does not fit) never will be.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import httpx
import msgspec

from vedette.connectors import destination_http as calls
from vedette.connectors.destination_chunks import in_chunks, one_by_one
from vedette.connectors.destination_events import Told
from vedette.connectors.destination_http import Answer
from vedette.connectors.destination_kinds import Refusal, Sent, Target, Trouble
from vedette.connectors.elastic.ecs import document
from vedette.connectors.routes import Budget

MOST_BYTES: Final = 4_000_000
_DENIED: Final[Mapping[int, str]] = {401: "unauthorized", 403: "forbidden", 404: "settings"}


def lines(target: Target, told: Told) -> bytes:
    """Write an event as the two lines of its item."""
    create = {"create": {"_index": target.settings["data_stream"], "_id": str(told.id)}}
    return msgspec.json.encode(create) + b"\n" + msgspec.json.encode(document(told)) + b"\n"


def send(target: Target, events: Sequence[Told], budget: Budget) -> Sent:
    """Send events in batches, in order."""
    written = [lines(target, event) for event in events]
    with calls.client(target.settings.get("authorities", "")) as caller:

        def call(items: Sequence[bytes]) -> Sent:
            return _send(caller, target, items, budget)

        return in_chunks(written, MOST_BYTES, 0, call, budget)


def _send(caller: httpx.Client, target: Target, items: Sequence[bytes], budget: Budget) -> Sent:
    url = f"{target.settings['url'].rstrip('/')}/_bulk"
    headers = {"Authorization": _authorization(target), "Content-Type": "application/x-ndjson"}
    answer = calls.post(caller, url, content=b"".join(items), headers=headers)
    found = answer if isinstance(answer, Trouble) else calls.verdict(answer)
    if isinstance(found, Trouble):
        return Sent(0, trouble=found)
    assert isinstance(answer, Answer)
    if found is None:
        return outcome(answer, len(items))

    def alone(each: Sequence[bytes]) -> Sent:
        return _send(caller, target, each, budget)

    # The call as a whole was refused: alone, an event is at fault itself.
    return one_by_one(items, found, answer.said, alone, budget)


def outcome(answer: Answer, count: int) -> Sent:
    """Read the outcome of each item: up to the first that is to be told again, all are settled."""
    items = answer.json.get("items") if isinstance(answer.json, dict) else None
    if not isinstance(items, list) or len(items) != count:
        return Sent(0, trouble=Trouble("unexpected_answer", answer.said))
    refused: dict[int, Refusal] = {}
    for index, item in enumerate(items):
        result: Any = next(iter(item.values()), None) if isinstance(item, dict) else None
        status = result.get("status") if isinstance(result, dict) else None
        if not isinstance(status, int):
            return Sent(index, refused, Trouble("unexpected_answer", answer.said))
        if status == HTTPStatus.CONFLICT or status < HTTPStatus.MULTIPLE_CHOICES:
            continue
        why = reason(status, result.get("error"))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return Sent(index, refused, Trouble("too_many", why, answer.retry_after))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Sent(index, refused, Trouble("server_error", why, perhaps_event=True))
        if status in _DENIED:
            return Sent(index, refused, Trouble(_DENIED[status], why))
        refused[index] = Refusal("rejected", why)
    return Sent(count, refused, answer=f"HTTP {answer.status}: {count - len(refused)}/{count}")


def reason(status: int, error: Any) -> str:
    """Return what is wrong with an item, and the cause below it."""
    if not isinstance(error, dict):
        return f"{status}: {error or ''}".strip()
    text = f"{status} {error.get('type', '')}: {error.get('reason', '')}"
    cause = error.get("caused_by")
    below = f" ({cause.get('reason', '')})" if isinstance(cause, dict) else ""
    return (text + below)[: calls.SHOWN * 2]


def _authorization(target: Target) -> str:
    key = target.secrets["api_key"].strip()
    return key if key.startswith(("ApiKey ", "Basic ", "Bearer ")) else f"ApiKey {key}"
