"""One request at work, in a thread: once under its idempotency key, behind the tenant's door, in one transaction."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec
from django.core.exceptions import ObjectDoesNotExist
from django.utils import translation

from vedette.api.http import JSON, Answer
from vedette.api.native import etags, kept
from vedette.api.native.caller import Who
from vedette.api.native.people_live import Find
from vedette.api.native.problems import Problem
from vedette.api.native.route import Call, Reply, Route
from vedette.compliance.change_apps import BadEntry
from vedette.compliance.change_policy import BadPolicy
from vedette.compliance.lifecycle import Refused
from vedette.compliance.policy_wish import Busy
from vedette.devices.invitations import CannotInvite
from vedette.foundation import database
from vedette.scans import intake
from vedette.scans.uploads import Received

ENGLISH: Final = "en"
_encoder: Final = msgspec.json.Encoder()
_REFUSALS: Final[Mapping[type[Exception], str]] = {
    Refused: "conflict",
    Busy: "conflict",
    CannotInvite: "conflict",
    BadPolicy: "refused",
    BadEntry: "refused",
    intake.Refused: "refused",
}
"""What the acts themselves say, as a problem. Their words are the console's."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request whose caller is known."""

    route: Route
    who: Who
    ids: Mapping[str, UUID]
    query: msgspec.Struct
    raw: bytes
    upload: Received | None = None
    headers: Mapping[str, str]
    target: str
    find_person: Find

    @property
    def key(self) -> str:
        """Its idempotency key; only what would be done twice has one, everything else is idempotent by itself."""
        return self.headers["idempotency-key"] if self.route.once else ""

    @property
    def hash(self) -> bytes:
        """What tells it from another request under the same key."""
        body = self.upload.sha256.encode() if self.upload else self.raw
        return kept.request_hash(self.route.method, self.target, self.headers["content-type"], body)


Read = Callable[[Route, bytes, str], Any]


def perform(asked: Asked, read: Read) -> Answer:
    """Answer. Raises Problem."""
    if asked.upload is None:
        return _perform(asked, read(asked.route, asked.raw, asked.headers["content-type"]))
    try:
        answer = _perform(asked, asked.upload)
    except BaseException:
        asked.upload.discard()
        raise
    if kept.REPLAYED in answer.headers:
        # the first one's file is the one that counts
        asked.upload.discard()
    return answer


def _perform(asked: Asked, body: Any) -> Answer:
    with translation.override(ENGLISH):
        try:
            return _look(asked, body) if asked.route.reads else _act(asked, body)
        except tuple(_REFUSALS) as refused:
            code = next(code for kind, code in _REFUSALS.items() if isinstance(refused, kind))
            raise Problem(code, str(refused)) from None
        except ObjectDoesNotExist:
            raise Problem("not_found", "This organisation has nothing with this ID.") from None


def _look(asked: Asked, body: Any) -> Answer:
    with database.tenant(asked.who.tenant_id):
        return _answer(asked.route, asked.route.act(_call(asked, body)))


def _act(asked: Asked, body: Any) -> Answer:
    route, who, key = asked.route, asked.who, asked.key
    if key:
        with database.tenant(who.tenant_id):
            if earlier := kept.find(who.id, key, asked.hash):
                return earlier
    call = _call(asked, body)
    if route.prepare:
        call = _call(asked, body, route.prepare(call))
    with ExitStack() as doors:
        # the key is held before the tenant's lock is waited for, so that a second request hears at once
        doors.enter_context(database.tenant(who.tenant_id))
        if key:
            kept.hold(who.tenant_id, who.id, key)
            if earlier := kept.find(who.id, key, asked.hash):
                return earlier
        if route.changes:
            doors.enter_context(database.writer(who.tenant_id))
        _compare(asked, call)
        answer = _answer(route, route.act(call))
        if key:
            kept.keep(who.tenant_id, who.id, key, asked.hash, answer)
        return answer


def _compare(asked: Asked, call: Call[Any, Any]) -> None:
    """Refuse to act on another state than the one that was seen. Raises Problem."""
    if asked.route.state is None:
        return
    seen = asked.headers["if-match"]
    if not seen:
        if asked.route.match_needed:
            raise Problem("precondition_required", "The header If-Match is missing.")
        return
    now = etags.of(_encoder.encode(asked.route.state(call)))
    if not etags.holds(seen, now):
        raise Problem("changed_meanwhile", f"It has the ETag “{now}” now.")


def _call(asked: Asked, body: Any, prepared: Any = None) -> Call[Any, Any]:
    headers = {**asked.headers}
    return Call(
        asked.who, asked.ids, asked.query, body, headers, prepared=prepared, find_person=asked.find_person
    )


def _answer(route: Route, given: Any) -> Answer:
    reply = given if isinstance(given, Reply) else Reply(given)
    status = reply.status or route.status
    if status == HTTPStatus.NO_CONTENT:
        return Answer(status, b"", JSON, reply.headers)
    body = reply.body if isinstance(reply.body, bytes) else _encoder.encode(reply.body)
    headers = list(reply.headers)
    if reply.tag:
        headers.append((b"etag", f'"{reply.tag}"'.encode()))
    return Answer(status, body, reply.content_type or JSON, headers)
