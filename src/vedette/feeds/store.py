"""Feeds in the database: import as a new version, activate, roll back.

Feeds belong to the installation, not to a tenant. Every function opens the system's door itself, so none may be
called inside a tenant's.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import QuerySet

from vedette.feeds import tables
from vedette.feeds.models import Feed, FeedSource, FeedVersion
from vedette.foundation import clock, database
from vedette.intel import Document, Format, Hints, Indicator, Reference, Source, read

LARGEST_BYTES: Final = 64 * 1024 * 1024
KEPT_VERSIONS: Final = 5
"""So many versions of a feed are kept to roll back to, beside the active one."""

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
_COPY: Final = "copy feeds_indicator (version_id, kind, value, family, classification, detail) from stdin"
_DIFFERENCE: Final = """
with fresh as (select distinct kind, value, classification from feeds_indicator where version_id = %s),
     known as (select distinct kind, value, classification from feeds_indicator where version_id = %s)
select (select count(*) from (select * from fresh except select * from known) as added),
       (select count(*) from (select * from known except select * from fresh) as removed)
"""


class FeedError(Exception):
    """A feed cannot be imported, found or rolled back; the message says what to do."""


@dataclass(frozen=True)
class Standing:
    """How a feed stands: the version in force, if any, and whether the feed is fetched."""

    version: int | None
    fetched: bool


@dataclass(frozen=True)
class Imported:
    """Outcome of an import. `added` and `removed` compare with the version that was active before.

    `number` is the version; `fresh` is false when the same text had been imported before. `stopped`: going back
    ended the fetching, which would have undone it.
    """

    name: str
    number: int
    fresh: bool
    active: bool
    added: int
    removed: int
    report: dict[str, Any]
    references: tuple[Reference, ...] = ()
    stopped: bool = False


@dataclass(frozen=True)
class Status:
    """A feed, its active version (None: switched off) and the versions that can be rolled back to."""

    name: str
    format: str
    licence: str
    active: int | None
    imported_at: datetime | None
    taken: int
    report: dict[str, Any]
    versions: tuple[int, ...]


def import_document(
    name: str,
    text: bytes,
    *,
    format_: Format | None = None,
    untyped: str = "",
    hints: Hints | None = None,
    confidence: int | None = None,
    valid_days: int | None = None,
    licence: str = "",
    address: str = "",
    activate: bool = True,
    stood: Standing | None = None,
) -> Imported:
    """Import a text as the newest version of a feed and, unless told otherwise, put it in force.

    Raises FeedError, or intel.ImportFailedError when the text cannot be read or a known type in it yields
    nothing; nothing is stored then. The same text again makes no new version. `confidence` and `valid_days` are
    for indicators of which the feed gives neither. `stood` is how the feed stood when its text was asked for: if
    somebody has gone back or switched it off since, the text does not undo that (FeedError).
    """
    check_name(name)
    if len(text) > LARGEST_BYTES:
        raise FeedError(f"The text has {len(text):,} bytes; at most {LARGEST_BYTES:,} are read.")
    now = clock.now()
    hints = replace(hints or Hints(), untyped=untyped, at=now)
    document = _completed(read(text, format_, hints=hints), confidence)
    reading = {"family": hints.family, "role": hints.role, "kind": str(hints.kind or "")}
    report = document.report.as_json() | {
        "untyped": untyped,
        "confidence": confidence,
        "valid_days": valid_days,
        **reading,
    }
    with database.system():
        feed, _ = Feed.objects.get_or_create(
            name=name, defaults={"format": document.report.format, "created_at": now}
        )
        feed = Feed.objects.select_for_update().get(id=feed.id)
        if stood and stood != _standing(feed):
            raise FeedError(
                "The feed was taken back or switched off while it was fetched; nothing is imported."
            )
        feed.format = document.report.format
        feed.licence, feed.address = licence or feed.licence, address or feed.address
        feed.save()
        before = feed.versions.filter(active=True).first()
        version, fresh = _version(feed, hashlib.sha256(text).hexdigest(), report, document, now)
        if valid_days:
            _move_end(feed.versions.filter(id=version.id), valid_days, now)
        if activate:
            _activate(version)
            _forget_old(feed)
        added, removed = _difference(version.id, before.id if before else None)
        return Imported(
            name,
            version.number,
            fresh=fresh,
            active=version.active,
            added=added,
            removed=removed,
            report=version.report,
            references=document.references,
        )


def _completed(document: Document, confidence: int | None) -> Document:
    """Give indicators a confidence where the feed says nothing."""
    if confidence is None:
        return document
    completed = tuple(
        item if item.confidence is not None else item._replace(confidence=confidence)
        for item in document.indicators
    )
    return replace(document, indicators=completed)


def renew(name: str, valid_days: int | None) -> None:
    """Count the days of validity anew: the feed's publisher still says what the version in force holds."""
    if valid_days:
        with database.system():
            _move_end(FeedVersion.objects.filter(feed__name=name, active=True), valid_days, clock.now())


def _move_end(versions: QuerySet[FeedVersion], valid_days: int, now: datetime) -> None:
    versions.update(lapses_at=now + timedelta(days=valid_days))


def check_name(name: str) -> None:
    """Raise FeedError for what cannot name a feed."""
    if not _NAME.fullmatch(name):
        raise FeedError(
            f"{name!r} is no name for a feed: use up to 64 letters, digits, dots, hyphens and underscores."
        )


