"""The index of all versions in force, built once and kept until they change."""

import threading
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from vedette.feeds import store
from vedette.foundation import clock
from vedette.intel import Index, Indicator, Kind, Source

Versions = tuple[frozenset[UUID], date]

_KINDS = {str(kind): kind for kind in Kind}
_ROWS = """
select kind, value, classification, family,
       coalesce(detail ->> 'role', ''), coalesce(detail ->> 'note', ''),
       coalesce((detail ->> 'valid_until')::timestamptz, version.lapses_at), (detail ->> 'confidence')::int
from feeds_indicator join feeds_feedversion version on version.id = version_id where version_id = %s
"""
_AT_ONCE = 5000
_lock = threading.Lock()
_kept: dict[Versions, Index] = {}


def current() -> Index:
    """Give the index of the versions in force. Needs a door, any: feeds can be read behind each.

    The first call after an import reads all indicators; others cost one small query. It is built anew each day
    too, since indicators may have an end of validity.
    """
    sources = store.sources()
    now = clock.now()
    versions = (frozenset(sources), now.date())
    with _lock:
        index = _kept.get(versions)
        if index is None:
            index = Index(_lists(sources), at=now)
            _kept.clear()
            _kept[versions] = index
        return index


def _lists(sources: dict[UUID, Source]) -> Iterator[tuple[Source, Iterator[Indicator]]]:
    """Read the indicators of each version, feeds in order of their names; never all of them at once."""
    for version, source in sources.items():
        yield source, _indicators(version)


def _indicators(version: UUID) -> Iterator[Indicator]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_ROWS, [version])
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from map(_indicator, rows)


def _indicator(row: tuple[Any, ...]) -> Indicator:
    kind, value, classification, family, role, note, until, confidence = row
    return Indicator(
        _KINDS[kind],
        value,
        classification,
        family,
        role,
        note,
        until,
        confidence,
    )
