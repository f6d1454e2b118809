"""The Threat Feed API `/mgmt/threat-feeds/api/v1/threat-feeds` (reference/lookout.md 2.6, and its specification)."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from vedette.api.application_keys import Caller
from vedette.api.http import Answer, Request
from vedette.api.mobile_risk.answers import ProblemError, good
from vedette.api.mobile_risk.shapes import moment
from vedette.api.threads import Threads
from vedette.events.log import Actor
from vedette.events.models import Event
from vedette.feeds import threat_feeds
from vedette.feeds.models import ThreatFeed
from vedette.feeds.threat_feeds import FeedFileError, Judged, Operation, Rejected, TooManyFeedsError
from vedette.foundation import database

PREFIX: Final = "/mgmt/threat-feeds/api/v1/threat-feeds"
MOST_UPLOAD: Final = 7 * 1024 * 1024
MOST_UPDATE: Final = 2 * 1024 * 1024
MOST_FORM: Final = 64 * 1024
_CSV: Final = "text/csv"
_UPDATES: Final = "incremental-updates"

Line = Annotated[str, Meta(min_length=8, max_length=255)]


class NewFeed(msgspec.Struct, rename="camel"):
    """CreateFeedRequest."""

    title: Line
    feed_type: str
    description: Line = ""
    allow_analysis: bool = False


class ChangedFeed(msgspec.Struct, rename="camel"):
    """UpdateFeedRequest; what is left out stays."""

    title: Line | None = None
    description: Line | None = None
    allow_analysis: bool | None = None


class Update(msgspec.Struct):
    """IncrementalUpdateOperation."""

    domain: str
    action: str


class Updates(msgspec.Struct):
    """IncrementalUpdateRequest."""

    operations: list[Update]


class ThreatFeeds:
    """Handler of every address under PREFIX; Django's ORM in threads, since feeds are written seldom."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def answer(self, request: Request, caller: Caller) -> Answer:
        """Answer one request of a caller who may do this. Raises ProblemError."""
        parts = request.path.removeprefix(PREFIX).strip("/").split("/")
        work = await self._work(request, caller, [part for part in parts if part])
        return await self._threads.run(_behind_the_door, caller, work, request.method != "GET")

    async def _work(self, request: Request, caller: Caller, parts: list[str]) -> Callable[[], Answer]:
        actor = Actor(Event.Actor.SYSTEM, str(caller.key_id), caller.name)
        if not parts:
            _only(request, "GET", "POST")
            if request.method == "GET":
                return _list
            return partial(_create, _decode(await request.body(MOST_FORM), NewFeed), actor)
        feed_id, rest = _guid(parts[0]), parts[1:]
        if not rest:
            _only(request, "GET", "PUT", "DELETE")
            if request.method == "PUT":
                return partial(_change, feed_id, _decode(await request.body(MOST_FORM), ChangedFeed), actor)
            return (
                partial(_describe, feed_id) if request.method == "GET" else partial(_delete, feed_id, actor)
            )
        if rest == ["elements"]:
            _only(request, "GET", "POST")
            return (
                partial(_download, feed_id)
                if request.method == "GET"
                else await self._upload(request, feed_id, actor)
            )
        if rest == ["elements", _UPDATES]:
            _only(request, "POST")
            return await self._update(request, feed_id, actor)
        raise ProblemError(404, "There is nothing at this address.")

    async def _upload(self, request: Request, feed_id: UUID, actor: Actor) -> Callable[[], Answer]:
        kind = request.query.get("uploadType", "").upper()
        if kind not in {"INCREMENTAL", "OVERWRITE"}:
            raise ProblemError(400, "uploadType must be INCREMENTAL or OVERWRITE.")
        overwrite, body = kind == "OVERWRITE", await request.body(MOST_UPLOAD + MOST_FORM)
        read = partial(_listed, request.header(b"content-type"), body, overwrite=overwrite)
        judged = await self._threads.run(read)
        return partial(_fill, feed_id, judged, actor, overwrite=overwrite, as_csv=True)

    async def _update(self, request: Request, feed_id: UUID, actor: Actor) -> Callable[[], Answer]:
        kind = request.header(b"content-type")
        judged = await self._threads.run(_updated, kind, await request.body(MOST_UPDATE))
        return partial(_fill, feed_id, judged, actor, overwrite=False, as_csv=_is_csv(kind))


def _behind_the_door(caller: Caller, work: Callable[[], Answer], writing: bool) -> Answer:  # noqa: FBT001 - run by a thread
    door = database.writer if writing else database.tenant
    with door(caller.tenant_id):
        return work()


def _list() -> Answer:
    return good(
        [str(found) for found in ThreatFeed.objects.order_by("created_at").values_list("id", flat=True)]
    )


def _create(wish: NewFeed, actor: Actor) -> Answer:
    if wish.feed_type != "CSV":
        raise ProblemError(400, "feedType must be CSV.")
    try:
        feed = threat_feeds.create(
            wish.title, wish.description, allow_analysis=wish.allow_analysis, actor=actor
        )
    except TooManyFeedsError:
        words = f"There are {threat_feeds.MOST_FEEDS} feeds already, more are not kept. Delete one first."
        raise ProblemError(400, words) from None
    return good({"feedId": str(feed.id)}, 201)


