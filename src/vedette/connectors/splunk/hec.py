"""Splunk's HTTP Event Collector: batches of JSON objects, and acknowledgement by the indexers.

Protocol: Splunk, "Format events for HTTP Event Collector", "HTTP Event Collector REST API endpoints", "About HTTP Event
Collector Indexer Acknowledgment". Its answers carry a code of their own; those that blame one event do not say what
became of its neighbours, so such a batch is sent again event by event.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
import msgspec

from vedette.connectors import destination_http as calls
from vedette.connectors.destination_chunks import in_chunks, one_by_one
from vedette.connectors.destination_events import Told
from vedette.connectors.destination_http import Answer
from vedette.connectors.destination_kinds import Refusal, Sent, Target, Trouble
from vedette.connectors.routes import Budget
from vedette.foundation import config

MOST_BYTES: Final = 900_000
"""A batch: below the 1 MB that older collectors take."""
SOURCE: Final = "vedette"
ACK_SECONDS: Final = 15.0
ACK_EVERY: Final = 0.5
_OF_ONE_EVENT: Final = frozenset({5, 6, 12, 13, 15})
"""No data, invalid data format, event field missing or blank, error in indexed fields."""
_CODES: Final[Mapping[int, str]] = {
    1: "forbidden",
    2: "unauthorized",
    3: "unauthorized",
    4: "unauthorized",
    7: "settings",
    8: "server_error",
    9: "too_many",
    10: "settings",
    11: "settings",
    14: "settings",
    18: "too_many",
}
"""Token disabled, missing, malformed, unknown; index not allowed; internal error; busy; channel missing or invalid;
acknowledgement is off for this token; queues are full."""


def event_of(target: Target, told: Told) -> bytes:
    """Write one event."""
    settings = target.settings
    written: dict[str, Any] = {
        "time": round(told.occurred_at.timestamp(), 3),
        "host": httpx.URL(config.current().public_url).host,
        "source": SOURCE,
        "sourcetype": settings.get("sourcetype") or f"vedette:{told.type.lower()}",
        "event": told.event,
    }
    if settings.get("index"):
        written["index"] = settings["index"]
    return msgspec.json.encode(written)


def send(target: Target, events: Sequence[Told], budget: Budget) -> Sent:
    """Send events in batches, in order."""
    written = [event_of(target, event) for event in events]
    with calls.client(target.settings.get("authorities", "")) as caller:

        def call(bodies: Sequence[bytes]) -> Sent:
            return _send(caller, target, bodies, budget)

        return in_chunks(written, MOST_BYTES, 1, call, budget)


def _send(caller: httpx.Client, target: Target, bodies: Sequence[bytes], budget: Budget) -> Sent:
    answer = _post(caller, target, "event", b"\n".join(bodies))
    found = verdict(answer)
    if isinstance(found, Trouble):
        return Sent(0, trouble=found)
    assert isinstance(answer, Answer)
    if found is None:
        late = _acknowledged(caller, target, answer, budget)
        return Sent(0 if late else len(bodies), trouble=late, answer=answer.said)

    def alone(each: Sequence[bytes]) -> Sent:
        return _send(caller, target, each, budget)

    return one_by_one(bodies, found, answer.said, alone, budget)


def verdict(answer: Answer | Trouble) -> Trouble | Refusal | None:
    """Say what an answer means, by the collector's own code where it gives one."""
    if isinstance(answer, Trouble):
        return answer
    code = answer.json.get("code") if isinstance(answer.json, dict) else None
    if answer.is_good:
        # Whatever else stands at this address does not answer so.
        return None if code == 0 else Trouble("unexpected_answer", answer.said)
    if code in _OF_ONE_EVENT:
        return Refusal("rejected", answer.said)
    if isinstance(code, int) and code in _CODES:
        return Trouble(_CODES[code], answer.said, answer.retry_after)
    return calls.verdict(answer)


def _acknowledged(caller: httpx.Client, target: Target, answer: Answer, budget: Budget) -> Trouble | None:
    """Wait until the indexers say that they keep a batch; None once they do."""
    if not target.settings.get("acknowledgement"):
        return None
    identity = answer.json.get("ackId")
    if identity is None:
        return Trouble("settings", "the token does not acknowledge: its answer has no ackId")
    asked = msgspec.json.encode({"acks": [identity]})
    until = time.monotonic() + ACK_SECONDS
    while time.monotonic() < until and not budget.stop.is_set():
        said = _post(caller, target, "ack", asked)
        if isinstance(said, Trouble):
            return said
        acks = said.json.get("acks") if isinstance(said.json, dict) else None
        if not said.is_good or not isinstance(acks, dict):
            return Trouble("not_acknowledged", said.said, said.retry_after)
        if acks.get(str(identity)) is True:
            return None
        budget.stop.wait(ACK_EVERY)
    return Trouble("not_acknowledged", f"no acknowledgement within {ACK_SECONDS:.0f} seconds")


def _post(caller: httpx.Client, target: Target, what: str, body: bytes) -> Answer | Trouble:
    headers = {
        "Authorization": f"Splunk {target.secrets['token']}",
        "Content-Type": "application/json",
        # Each destination is a channel of its own (needed for acknowledgement, allowed without).
        "X-Splunk-Request-Channel": str(target.id),
    }
    url = f"{target.settings['url'].rstrip('/')}/services/collector/{what}"
    return calls.post(caller, url, content=body, headers=headers)
