"""Listed names by the beginning of their hash, so that a phone can look a link up without telling it.

The hash is SHA-256 of what vedette_facts.web_protocol.expressions says. The installation's feeds make one table of 32
bytes a name (a million names: 32 MB), read at the first question and again when a version changes; the
organisation's own lists make a small one beside it. PostgreSQL hashes and sorts.
"""

import threading
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection

from vedette.feeds import store, web_lists
from vedette.foundation import database
from vedette_facts.web_protocol import PREFIX_DIGITS

_BYTES: Final = 32
_BUCKETS: Final = 16**PREFIX_DIGITS
_AT_ONCE: Final = 5000
_MOST_TENANTS: Final = 200


class HashTable:
    """Sorted hashes with an index of where each prefix begins. Never changes."""

    def __init__(self, hashes: Iterator[bytes]) -> None:
        self._hashes = bytearray()
        counts = array("L", bytes(array("L").itemsize * (_BUCKETS + 1)))
        for digest in hashes:
            self._hashes += digest
            counts[int.from_bytes(digest[:2]) + 1] += 1
        for number in range(_BUCKETS):
            counts[number + 1] += counts[number]
        self._begins = counts

    def beginning(self, prefix: str) -> list[str]:
        """Return the hashes, in hex, that begin with four hex digits."""
        number = int(prefix, 16)
        first, last = self._begins[number], self._begins[number + 1]
        held = self._hashes
        return [bytes(held[place * _BYTES : (place + 1) * _BYTES]).hex() for place in range(first, last)]

    def __len__(self) -> int:
        """Return how many names are listed."""
        return len(self._hashes) // _BYTES


class Listed:
    """The tables in force; safe for threads, and to be called from one that may wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: tuple[frozenset[UUID], HashTable] | None = None
        self._own: dict[UUID, tuple[object, HashTable]] = {}

    def beginning(self, tenant_id: UUID, prefixes: Sequence[str]) -> dict[str, list[str]]:
        """Return the hashes of what feeds and the tenant's own lists name, by prefix. Opens its own door."""
        lists = web_lists.lists_of(tenant_id)
        with database.tenant(tenant_id), self._lock:
            shared, own = self._shared(), self._tenants(tenant_id, lists)
        return {
            prefix: sorted({*shared.beginning(prefix), *own.beginning(prefix)}) for prefix in set(prefixes)
        }

    def _shared(self) -> HashTable:
        versions = frozenset(store.sources())
        if self._feeds is None or self._feeds[0] != versions:
            self._feeds = versions, HashTable(_hashes(_OF_FEEDS, {"versions": list(versions)}))
        return self._feeds[1]

    def _tenants(self, tenant_id: UUID, lists: object) -> HashTable:
        kept = self._own.pop(tenant_id, None)
        if kept is None or kept[0] is not lists:
            kept = lists, HashTable(_hashes(_OF_TENANT, {}))
        self._own[tenant_id] = kept
        while len(self._own) > _MOST_TENANTS:
            del self._own[next(iter(self._own))]
        return kept[1]


def _hashes(query: str, parameters: dict[str, Any]) -> Iterator[bytes]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(_AT_ONCE):
            for (digest,) in rows:
                yield bytes(digest)


_OF_FEEDS: Final = r"""
with listed as (
    select kind, value from feeds_indicator
    where version_id = any(%(versions)s) and kind in ('domain', 'ipv4', 'ipv6', 'url')
      and coalesce(detail ->> 'role', '') not in ('allow', 'allow_below')
), said as (
    select value as expression from listed where kind <> 'url'
    union all
    select rtrim(regexp_replace(place, '^([^/?#:]*)(:[0-9]*)?([^?#]*).*$', '\1\3'), '/')
    from (
        select regexp_replace(value, '^[a-z]+://([^/?#@]*@)?', '') as place
        from listed where kind = 'url' and value !~ '://\['
    ) as urls
)
select distinct sha256(convert_to(expression, 'UTF8')) from said where expression <> '' order by 1
"""
_OF_TENANT: Final = """
with said as (
    select name as expression from feeds_webname
    where on_list = 'deny' or on_list = 'category' and category in (
        select jsonb_array_elements_text(blocked_categories) from feeds_webprotection)
    union all select domain from feeds_threatfeeddomain
)
select distinct sha256(convert_to(expression, 'UTF8')) from said order by 1
"""
