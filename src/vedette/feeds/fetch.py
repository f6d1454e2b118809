"""Fetching feeds: through the guarded client, only what changed, within limits, checked against a published hash.

Feeds belong to the installation, not to a tenant: every function opens the system's door itself.
"""

import hashlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx

from vedette.feeds import store
from vedette.feeds.catalogue import PublicFeed
from vedette.feeds.models import Feed, FeedSource
from vedette.foundation import clock, database, http
from vedette.intel import FORMATS, ImportFailedError, Reference

log = logging.getLogger(__name__)

TOTAL_SECONDS: Final = 180.0
_DIGEST_BYTES: Final = 64 * 1024
_FIRST_RETRY_MINUTES: Final = 10
_MOST_DOUBLINGS: Final = 8
_LONGEST_PROBLEM: Final = 500
_DIGEST: Final = re.compile(rb"\b[0-9a-fA-F]{64}\b")


class FetchError(Exception):
    """A feed cannot be fetched; the message says why."""


@dataclass(frozen=True)
class Fetched:
    """What a fetch brought: `imported` is None where the feed had not changed."""

    name: str
    imported: store.Imported | None = None
    followed: tuple[str, ...] = ()


def subscribe(
    name: str, address: str, *, format_: str = "", untyped: str = "", licence: str = "", **settings: object
) -> None:
    """Fetch a feed from now on; the first time at the next look. Raises store.FeedError for a bad name or address.

    `settings`: every_hours, confidence, valid_days, digest_address.
    """
    store.check_name(name)
    _check_address(address)
    if settings.get("digest_address"):
        _check_address(str(settings["digest_address"]))
    with database.system():
        feed, _ = Feed.objects.get_or_create(
            name=name, defaults={"format": format_, "created_at": clock.now(), "address": address}
        )
        feed.licence, feed.address = licence or feed.licence, address
        feed.save(update_fields=["licence", "address"])
        FeedSource.objects.update_or_create(
            feed=feed,
            defaults={
                "address": address,
                "format": format_,
                "untyped": untyped,
                "enabled": True,
                "due_at": clock.now(),
                "etag": "",
                "last_modified": "",
                **settings,
            },
        )


def subscribe_public(feed: PublicFeed) -> None:
    """Fetch a feed of the catalogue from now on."""
    subscribe(
        feed.name,
        feed.address,
        format_=feed.format,
        untyped=feed.untyped,
        licence=feed.licence,
        every_hours=feed.every_hours,
    )


def unsubscribe(name: str) -> None:
    """Fetch a feed no more; its versions stay. Raises store.FeedError."""
    with database.system():
        if not FeedSource.objects.filter(feed__name=name).update(enabled=False):
            raise store.FeedError(f"Feed {name} is not fetched from anywhere.")


def refresh(name: str) -> None:
    """Have a feed looked for at the next tick. Raises store.FeedError."""
    with database.system():
        if not FeedSource.objects.filter(feed__name=name, enabled=True).update(due_at=clock.now()):
            raise store.FeedError(f"Feed {name} is not fetched from anywhere.")


def due() -> list[str]:
    """Name the feeds that are to be fetched now, those that wait longest first."""
    with database.system():
        rows = FeedSource.objects.filter(enabled=True, due_at__lte=clock.now()).order_by("due_at")
        return list(rows.values_list("feed__name", flat=True))


def fetch(name: str) -> Fetched:
    """Fetch one feed now and import it if it changed. Raises FetchError; the problem is noted with the feed."""
    with database.system():
        source = FeedSource.objects.select_related("feed").filter(feed__name=name).first()
    if source is None:
        raise FetchError(f"Feed {name} is not fetched from anywhere.")
    try:
        fetched = _fetch(source)
    except (httpx.HTTPError, httpx.InvalidURL, ImportFailedError, store.FeedError, FetchError) as error:
        problem = _problem(error)
        _note_failure(source, problem)
        raise FetchError(problem) from error
    return fetched


