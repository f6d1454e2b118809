"""An organisation's own threat feeds: lists of domains whose content counts as DENYLISTED_CONTENT (lookout.md 2.6).

The Threat Feed API writes them, in the words of its specification; `denylisted` is what judges web content. A listed
domain covers every name under it. All functions work on the open door's tenant; those that write need
`database.writer`.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from django.db import connection
from django.db.models import F

from vedette.events import log
from vedette.feeds.models import ThreatFeed
from vedette.foundation import clock, database
from vedette.intel.indicators import BadValueError
from vedette.intel.indicators import domain as domain_of

CLASSIFICATION: Final = "DENYLISTED_CONTENT"
MOST_FEEDS: Final = 100
MOST_OPERATIONS: Final = 15_000
INVALID_DOMAIN: Final = ("1020", "Invalid domain")
INVALID_ACTION: Final = ("1021", "Invalid action: it must be add or delete")

Action = Literal["add", "delete"]


class FeedFileError(ValueError):
    """A list cannot be read at all; the message says what was expected."""


class TooManyFeedsError(Exception):
    """The tenant has as many feeds as it may."""


@dataclass(frozen=True)
class Operation:
    """One line of a list: `row` counts from 1 without the header. `action` as it was written."""

    row: int
    domain: str
    action: str = "add"


@dataclass(frozen=True)
class Rejected:
    """A line that was not taken, and why."""

    operation: Operation
    code: str
    message: str


@dataclass(frozen=True)
class Judged:
    """What a list amounts to: each domain with what becomes of it, and the lines that were not taken."""

    wanted: Mapping[str, Action]
    rejected: Sequence[Rejected]


@dataclass(frozen=True)
class Listed:
    """Why a name counts as denylisted: the feed and the domain of it that covers the name."""

    feed_id: UUID
    title: str
    domain: str


def create(title: str, description: str, *, allow_analysis: bool, actor: log.Actor) -> ThreatFeed:
    """Make an empty feed. Raises TooManyFeedsError."""
    if ThreatFeed.objects.count() >= MOST_FEEDS:
        raise TooManyFeedsError
    now = clock.now()
    feed = ThreatFeed.objects.create(
        tenant_id=database.current_tenant(),
        title=title,
        description=description,
        allow_analysis=allow_analysis,
        created_at=now,
        updated_at=now,
    )
    _note("created", "CREATED", feed, actor, [log.change("title", None, title)])
    return feed


def update(feed: ThreatFeed, actor: log.Actor, **values: str | bool | None) -> None:
    """Change what is said of a feed: title, description, allow_analysis; None leaves it."""
    changes = [
        log.change(name, getattr(feed, name), value)
        for name, value in values.items()
        if value is not None and getattr(feed, name) != value
    ]
    if not changes:
        return
    for item in changes:
        setattr(feed, item["attribute"], item["to"])
    feed.updated_at = clock.now()
    feed.save(update_fields=[*(item["attribute"] for item in changes), "updated_at"])
    _note("changed", "UPDATED", feed, actor, changes)


def delete(feed: ThreatFeed, actor: log.Actor) -> None:
    """Remove a feed with its domains; nothing counts as denylisted because of it any more."""
    _note("deleted", "DELETED", feed, actor, [log.change("domains", feed.elements_count, None)])
    ThreatFeed.objects.filter(id=feed.id).delete()


def judge(operations: Iterable[Operation]) -> Judged:
    """Say what lines amount to, before the tenant's lock is taken: a long list takes seconds.

    Of several lines about one domain the last counts. Names are compared in lower case, as ASCII.
    """
    wanted: dict[str, Action] = {}
    rejected: list[Rejected] = []
    for operation in operations:
        action = _action(operation.action)
        try:
            name = domain_of(operation.domain)
        except BadValueError:
            rejected.append(Rejected(operation, *INVALID_DOMAIN))
            continue
        if action is None:
            rejected.append(Rejected(operation, *INVALID_ACTION))
            continue
        wanted[name] = action
    return Judged(wanted, rejected)


def apply(
    feed: ThreatFeed, wanted: Mapping[str, Action], actor: log.Actor, *, overwrite: bool = False
) -> None:
    """Add and delete domains, or put a list in the place of all."""
    added = [name for name, action in wanted.items() if action == "add"]
    deleted = [name for name, action in wanted.items() if action == "delete"]
    before = feed.elements_count
    with connection.cursor() as cursor:
        if overwrite:
            cursor.execute("delete from feeds_threatfeeddomain where feed_id = %s", [feed.id])
        else:
            cursor.execute(
                "delete from feeds_threatfeeddomain where feed_id = %s and domain = any(%s)",
                [feed.id, deleted],
            )
        cursor.execute(_ADD, [database.current_tenant(), feed.id, added])
        cursor.execute("select count(*) from feeds_threatfeeddomain where feed_id = %s", [feed.id])
        (count,) = cursor.fetchone()
    now = clock.now()
    ThreatFeed.objects.filter(id=feed.id).update(
        elements_count=count, elements_uploaded_at=now, updated_at=now, generation=F("generation") + 1
    )
    feed.elements_count, feed.elements_uploaded_at = count, now
    _note("filled", "UPDATED", feed, actor, [log.change("domains", before, count)])


def domains(feed_id: UUID) -> Iterator[str]:
    """List a feed's domains in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select domain from feeds_threatfeeddomain where feed_id = %s order by domain", [feed_id]
        )
        for (name,) in cursor.fetchall():
            yield str(name)


