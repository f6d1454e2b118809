"""What an organisation's verdicts on web content rest on, kept in the process until something changes."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection

from vedette.detection.web import WebLists
from vedette.feeds import index, store, web_settings
from vedette.feeds.models import WebName
from vedette.foundation import clock, database

LOOK_AGAIN_SECONDS: Final = 3.0
"""So long what is kept is used without asking whether anything changed."""

_MOST_TENANTS: Final = 200


@dataclass
class _Kept:
    lists: WebLists
    basis: tuple[Any, ...]
    looked_at: float


_lock = threading.Lock()
_kept: dict[UUID, _Kept] = {}


def lists_of(tenant_id: UUID) -> WebLists:
    """Give a tenant's lists. Opens its own door; asks at most every three seconds whether anything changed.

    Safe for threads: while one reads anew, others may be given what was true a moment ago.
    """
    now = time.monotonic()
    kept = _kept.get(tenant_id)
    if kept is not None and now - kept.looked_at < LOOK_AGAIN_SECONDS:
        return kept.lists
    with database.tenant(tenant_id):
        basis = _basis()
        if kept is None or kept.basis != basis:
            kept = _Kept(_read(), basis, now)
    with _lock:
        kept.looked_at = now
        _kept.pop(tenant_id, None)
        _kept[tenant_id] = kept
        while len(_kept) > _MOST_TENANTS:
            del _kept[next(iter(_kept))]
    return kept.lists


def forget(tenant_id: UUID) -> None:
    """Ask anew at the next look, in this process: for whoever just changed something and wants to see it."""
    with _lock:
        _kept.pop(tenant_id, None)


def _basis() -> tuple[frozenset[UUID], date, Any]:
    """Say what the lists rest on: versions of feeds, the day, generations of what the organisation keeps."""
    with connection.cursor() as cursor:
        cursor.execute(_GENERATIONS)
        return frozenset(store.sources()), clock.now().date(), cursor.fetchone()


def _read() -> WebLists:
    settings = web_settings.current()
    named: dict[str, dict[str, str]] = {name: {} for name in WebName.List.values}
    rows = WebName.objects.values_list("on_list", "name", "category", "note")
    for on_list, name, category, note in rows.iterator(chunk_size=5000):
        named[on_list][name] = category if on_list == WebName.List.CATEGORY else note
    return WebLists.of(
        index=index.current(),
        denied=named[WebName.List.DENY],
        allowed=named[WebName.List.ALLOW],
        feeds=_feeds(),
        categories=named[WebName.List.CATEGORY].items(),
        own_domains=settings.own_domains,
        own_brands=settings.own_brands,
        blocked_categories=settings.blocked_categories,
    )


def _feeds() -> Iterator[tuple[str, str]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_DOMAINS)
        while rows := cursor.fetchmany(5000):
            yield from rows


_GENERATIONS: Final = """
select coalesce((select sum(generation) from feeds_webprotection), 0),
       coalesce((select sum(generation) from feeds_threatfeed), 0), (select count(*) from feeds_threatfeed),
       (select max(updated_at) from feeds_threatfeed)
"""
_DOMAINS: Final = """
select d.domain, f.title from feeds_threatfeeddomain d
join feeds_threatfeed f on f.tenant_id = d.tenant_id and f.id = d.feed_id
order by f.created_at desc
"""