def _describe(feed_id: UUID) -> Answer:
    feed = _find(feed_id)
    return good(
        {
            "feedId": str(feed.id),
            "title": feed.title,
            "description": feed.description,
            "feedType": "CSV",
            "elementsCount": feed.elements_count,
            "allowAnalysis": feed.allow_analysis,
            **(
                {"elementsUploadedAt": moment(feed.elements_uploaded_at)} if feed.elements_uploaded_at else {}
            ),
        }
    )


def _change(feed_id: UUID, wish: ChangedFeed, actor: Actor) -> Answer:
    feed = _find(feed_id)
    threat_feeds.update(
        feed, actor, title=wish.title, description=wish.description, allow_analysis=wish.allow_analysis
    )
    return _describe(feed_id)


def _delete(feed_id: UUID, actor: Actor) -> Answer:
    threat_feeds.delete(_find(feed_id), actor)
    return good({})


def _download(feed_id: UUID) -> Answer:
    return _table(["domain"], [[name] for name in threat_feeds.domains(_find(feed_id).id)])


def _listed(content_type: str, body: bytes, *, overwrite: bool) -> Judged:
    """Read an uploaded list; run by a thread, since a long one takes seconds."""
    text = _file(content_type, body)
    if len(text) > MOST_UPLOAD:
        raise ProblemError(413, "The uploaded file exceeds the limit of 7MB.")
    return _judged(threat_feeds.read_csv(text, ["domain"] if overwrite else ["domain", "action"]))


def _updated(content_type: str, body: bytes) -> Judged:
    """Read incremental updates; run by a thread."""
    if _is_csv(content_type):
        return _judged(_few(threat_feeds.read_csv(body, ["domain", "action"])))
    given = _decode(body, Updates).operations
    return _judged(_few(Operation(row, one.domain, one.action) for row, one in enumerate(given)))


def _few(operations: Iterable[Operation]) -> Iterator[Operation]:
    for count, operation in enumerate(operations, start=1):
        if count > threat_feeds.MOST_OPERATIONS:
            most = f"{threat_feeds.MOST_OPERATIONS:,}"
            raise ProblemError(400, f"At most {most} operations fit into one request; upload a file instead.")
        yield operation


def _judged(operations: Iterable[Operation]) -> Judged:
    try:
        return threat_feeds.judge(operations)
    except FeedFileError as error:
        raise ProblemError(400, str(error)) from error


def _fill(feed_id: UUID, judged: Judged, actor: Actor, *, overwrite: bool, as_csv: bool) -> Answer:
    threat_feeds.apply(_find(feed_id), judged.wanted, actor, overwrite=overwrite)
    if as_csv:
        return _rejections(judged.rejected, with_action=not overwrite)
    return good({"errors": [_as_error(one) for one in judged.rejected]})


def _as_error(rejected: Rejected) -> dict[str, Any]:
    operation = rejected.operation
    return {
        "index": operation.row,
        "operation": {"domain": operation.domain, "action": operation.action},
        "errorCode": rejected.code,
        "errorMessage": rejected.message,
    }


def _rejections(rejected: Sequence[Rejected], *, with_action: bool) -> Answer:
    header = ["ROW_NUMBER", "DOMAIN", *(["ACTION"] if with_action else []), "ERROR_CODE", "ERROR_MESSAGE"]
    rows = [
        [str(one.operation.row), one.operation.domain]
        + ([one.operation.action] if with_action else [])
        + [one.code, one.message]
        for one in rejected
    ]
    return _table(header, rows, quoting=csv.QUOTE_ALL)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], quoting: Any = csv.QUOTE_MINIMAL) -> Answer:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return Answer(200, text.getvalue().encode(), _CSV)


def _file(content_type: str, body: bytes) -> bytes:
    """Return the part `file` of a form with a file (RFC 7578), or the body where it is the list itself."""
    if _is_csv(content_type):
        return body
    head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
    parsed = BytesParser(policy=HTTP).parsebytes(head + body)
    for part in parsed.walk():
        if part.get_param("name", header="content-disposition") == "file":
            payload = part.get_payload(decode=True)
            return payload if isinstance(payload, bytes) else b""
    raise ProblemError(400, "Send the list as the part “file” of a multipart/form-data body.")


def _is_csv(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == _CSV


def _find(feed_id: UUID) -> ThreatFeed:
    feed = ThreatFeed.objects.filter(id=feed_id).first()
    if feed is None:
        raise ProblemError(404, "There is no such feed.")
    return feed


def _guid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError(404, "There is no such feed.") from None


def _decode(body: bytes, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError as error:
        raise ProblemError(400, f"The body is not what was expected: {error}.") from None


def _only(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise ProblemError(405, f"Only {', '.join(methods)} is possible here.", allow=", ".join(methods))
