"""The processes that `bench/dns.py` measures: a name server, a forwarder that looks at nothing, the resolver.

`python -m bench.dns_process WHICH` prints one line of JSON when it serves and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import ssl
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import uvloop

PHONES = 64
LISTED = 40_000


async def until_told(about: dict[str, Any]) -> None:
    """Say where it serves, and for each line read the seconds of processor time that it used."""
    print(json.dumps(about), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps({"cpu_s": time.process_time()}), flush=True)


async def upstream() -> None:
    from vedette_lab.names.server import NameServer  # noqa: PLC0415 -- each process loads only what it is

    server = NameServer()
    await server.start()
    await until_told({"port": server.port})
    await server.stop()


def files() -> tuple[Path, Path]:
    home = Path(os.environ["VEDETTE_HOME"])
    return home / "server.pem", home / "server.key"


class Forwarder(asyncio.DatagramProtocol):
    """Passes questions on under a number of its own and answers back, and does nothing else."""

    def __init__(self) -> None:
        self.asked: dict[int, tuple[asyncio.Transport, bytes]] = {}
        self._number = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def ask(self, phone: asyncio.Transport, message: bytes) -> None:
        self._number = (self._number + 1) & 0xFFFF
        self.asked[self._number] = phone, message[:2]
        self._transport.sendto(self._number.to_bytes(2) + message[2:])

    def datagram_received(self, data: bytes, _address: object) -> None:
        phone, number = self.asked.pop(int.from_bytes(data[:2]))
        if not phone.is_closing():
            phone.write(len(data).to_bytes(2) + number + data[2:])


class Listener(asyncio.Protocol):
    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._held = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        held = self._held
        held += data
        while len(held) > 1 and len(held) >= (end := 2 + int.from_bytes(held[:2])):
            self._forwarder.ask(self._transport, bytes(held[2:end]))
            del held[:end]


async def forwarder(port: int) -> None:
    loop = asyncio.get_running_loop()
    _, forwarding = await loop.create_datagram_endpoint(Forwarder, remote_addr=("127.0.0.1", port))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files())
    server = await loop.create_server(lambda: Listener(forwarding), "127.0.0.1", 0, ssl=context)
    await until_told({"port": server.sockets[0].getsockname()[1], "upstream": port})
    server.close()


def prepare(port: int) -> list[str]:
    """A tenant with web protection on, a feed of domains, and phones with an address each; return their tokens."""
    from tests.support.world import ADA, make_world  # noqa: PLC0415 -- Django is awake only now

    from vedette.devices import resolver as addresses  # noqa: PLC0415 -- as above
    from vedette.feeds import store, web_settings  # noqa: PLC0415 -- as above
    from vedette.foundation import database  # noqa: PLC0415 -- as above

    feed = "\n".join(f"bad{number}.listed{number % 977}.example" for number in range(LISTED))
    store.import_document("bench", feed.encode(), untyped="PHISHING_CONTENT")
    world = make_world()
    web_settings.change_settings(world.tenant_id, {"on": True, "upstream": f"127.0.0.1:{port}"}, ADA)
    for _ in range(PHONES):
        world.phone()
    world.poll()
    with database.writer(world.tenant_id):
        return [addresses.make(device, ADA).token for device in world.devices()]


async def resolver(port: int) -> None:
    from vedette.api.dns.app import DnsApi  # noqa: PLC0415 -- Django is awake only now
    from vedette.foundation import config, database  # noqa: PLC0415 -- as above

    tokens = await asyncio.to_thread(prepare, port)
    pool = database.make_pool(config.current().database_url or "")
    await pool.open(wait=True, timeout=30)
    certificate, key = files()
    settings = replace(
        config.current(),
        dot_port=0,
        dot_name="dns.vedette.test",
        dot_certificate=certificate,
        dot_key=key,
        allow_private_addresses=True,
    )
    app = DnsApi(pool, settings)
    await app.start()
    gc.freeze()  # as asgi.py does
    await until_told({"port": app.dot_port, "tokens": tokens, "listed": LISTED})
    await app.stop()
    await pool.close()


def main(which: str, port: str) -> None:
    if which == "upstream":
        uvloop.run(upstream())
    elif which == "forwarder":
        uvloop.run(forwarder(int(port)))
    else:
        from vedette.project import environment, migrations  # noqa: PLC0415 -- only this one needs a database

        with environment.database():
            migrations.migrate()
            uvloop.run(resolver(int(port)))


if __name__ == "__main__":
    main(*(sys.argv[1] + ":0").split(":")[:2])
