"""Tables about operating systems: packed with a version of a feed, and all those in force as one."""

import threading
import zlib
from typing import Final
from uuid import UUID

import msgspec

from vedette.feeds.models import FeedVersion
from vedette.intel.os_knowledge import NOTHING_KNOWN, OsKnowledge
from vedette.intel.os_table import OsTable

LARGEST_UNPACKED: Final = 512 * 1024 * 1024

_lock = threading.Lock()
_kept: dict[frozenset[UUID], OsKnowledge] = {}


def pack(table: OsTable) -> bytes:
    """Make what is stored."""
    return zlib.compress(msgspec.json.encode(table))


def unpack(packed: bytes) -> OsTable:
    """Read what was stored."""
    unpacker = zlib.decompressobj()
    return msgspec.json.decode(unpacker.decompress(packed, LARGEST_UNPACKED), type=OsTable)


def current() -> OsKnowledge:
    """Give what the tables in force say. Needs a door, any. Read anew when other versions come into force."""
    active = FeedVersion.objects.filter(active=True, table__isnull=False)
    versions = frozenset(active.values_list("id", flat=True))
    if not versions:
        return NOTHING_KNOWN
    with _lock:
        known = _kept.get(versions)
        if known is None:
            packed = active.order_by("imported_at").values_list("table", flat=True)
            known = OsKnowledge(unpack(bytes(table)) for table in packed if table)
            _kept.clear()
            _kept[versions] = known
        return known
