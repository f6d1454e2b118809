"""SQLite databases of an iOS backup, opened in memory and read-only, with a bound on work: others made them."""

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from vedette_facts.limits import MAX_LISTED, UnreadableError

_MAGIC: Final = b"SQLite format 3\0"
_STEPS: Final = 1000
_MOST_CALLS: Final = 200_000
"""Together 200 million steps of SQLite's machine: some seconds, more than the largest honest query takes."""

Row = tuple[object, ...]


@contextmanager
def opened(content: bytes) -> Iterator[sqlite3.Connection]:
    """Open a database from its bytes. UnreadableError when it is none."""
    if not content.startswith(_MAGIC):
        raise UnreadableError("It is not an SQLite database; in an encrypted backup everything looks so.")
    connection = sqlite3.connect(":memory:")
    try:
        # a database in write-ahead mode cannot be opened without its log: the bytes 18 and 19 say "legacy" instead
        connection.deserialize(content[:18] + b"\1\1" + content[20:])
        connection.execute("pragma trusted_schema = off")
        connection.execute("pragma query_only = on")
        left = iter(range(_MOST_CALLS))
        connection.set_progress_handler(lambda: next(left, None) is None, _STEPS)
        yield connection
    except sqlite3.Error as error:
        raise UnreadableError(f"The database could not be read: {error}.") from None
    finally:
        connection.close()


def rows(connection: sqlite3.Connection, query: str) -> Iterator[Row]:
    """Yield the rows of a query, at most as many as are kept. UnreadableError when it fails."""
    try:
        yield from itertools.islice(connection.execute(query), MAX_LISTED)
    except sqlite3.Error as error:
        raise UnreadableError(f"The database could not be read: {error}.") from None
