"""Asking over HTTPS (RFC 8484) through the guarded client, in threads of its own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx

from vedette.api.dns.upstream import ASK_SECONDS, Done, UpstreamError
from vedette.api.dns.wire import MOST_BYTES, Answer, Query, read_answer
from vedette.foundation import http
from vedette.foundation.name_server import NameServer

THREADS: Final = 16
MOST_UNDER_WAY: Final = 500
MEDIA_TYPE: Final = "application/dns-message"


class Https:
    """A resolver asked over HTTPS; connections are kept and shared by the threads."""

    def __init__(self, server: NameServer) -> None:
        self._url = server.url
        self._threads = ThreadPoolExecutor(THREADS, "dns-https")
        # one that whoever runs the machine chose may stand in its own network
        private = True if server.trusted else None
        self._client = http.client(
            timeout=ASK_SECONDS, total=ASK_SECONDS, max_bytes=MOST_BYTES, allow_private=private
        )
        self._under_way = 0
        self._loop = asyncio.get_running_loop()

    def ask(self, query: Query, done: Done) -> None:
        """Ask in a thread."""
        if self._under_way >= MOST_UNDER_WAY:
            done(UpstreamError("too many questions wait for the upstream"))
            return
        self._under_way += 1
        asked = self._loop.run_in_executor(self._threads, self._ask, query)
        asked.add_done_callback(lambda future: self._came(future, done))

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _came(self, future: "asyncio.Future[Answer]", done: Done) -> None:
        self._under_way -= 1
        if future.cancelled():
            done(UpstreamError("the service is stopping"))
            return
        error = future.exception()
        if error is None:
            done(future.result())
        else:
            done(error if isinstance(error, UpstreamError) else UpstreamError(type(error).__name__))

    def _ask(self, query: Query) -> Answer:
        try:
            answer = self._client.post(
                self._url,
                # number 0: the same question is the same request, which caches on the way like (RFC 8484, 4.1)
                content=query.forwarded(0),
                headers={"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE},
            )
        except httpx.HTTPError as error:
            raise UpstreamError(str(error) or type(error).__name__) from error
        if answer.status_code != httpx.codes.OK or answer.headers.get("Content-Type") != MEDIA_TYPE:
            raise UpstreamError(f"the upstream answered {answer.status_code}, not a DNS message")
        try:
            return read_answer(answer.content, query)
        except ValueError as error:
            raise UpstreamError(f"the upstream's answer cannot be read: {error}") from error
