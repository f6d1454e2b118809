"""How many streams one process holds, how fast an event reaches them all, and how fast many events come through.

`stream.connections`: 5,000 readers with one key; memory of the serving process before and after, and the time from the
commit of one event until the last of them has it. `stream.throughput`: events in one commit, until one reader and until
each of 100 has the last; and the same rows from a bare ASGI application that reads them once and sends the same bytes
to each reader, in the same run, in turn. `VEDETTE_BENCH_STREAMS` makes it smaller.
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import uvloop

from bench.api_process import Api, Child, api, child
from bench.results import Result

STREAMS = int(os.environ.get("VEDETTE_BENCH_STREAMS", "5000"))
ROUNDS = 5
LOADS = ((1, 10_000), (100, 2_000))
"""Readers, and events in one commit."""
AT_ONCE = 100
PATIENCE = 60


def run() -> Iterator[Result]:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with api() as running, child("bench.event_writer", running.about["tenant"], running.home) as writer:
        writer.ask("1")
        # first, while the process has not grown by anything else
        yield uvloop.run(measure_connections(running, writer))
        yield uvloop.run(measure_throughput(running, writer))


async def measure_connections(running: Api, writer: Child) -> Result:
    before = running.server.ask()["rss_kb"]
    readers: list[Reader] = []
    begun = time.perf_counter()
    while len(readers) < STREAMS:
        more = [Reader() for _ in range(min(AT_ONCE, STREAMS - len(readers)))]
        await asyncio.gather(*(reader.open(running.about["port"], stream(running)) for reader in more))
        readers += more
    connected = time.perf_counter() - begun
    after = running.server.ask()["rss_kb"]
    reached = []
    for _ in range(ROUNDS):
        times = await happen(writer, readers, 1)
        reached.append(round(max(times), 3))
        await asyncio.sleep(0.5)
    for reader in readers:
        reader.close()
    detail = {
        "streams": STREAMS,
        "kb_each": round((after - before) / STREAMS, 1),
        "connect_s": round(connected, 1),
        "reached_s": reached,
        "reached_max_s": max(reached),
    }
    return Result(
        "stream.connections", median(reached), "s", detail, goal="at most 20 kB each, all reached within 1 s"
    )


async def measure_throughput(running: Api, writer: Child) -> Result:
    found: dict[str, Any] = {}
    for count, events in LOADS:
        ours, floors = [], []
        for _ in range(ROUNDS):
            readers = [Reader() for _ in range(count)]
            for reader in readers:
                await reader.open(running.about["port"], stream(running))
            position = writer.ask("1")["position"]
            ours.append(events / max(await happen(writer, readers, events)))
            for reader in readers:
                reader.close()
            floors.append(events / await floor(running, count, position, readers[0].last))
        found[f"readers_{count}"] = {
            "events": events,
            "per_second": round(median(ours)),
            "min": round(min(ours)),
            "max": round(max(ours)),
            "floor_per_second": round(median(floors)),
            "ratio": round(median(mine / bare for mine, bare in zip(ours, floors, strict=True)), 2),
        }
    worst = min(found.values(), key=lambda one: one["ratio"])
    return Result(
        "stream.throughput",
        worst["per_second"],
        "events/s",
        found,
        goal="at least 0.5 of a bare ASGI stream",
        baseline={"name": "bare ASGI stream", "value": worst["floor_per_second"]},
        ratio=worst["ratio"],
    )


async def happen(writer: Child, readers: list[Reader], events: int) -> list[float]:
    """Let so much happen in one commit; return the seconds from the commit until each reader has the last event."""
    answer = await asyncio.to_thread(writer.ask, str(events))
    times = await asyncio.wait_for(
        asyncio.gather(*(reader.until(answer["last"]) for reader in readers)), PATIENCE
    )
    return [max(0.0005, at - answer["at"]) for at in times]


async def floor(running: Api, count: int, position: int, last: str) -> float:
    """Return the seconds until each reader of the bare application has the same last event."""
    port, readers, go = running.about["floor"], [Reader() for _ in range(count)], Reader()
    await asyncio.gather(*(reader.open(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") for reader in readers))
    begun = time.time()
    await go.open(port, f"GET /go?{position} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), wait=False)
    times = await asyncio.gather(*(reader.until(last) for reader in readers))
    for reader in (go, *readers):
        reader.close()
    return max(times) - begun


def stream(running: Api) -> bytes:
    lines = f"Host: x\r\nAuthorization: Bearer {running.token}\r\n"
    return f"GET /mra/stream/v2/events HTTP/1.1\r\n{lines}\r\n".encode()


class Reader(asyncio.Protocol):
    """A reader that costs little: it keeps the end of what came and when, and looks for one ID."""

    def __init__(self) -> None:
        self.last = ""
        self._transport: asyncio.Transport | None = None
        self._wanted = b""
        self._tail = b""
        self._found: asyncio.Future[float] | None = None
        self._begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._seen: dict[bytes, float] = {}

    async def open(self, port: int, request: bytes, *, wait: bool = True) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", port)
        self._transport = transport
        transport.write(request)
        if wait:
            await self._begun

    def data_received(self, data: bytes) -> None:
        if not self._begun.done() and b"heartbeat" in data:
            self._begun.set_result(None)
        text = self._tail + data
        at = text.rfind(b"id:0")
        while at >= 0 and text.find(b"\n", at) > 0:
            self._seen = {text[at + 3 : at + 39]: time.time()}
            break
        self._tail = text[-200:]
        if self._found and not self._found.done() and self._wanted in self._seen:
            self._found.set_result(self._seen[self._wanted])

    async def until(self, event_id: str) -> float:
        """Return when a message came whose last event this is."""
        self.last, self._wanted = event_id, event_id.encode()
        if self._wanted in self._seen:
            return self._seen[self._wanted]
        self._found = asyncio.get_running_loop().create_future()
        return await self._found

    def close(self) -> None:
        if self._transport:
            self._transport.abort()