def denylisted(hosts: Iterable[str]) -> dict[str, Listed]:
    """Find which host names a feed covers, itself or by a domain above it; names that are none are left out."""
    above: dict[str, list[str]] = {}
    for host in hosts:
        try:
            labels = domain_of(host).split(".")
        except BadValueError:
            continue
        above[host] = [".".join(labels[at:]) for at in range(len(labels) - 1)]
    if not above:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [sorted({name for names in above.values() for name in names})])
        found = {row[2]: Listed(*row) for row in cursor.fetchall()}
    # the longest name that is listed says most
    hits = {
        host: next((found[name] for name in names if name in found), None) for host, names in above.items()
    }
    return {host: hit for host, hit in hits.items() if hit}


def read_csv(text: bytes, columns: Sequence[str]) -> Iterator[Operation]:
    """Read a list with a header of these columns, in any case and order. Raises FeedFileError."""
    try:
        reader = csv.reader(io.StringIO(text.decode("utf-8-sig")))
        header = [cell.strip().lower() for cell in next(reader, [])]
        if sorted(header) != sorted(columns):
            raise FeedFileError(f"The first line must name the columns: {','.join(columns)}.")
        where = {name: header.index(name) for name in columns}
        for number, cells in enumerate(reader, start=1):
            if cells:
                yield Operation(number, *(_cell(cells, where[name]) for name in columns))
    except UnicodeDecodeError as error:
        raise FeedFileError(f"The list is no text in UTF-8 (at byte {error.start}).") from error
    except csv.Error as error:
        raise FeedFileError(f"The list is no CSV: {error}.") from error


def _cell(cells: list[str], at: int) -> str:
    return cells[at].strip() if at < len(cells) else ""


def _action(text: str) -> Action | None:
    word = text.strip().lower()
    return "add" if word == "add" else "delete" if word == "delete" else None


def _note(
    act: str, change_type: str, feed: ThreatFeed, actor: log.Actor, changes: Sequence[dict[str, object]]
) -> None:
    target = log.Target("threat_feed", str(feed.id), feed.title)
    log.emit(log.Draft(f"threat_feed.{act}", "AUDIT", change_type, actor, target, changes))


_ADD: Final = """
insert into feeds_threatfeeddomain (tenant_id, feed_id, domain)
select %s, %s, unnest(%s::text[]) on conflict do nothing
"""
_FIND: Final = """
select f.id, f.title, d.domain from feeds_threatfeeddomain d
join feeds_threatfeed f on f.tenant_id = d.tenant_id and f.id = d.feed_id
where d.domain = any(%s)
order by f.created_at desc
"""
