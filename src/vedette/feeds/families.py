"""Names of the families in force that come as an application, for inventories that know no package names."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from django.db import connection

from vedette.feeds import store
from vedette.intel import Kind, Source

Names = Mapping[str, tuple[str, Source]]
"""Name in small letters to the name as the feed writes it, and the feed."""

_APPLICATIONS: Final = (str(Kind.PACKAGE), str(Kind.IOS_BUNDLE))
_ROWS: Final = """
select distinct version_id, family from feeds_indicator
where version_id = any(%s) and kind = any(%s) and family <> '' order by version_id, family
"""
_kept: dict[frozenset[UUID], Names] = {}


def names() -> Names:
    """Give the names; needs a door, any. Read anew when other versions of the feeds come into force."""
    sources = store.sources()
    versions = frozenset(sources)
    known = _kept.get(versions)
    if known is None:
        found: dict[str, tuple[str, Source]] = {}
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [list(sources), list(_APPLICATIONS)])
            for version, family in cursor.fetchall():
                found.setdefault(spelling(family), (family, sources[version]))
        known = MappingProxyType(found)
        _kept.clear()
        _kept[versions] = known
    return known


def spelling(name: str) -> str:
    """Pure: the form in which names are compared."""
    return " ".join(name.casefold().split())