def roll_back(name: str, to: int | None = None) -> Imported:
    """Put an older version in force: the newest before the active one, or the one named. Raises FeedError.

    The feed is fetched no more until somebody subscribes to it again: the next fetch would bring back what was
    taken out of force.
    """
    with database.system():
        feed = _feed(name)
        before = feed.versions.filter(active=True).first()
        older = feed.versions.exclude(active=True).order_by("-number")
        if to is not None:
            older = older.filter(number=to)
        elif before is not None:
            older = older.filter(number__lt=before.number)
        version = older.first()
        if version is None:
            kept = ", ".join(
                str(n) for n in feed.versions.order_by("number").values_list("number", flat=True)
            )
            raise FeedError(
                f"Feed {name} has no such version to roll back to. Versions kept: {kept or 'none'}."
            )
        _activate(version)
        added, removed = _difference(version.id, before.id if before else None)
        return Imported(
            name,
            version.number,
            fresh=False,
            active=True,
            added=added,
            removed=removed,
            report=version.report,
            stopped=_stop_fetching(feed),
        )


def difference_to_previous(name: str) -> tuple[int, int, int]:
    """Count what going back would bring back and take away, and name that version. Raises FeedError."""
    with database.system():
        feed = _feed(name)
        active = feed.versions.filter(active=True).first()
        older = feed.versions.exclude(active=True).order_by("-number")
        version = older.filter(number__lt=active.number).first() if active else older.first()
        if version is None:
            raise FeedError(f"Feed {name} has no earlier version to go back to.")
        added, removed = _difference(version.id, active.id if active else None)
        return added, removed, version.number


def switch_off(name: str) -> bool:
    """Take a feed out of force, keep its versions, and fetch it no more. Raises FeedError.

    Return whether it was fetched until now.
    """
    with database.system():
        feed = _feed(name)
        feed.versions.filter(active=True).update(active=False)
        return _stop_fetching(feed)


def standing(name: str) -> Standing:
    """Say how a feed stands. Raises FeedError."""
    with database.system():
        return _standing(_feed(name))


def _standing(feed: Feed) -> Standing:
    active = feed.versions.filter(active=True).values_list("number", flat=True).first()
    return Standing(active, FeedSource.objects.filter(feed=feed, enabled=True).exists())


def _stop_fetching(feed: Feed) -> bool:
    return FeedSource.objects.filter(feed=feed, enabled=True).update(enabled=False) > 0


def status() -> list[Status]:
    """List all feeds by name."""
    with database.system():
        return [_status(feed) for feed in Feed.objects.order_by("name").prefetch_related("versions")]


def sources() -> dict[UUID, Source]:
    """Give the versions in force by their ID. Needs a door, any."""
    active = FeedVersion.objects.filter(active=True).order_by("feed__name")
    return {
        version: Source(name, number)
        for version, name, number in active.values_list("id", "feed__name", "number")
    }


def _feed(name: str) -> Feed:
    feed = Feed.objects.select_for_update().filter(name=name).first()
    if feed is None:
        known = ", ".join(Feed.objects.order_by("name").values_list("name", flat=True))
        raise FeedError(f"There is no feed {name}. Known feeds: {known or 'none'}.")
    return feed


def _version(
    feed: Feed, sha256: str, report: dict[str, Any], document: Document, now: datetime
) -> tuple[FeedVersion, bool]:
    """Find the version with the same text and reading, or store a new one."""
    same = [v for v in feed.versions.filter(sha256=sha256) if v.report == report]
    if same:
        return same[-1], False
    newest = feed.versions.order_by("-number").first()
    version = FeedVersion.objects.create(
        feed=feed,
        number=newest.number + 1 if newest else 1,
        sha256=sha256,
        imported_at=now,
        taken=document.report.total,
        report=report,
        table=tables.pack(document.table) if document.table else None,
    )
    _store(version.id, document.indicators)
    return version, True


def _store(version: UUID, indicators: Iterable[Indicator]) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for item in indicators:
            detail = {
                key: value
                for key, value in (
                    ("role", item.role),
                    ("note", item.note),
                    ("valid_until", item.valid_until and item.valid_until.isoformat()),
                    ("confidence", item.confidence),
                )
                if value not in (None, "")
            }
            copy.write_row(
                (
                    version,
                    str(item.kind),
                    item.value.replace("\0", ""),
                    item.family.replace("\0", ""),
                    item.classification,
                    msgspec.json.encode(detail).decode(),
                )
            )


def _activate(version: FeedVersion) -> None:
    FeedVersion.objects.filter(feed=version.feed_id, active=True).exclude(id=version.id).update(active=False)
    FeedVersion.objects.filter(id=version.id).update(active=True)
    version.active = True


def _forget_old(feed: Feed) -> None:
    """Delete inactive versions beyond those kept; an old feed must not grow without end."""
    spare = feed.versions.filter(active=False).order_by("-number").values_list("id", flat=True)
    FeedVersion.objects.filter(id__in=list(spare[KEPT_VERSIONS:])).delete()


def _difference(version: UUID, before: UUID | None) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCE, [version, before])
        added, removed = cursor.fetchone()
    return added, removed


def _status(feed: Feed) -> Status:
    versions = sorted(feed.versions.all(), key=lambda version: version.number)
    active = next((version for version in versions if version.active), None)
    return Status(
        name=feed.name,
        format=feed.format,
        licence=feed.licence,
        active=active.number if active else None,
        imported_at=active.imported_at if active else None,
        taken=active.taken if active else 0,
        report=active.report if active else {},
        versions=tuple(version.number for version in versions),
    )
