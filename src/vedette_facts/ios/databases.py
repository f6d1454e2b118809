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
"""Together 200 million steps of SQLite's machine, for all databases of an acquisition: 5.8 s on one core of 2026."""

Row = tuple[object, ...]


class Work:
    """What the databases of one acquisition may take together: a thousand hostile ones no more than one."""

    def __init__(self) -> None:
        self._left = _MOST_CALLS

    def is_spent(self) -> bool:
        """Count a thousand steps; tell SQLite to stop when there are none left."""
        self._left -= 1
        return self._left < 0


_BROKEN: Final = (sqlite3.Error, UnicodeError)
"""The message of SQLite's own error may quote a broken schema that is no text."""


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


@contextmanager
def opened(content: bytes, work: Work) -> Iterator[sqlite3.Connection]:
    """Open a database from its bytes. UnreadableError when it is none, or when the work is spent."""
    if not content.startswith(_MAGIC):
        raise UnreadableError("It is not an SQLite database; in an encrypted backup everything looks so.")
    connection = sqlite3.connect(":memory:")
    try:
        # a database in write-ahead mode cannot be opened without its log: the bytes 18 and 19 say "legacy" instead
        connection.deserialize(content[:18] + b"\1\1" + content[20:])
        connection.text_factory = _text
        connection.execute("pragma trusted_schema = off")
        connection.execute("pragma query_only = on")
        connection.set_progress_handler(work.is_spent, _STEPS)
        yield connection
    except _BROKEN as error:
        raise UnreadableError(f"The database could not be read: {error}.") from None
    finally:
        connection.close()


def rows(connection: sqlite3.Connection, query: str) -> Iterator[Row]:
    """Yield the rows of a query, at most as many as are kept. UnreadableError when it fails."""
    try:
        yield from itertools.islice(connection.execute(query), MAX_LISTED)
    except _BROKEN as error:
        raise UnreadableError(f"The database could not be read: {error}.") from None
