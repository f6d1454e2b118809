"""How many names a second the resolver answers over TLS, against a forwarder that looks at nothing.

Both listen with the same certificate and ask the same name server over UDP (the lab's, a process of its own). 64
phones with a connection each keep two questions under way, no name twice, so that nothing comes from memory. Rounds of
both alternate. A second figure is of names that were asked before.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from bench.api_process import Child, child
from bench.results import Result, quantile

ROUNDS = 5
QUESTIONS = int(os.environ.get("VEDETTE_BENCH_QUESTIONS", "6400"))
UNDER_WAY = 2
PATIENCE = 30.0


def run() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as home:
        from tests.support.http_server import certificate_for  # noqa: PLC0415 -- where names are made

        certificate, _key = certificate_for(Path(home), "*.dns.vedette.test")
        with (
            child("bench.dns_process", "upstream", home) as upstream,
            child("bench.dns_process", f"forwarder:{upstream.hear()['port']}", home) as forwarder,
        ):
            plain = forwarder.hear()
            with child("bench.dns_process", f"resolver:{plain['upstream']}", home) as resolver:
                about = resolver.hear()
                servers = {
                    "resolver": (resolver, about["port"]),
                    "forwarder": (forwarder, plain["port"]),
                    "remembered": (resolver, about["port"]),
                }
                yield uvloop.run(measure(servers, about, certificate))


async def measure(servers: dict[str, tuple[Child, int]], about: dict[str, Any], certificate: Path) -> Result:
    trust = ssl.create_default_context(cafile=str(certificate))
    seen: dict[str, list[float]] = {name: [] for name in servers}
    times: dict[str, list[float]] = {name: [] for name in servers}
    cpu = dict.fromkeys(servers, 0.0)
    for number in range(ROUNDS + 1):
        for name, (server, port) in servers.items():
            prefix = f"r{number}" if name != "remembered" else "again"
            before = server.ask()["cpu_s"]
            rate, waits = await one_round(port, about["tokens"], trust, prefix)
            if number:  # the first one warms up
                cpu[name] += server.ask()["cpu_s"] - before
                seen[name].append(rate)
                times[name] += waits
    figures = {
        name: {
            "per_s": round(median(rates)),
            "min": round(min(rates)),
            "max": round(max(rates)),
            "p50_ms": round(quantile(times[name], 0.5) * 1000, 2),
            "p99_ms": round(quantile(times[name], 0.99) * 1000, 2),
            "cpu_us": round(cpu[name] * 1e6 / (ROUNDS * QUESTIONS)),
        }
        for name, rates in seen.items()
    }
    ours, bare = median(seen["resolver"]), median(seen["forwarder"])
    # by pairs: what else is at work on the machine changes from round to round
    ratios = [each / floor for each, floor in zip(seen["resolver"], seen["forwarder"], strict=True)]
    detail = {
        **figures,
        "p99_ms": figures["resolver"]["p99_ms"],
        "rounds": ROUNDS,
        "questions": QUESTIONS,
        "phones": len(about["tokens"]),
        "listed": about["listed"],
        "ratios": [round(ratio, 2) for ratio in ratios],
    }
    baseline = {"name": "a forwarder that looks at nothing", "value": round(bare)}
    return Result(
        "dns.queries",
        round(ours),
        "/s",
        detail,
        goal="ratio at least 0.5",
        baseline=baseline,
        ratio=round(median(ratios), 2),
    )


async def one_round(
    port: int, tokens: list[str], trust: ssl.SSLContext, prefix: str
) -> tuple[float, list[float]]:
    """Ask all questions; give how many were answered a second, and the seconds that each took."""
    each = QUESTIONS // len(tokens)
    phones = [Phone(token, port, trust) for token in tokens]
    await asyncio.gather(*(phone.connect() for phone in phones))
    begun = time.perf_counter()
    waits = await asyncio.gather(
        *(phone.ask(each, f"{prefix}-{number}") for number, phone in enumerate(phones))
    )
    seconds = time.perf_counter() - begun
    for phone in phones:
        phone.transport.close()
    return each * len(tokens) / seconds, [wait for some in waits for wait in some]


class Phone(asyncio.Protocol):
    """Asks over one connection, so many at once."""

    transport: asyncio.Transport

    def __init__(self, token: str, port: int, trust: ssl.SSLContext) -> None:
        self._name, self._port, self._trust = f"{token}.dns.vedette.test", port, trust
        self._held = bytearray()

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(
            lambda: self, "127.0.0.1", self._port, ssl=self._trust, server_hostname=self._name
        )
        self.transport = transport
        self._done = loop.create_future()

    async def ask(self, count: int, prefix: str) -> list[float]:
        self._left, self._next, self._prefix = count, 0, prefix
        self._count = count
        self._sent: dict[int, float] = {}
        self._waits: list[float] = []
        for _ in range(UNDER_WAY):
            self._send()
        async with asyncio.timeout(PATIENCE):
            await self._done
        return self._waits

    def _send(self) -> None:
        if self._next >= self._count:
            return
        label = f"{self._prefix}-{self._next}".encode()
        name = bytes([len(label)]) + label + b"\x05bench\x07example\0"
        message = (
            self._next.to_bytes(2)
            + b"\1\0\0\1\0\0\0\0\0\1"
            + name
            + b"\0\1\0\1"
            + b"\0\0\x29\x04\xd0"
            + bytes(6)
        )
        self._sent[self._next] = time.perf_counter()
        self._next += 1
        self.transport.write(len(message).to_bytes(2) + message)

    def data_received(self, data: bytes) -> None:
        held = self._held
        held += data
        while len(held) > 1 and len(held) >= (end := 2 + int.from_bytes(held[:2])):
            # an answer with a record, no error: what does not come would look quick
            assert held[5] & 0xF == 0
            assert held[9] == 1
            self._waits.append(time.perf_counter() - self._sent[int.from_bytes(held[2:4])])
            del held[:end]
            self._left -= 1
            if self._left:
                self._send()
            elif not self._done.done():
                self._done.set_result(None)
