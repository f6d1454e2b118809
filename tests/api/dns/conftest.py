"""The resolver as a whole, over real sockets: DoH, DoT and the block page, with the lab's name server behind it."""

import asyncio
import socket
import ssl
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self, TypeVar, cast

import dns.message
import dns.query
import httpx
import pytest
import uvicorn
import uvloop
from joserfc.jwk import ECKey
from tests.support.database import Database
from tests.support.http_server import certificate_for
from tests.support.scenes import Scenes
from tests.support.world import ADA, World, begin, make_world

from vedette.api.dns.app import DnsApi
from vedette.devices import resolver
from vedette.devices.models import Device
from vedette.feeds import web_lists, web_names, web_settings
from vedette.foundation import clock, config, database
from vedette_agent.identity import Identity, PrivateKey
from vedette_agent.store import Store
from vedette_agent.transport import Transport
from vedette_agent.web import WebClient
from vedette_facts import jose
from vedette_lab.names.server import NameServer

T = TypeVar("T")
JWK = ("kty", "crv", "x", "y", "d")
START_SECONDS = 20
DOT_NAME = "dns.vedette.test"
SINKHOLE = "192.0.2.99"
BAD, ALLOWED, CATEGORY = "bad.example", "fine.bad.example", "casino.example"


class Serving:
    """The resolver and an upstream in a thread with a loop of its own."""

    def __init__(self, login_url: str, certificate: tuple[Path, Path]) -> None:
        self.certificate, self._key = certificate
        self._login_url = login_url
        self.loop = uvloop.new_event_loop()  # as in production
        self.api: DnsApi
        self.url = ""
        self.names = NameServer()
        self._ready = threading.Event()
        self._server: uvicorn.Server
        self._thread = threading.Thread(target=lambda: self.loop.run_until_complete(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        pool = database.make_pool(self._login_url, max_size=2)
        await pool.open(wait=True, timeout=10)
        await self.names.start()
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            settings = replace(
                config.current(),
                public_url=self.url,
                dot_name=DOT_NAME,
                dot_port=0,
                block_port=0,
                dot_certificate=self.certificate,
                dot_key=self._key,
                sinkhole_ipv4=IPv4Address(SINKHOLE),
            )
            self.api = DnsApi(pool, settings)
            await self.api.start()
            options = uvicorn.Config(self.api, lifespan="off", log_level="warning")
            self._server = uvicorn.Server(options)
            starting = asyncio.create_task(self._server.serve([listening]))
            while not self._server.started:  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.01)
            self._ready.set()
            await starting
        await self.api.stop()
        await self.names.stop()
        await pool.close()

    def do(self, work: Any) -> Any:
        """Run a coroutine in the service's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(START_SECONDS)

    def forget(self) -> None:
        """Forget what was remembered of phones, policies and answers."""
        service = self.api.service
        service.phones._kept.clear()
        service.policies._kept.clear()
        service.resolver._places.clear()
        service.encounters._met.clear()


@pytest.fixture(scope="session")
def serving(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    certificate = certificate_for(tmp_path_factory.mktemp("dot"), f"*.{DOT_NAME}")
    with Serving(database.login_url, certificate) as running:
        yield running


@dataclass
class Asker:
    """A phone with an address at the resolver."""

    serving: Serving
    world: World
    device: Device
    address: resolver.Address
    stranger: World
    key: ECKey

    def identity(self) -> Identity:
        """What the reference agent keeps of this phone."""
        return Identity(
            server=self.serving.url,
            private_key=PrivateKey(
                **cast("dict[str, str]", {name: self.key.as_dict(private=True)[name] for name in JWK})
            ),
            device_id=str(self.device.id),
            key_id=jose.key_id(jose.public_jwk(self.key)),
            binding="code",
            enrolled_at=clock.now(),
        )

    def client(self) -> tuple[WebClient, httpx.AsyncClient]:
        """The reference agent, as this phone."""
        identity = self.identity()
        store = SimpleNamespace(identity=lambda: identity, state=lambda: SimpleNamespace(retired=False))
        http = httpx.AsyncClient(verify=False)  # noqa: S501 - plain HTTP
        return WebClient(cast("Store", store), Transport(http)), http

    def ask(self, work: Callable[[WebClient], Awaitable[T]]) -> T:
        async def run() -> T:
            client, http = self.client()
            async with http:
                return await work(client)

        return asyncio.run(run())

    def over_https(self, name: str, type_: str = "A", **more: Any) -> dns.message.Message:
        query = dns.message.make_query(name, type_, use_edns=True, id=0)
        answer = self.post(query.to_wire(), **more)
        assert answer.status_code == 200, answer.text
        return dns.message.from_wire(answer.content)

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        given = {"content-type": "application/dns-message"} | headers
        return httpx.post(self.path, content=body, headers=given, verify=False)  # noqa: S501 - plain HTTP

    @property
    def path(self) -> str:
        return f"{self.serving.url}/dns/{self.address.token}"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.serving.certificate))

    def over_tls(self, name: str, type_: str = "A") -> dns.message.Message:
        query = dns.message.make_query(name, type_, use_edns=True)
        return dns.query.tls(
            query,
            "127.0.0.1",
            port=self.serving.api.dot_port,
            server_hostname=f"{self.address.token}.{DOT_NAME}",
            ssl_context=self.trust(),
            timeout=START_SECONDS,
        )

    def met(self) -> Any:
        """Write down what waits and return the encounters."""
        from vedette.compliance.models import WebEncounter  # noqa: PLC0415 needs Django

        self.serving.do(self.serving.api.service.encounters.write())
        with database.tenant(self.world.tenant_id):
            return list(WebEncounter.objects.filter(device=self.device).order_by("subject"))


def listed(on_list: str, name: str, world: World, *, category: str = "") -> None:
    """Put a name on one of the tenant's lists."""
    web_names.add(world.tenant_id, on_list, [name], ADA, category=category)


def prepare() -> tuple[World, uuid.UUID, World, dict[str, Any]]:
    world = begin()
    (device,) = world.activated()
    key = world.activate(device).as_dict(private=True)
    listed("deny", BAD, world)
    listed("allow", ALLOWED, world)
    listed("category", CATEGORY, world, category="gambling")
    return world, device.id, make_world("Others"), key


@pytest.fixture
def asker(serving: Serving, db: Database, scenes: Scenes) -> Iterator[Asker]:
    assert db.name
    world, device_id, stranger, key = scenes.give("resolver", prepare)
    given = {"on": True, "upstream": f"127.0.0.1:{serving.names.port}", "pause_minutes": 30}
    web_settings.change_settings(world.tenant_id, given, ADA)
    web_lists.forget(world.tenant_id)
    with database.writer(world.tenant_id):
        device = Device.objects.get(pk=device_id)
        address = resolver.make(device, ADA)
    serving.forget()
    yield Asker(serving, world, device, address, stranger, ECKey.import_key(key))
    # what is still on its way belongs to this test
    serving.do(serving.api.service.encounters.write())
