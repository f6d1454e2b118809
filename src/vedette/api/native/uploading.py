"""A file that comes in as a body: written to its place in pieces, never whole in memory."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from vedette.api.http import GoneError, Request, SlowError, TooLargeError
from vedette.api.native.problems import Problem
from vedette.api.native.scans import not_taken
from vedette.api.threads import Threads
from vedette.scans import uploads
from vedette.scans.uploads import Incoming, Received, UploadError

PIECE: Final = 256 * 1024
AT_ONCE: Final = 3
"""Uploads that a process takes at a time, as many as the console's."""
RETRY_SECONDS: Final = 60
FORMS: Final = ("multipart/", "application/json")


class Uploads:
    """Takes files, a few at a time."""

    def __init__(self, threads: Threads, seconds: float) -> None:
        self._threads = threads
        self._seconds = seconds
        self._places = asyncio.Semaphore(AT_ONCE)

    async def take(self, request: Request) -> Received:
        """Write the body down. Raises Problem, TooLargeError, SlowError or GoneError; nothing is left then."""
        if request.header(b"content-type").lower().startswith(FORMS):
            raise Problem(
                "media_type",
                "The body must be the file itself, not a form around it.",
                next_step="Send it as application/octet-stream, with curl as --data-binary @FILE.",
            )
        announced = request.header(b"content-length")
        if announced.isdigit() and int(announced) > uploads.most_bytes():
            raise TooLargeError
        if self._places.locked():
            headers = [(b"retry-after", str(RETRY_SECONDS).encode())]
            raise Problem("too_many", "Other uploads are under way.", headers=headers)
        async with self._places:
            return await self._write(request)

    async def _write(self, request: Request) -> Received:
        run = self._threads.run
        try:
            incoming: Incoming = await run(Incoming)
        except UploadError as error:
            raise not_taken(error) from None
        try:
            async with asyncio.timeout(self._seconds):
                async for piece in _pieces(request):
                    await run(incoming.write, piece)
            return await run(incoming.finish)
        except UploadError as error:
            raise not_taken(error) from None
        except TimeoutError:
            await run(incoming.abandon)
            raise SlowError from None
        except BaseException:
            await run(incoming.abandon)
            raise


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """Give the body as it comes in, in pieces that are worth writing. Raises GoneError."""
    waiting, more = bytearray(), True
    while more:
        event = await request.receive()
        if event["type"] == "http.disconnect":
            raise GoneError
        waiting += event.get("body", b"")
        more = event.get("more_body", False)
        if len(waiting) >= PIECE or not more:
            yield bytes(waiting)
            waiting.clear()