def _fetch(source: FeedSource) -> Fetched:
    now, stood = clock.now(), store.standing(source.feed.name)
    with http.client(total=TOTAL_SECONDS, max_bytes=store.LARGEST_BYTES) as client:
        answer = client.get(source.address, headers=_conditions(source), follow_redirects=True)
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            store.renew(source.feed.name, source.valid_days)
            _note_success(source, now)
            return Fetched(source.feed.name)
        if answer.status_code != httpx.codes.OK:
            raise FetchError(f"The server answered {answer.status_code} {answer.reason_phrase}.")
        text = answer.content
        if source.digest_address:
            _check_digest(text, client.get(source.digest_address, follow_redirects=True))
    imported = store.import_document(
        source.feed.name,
        text,
        format_=next((known for known in FORMATS if known == source.format), None),
        untyped=source.untyped,
        confidence=source.confidence,
        valid_days=source.valid_days,
        address=source.address,
        stood=stood,
    )
    followed = _follow(imported.references, source)
    changed = now if imported.fresh else source.changed_at
    _note_success(
        source,
        now,
        etag=answer.headers.get("ETag", ""),
        last_modified=answer.headers.get("Last-Modified", ""),
        changed_at=changed,
    )
    return Fetched(source.feed.name, imported, followed)


def _conditions(source: FeedSource) -> dict[str, str]:
    """Ask for what is newer than what we have (RFC 9110, section 13.1)."""
    given = {"If-None-Match": source.etag, "If-Modified-Since": source.last_modified}
    return {name: value for name, value in given.items() if value}


def _check_digest(text: bytes, answer: httpx.Response) -> None:
    """Compare with the hash that is published beside the feed: a changed mirror or a torn download is not imported."""
    if answer.status_code != httpx.codes.OK:
        raise FetchError(f"Its published hash cannot be had: {answer.status_code}.")
    published = {match.lower() for match in _DIGEST.findall(answer.content[:_DIGEST_BYTES])}
    if hashlib.sha256(text).hexdigest().encode() not in published:
        raise FetchError("The text does not have the hash that is published for it; it is not imported.")


def _follow(references: Iterable[Reference], source: FeedSource) -> tuple[str, ...]:
    """Fetch what an index names, as long as the index is fetched; a reference that was switched off stays off."""
    followed = []
    for reference in references:
        with database.system():
            known = FeedSource.objects.filter(feed__name=reference.name, address=reference.address).exists()
        if known:
            continue
        try:
            subscribe(
                reference.name,
                reference.address,
                licence=source.feed.licence,
                every_hours=source.every_hours,
                untyped=source.untyped,
            )
        except store.FeedError as error:
            log.warning("The index %s names a feed that cannot be fetched: %s", source.feed.name, error)
        else:
            followed.append(reference.name)
    return tuple(followed)


def _note_success(source: FeedSource, now: datetime, **found: object) -> None:
    with database.system():
        FeedSource.objects.filter(feed=source.feed_id).update(
            checked_at=now,
            due_at=now + timedelta(hours=source.every_hours),
            failures=0,
            problem="",
            **found,
        )


def _note_failure(source: FeedSource, problem: str) -> None:
    """Try again soon, then ever more seldom, but at least as often as the feed is due."""
    minutes = _FIRST_RETRY_MINUTES * 2 ** min(source.failures, _MOST_DOUBLINGS)
    wait = min(timedelta(minutes=minutes), timedelta(hours=source.every_hours))
    with database.system():
        FeedSource.objects.filter(feed=source.feed_id).update(
            due_at=clock.now() + wait, failures=source.failures + 1, problem=problem[:_LONGEST_PROBLEM]
        )


def _problem(error: Exception) -> str:
    words = error.message if isinstance(error, ImportFailedError) else str(error)
    return (words or type(error).__name__).replace("\0", "")


def _check_address(address: str) -> None:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise store.FeedError(f"{address} is no address: {error}") from None
    if url.scheme not in {"https", "http"} or not url.host:
        raise store.FeedError(f"{address} is no address of a feed: it must begin with https://")
    if url.userinfo:
        raise store.FeedError(
            "An address must not hold a name or a password: it is shown and written to logs."
        )
