"""Functions that are written for the pool of the thin APIs, run on Django's connection.

They await nothing but their connection. Given one that answers at once, such a coroutine ends at its first step, so it
needs no event loop; Django refuses its connection inside one.
"""

from collections.abc import Coroutine
from typing import Any, TypeVar, cast

import psycopg
from django.db import connection
from psycopg import AsyncConnection
from psycopg.types.json import JsonbLoader

T = TypeVar("T")


class _Cursor:
    def __init__(self, cursor: "psycopg.Cursor[Any]") -> None:
        self._cursor = cursor

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()


class _Connection:
    async def execute(self, query: Any, parameters: Any = None) -> _Cursor:
        # Django reads jsonb as text, for its own fields to decode; these functions expect it decoded.
        connection.ensure_connection()
        cursor: psycopg.Cursor[Any] = connection.connection.cursor()
        cursor.adapters.register_loader("jsonb", JsonbLoader)
        return _Cursor(cursor.execute(query, parameters))


def borrowed() -> "AsyncConnection[Any]":
    """Return Django's connection of this thread, behind whichever door is open, for a function of the pool."""
    return cast("AsyncConnection[Any]", _Connection())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing but `borrowed`. Raises RuntimeError for one that does."""
    try:
        work.send(None)
    except StopIteration as ended:
        return cast("T", ended.value)
    work.close()
    raise RuntimeError("this work waits for something else than its connection")
