"""Django's ORM for what an ASGI application does seldom: a few threads, each with a database connection of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import close_old_connections, connections
from django.db.utils import DatabaseError

T = TypeVar("T")


class Threads:
    """So many threads; more work waits."""

    def __init__(self, count: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(count, name)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run a function and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _guarded, work, arguments)

    async def stop(self) -> None:
        """Wait for what is under way."""
        await asyncio.to_thread(self._threads.shutdown, wait=True)


def _guarded(work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    close_old_connections()
    try:
        return work(*arguments)
    except DatabaseError:
        # whatever state the connection is in, the next work of this thread gets a new one
        connections.close_all()
        raise
