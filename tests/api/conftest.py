"""The device API over real HTTP: uvicorn in a thread, a pool as the login role, phones that sign."""

import asyncio
import datetime as dt
import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec
import pytest
import uvicorn
from django.db import connection
from joserfc.jwk import ECKey
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import World, begin

from vedette.api.device.app import DeviceApi, make_app
from vedette.compliance.enroll import Membership
from vedette.directory.write import DeviceRecord, UserRecord
from vedette.foundation import database
from vedette.foundation.graph import GraphError
from vedette_facts import jose
from vedette_facts import protocol as p
from vedette_facts.report import Facts

PLAIN: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that only speak HTTP: reading the public authorities costs more than a test's whole talk."""


class Groups:
    """Stands where the Intune connector's live question stands: tests say who is in a group now.

    Whoever the last poll saw is still in their group, unless a test says that they `left` since.
    """

    def __init__(self) -> None:
        self.left: set[uuid.UUID | None] = set()
        self.members: dict[uuid.UUID, tuple[UserRecord, list[DeviceRecord]]] = {}
        self.owners: dict[uuid.UUID, uuid.UUID] = {}
        self.down: GraphError | None = None
        self.asked = 0
        self.meanwhile: Callable[[], None] | None = None

    def ask(self, tenant_id: uuid.UUID, oid: uuid.UUID) -> tuple[UserRecord, list[DeviceRecord]] | None:
        self._look(tenant_id)
        return self.members.get(oid)

    def covers(self, tenant_id: uuid.UUID, oid: uuid.UUID | None, device: uuid.UUID | None) -> bool:
        self._look(tenant_id)
        assert oid or device
        return oid not in self.left

    def owner(self, tenant_id: uuid.UUID, device: uuid.UUID) -> uuid.UUID | None:
        self._look(tenant_id)
        return self.owners.get(device)

    def _look(self, tenant_id: uuid.UUID) -> None:
        assert tenant_id
        assert not connection.in_atomic_block, "no network inside a transaction"
        self.asked += 1
        if self.meanwhile:
            self.meanwhile()
        if self.down:
            raise self.down


@dataclass
class Service:
    """A running device API."""

    url: str
    membership: Groups
    client: httpx.Client
    app: DeviceApi

    def post(self, path: str, body: bytes | str, **headers: str) -> httpx.Response:
        given = {"content-type": "application/jose"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.post(self.url + path, content=body, headers=given)


@pytest.fixture
def enrolled(db: Database, scenes: Scenes, request: pytest.FixtureRequest) -> tuple[World, dict[str, Any]]:
    """The tenant, with an activated phone's private key where the test wants a phone."""
    assert db.name
    if "phone" in request.fixturenames:
        return scenes.give("device api, a phone", with_phone)
    return scenes.give("device api", lambda: (begin(), {}))


def with_phone() -> tuple[World, dict[str, Any]]:
    world = begin()
    (device,) = world.activated()
    # activated again with a key that is known here
    return world, world.activate(device).as_dict(private=True)


@pytest.fixture
def world(enrolled: tuple[World, dict[str, Any]]) -> World:
    return enrolled[0]


@pytest.fixture
def service(database: Database) -> Iterator[Service]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with run(database.login_url, url, port) as running:
        yield running


class Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


class run:  # noqa: N801 - reads as a word
    """Serve the application in a thread, as project/asgi.py does in its process."""

    def __init__(self, login_url: str, url: str, port: int, *, live: Membership | None = None) -> None:
        self._login_url, self._url, self._port = login_url, url, port
        self._membership, self._live = Groups(), live
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Service:
        self._thread.start()
        assert self._ready.wait(20)
        return Service(self._url, self._membership, httpx.Client(timeout=20, verify=PLAIN), self._app)

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        pool = database.make_pool(self._login_url, max_size=4)
        await pool.open(wait=True, timeout=10)
        self._app = make_app(
            pool,
            self._live or Membership(self._membership.ask, self._membership.covers, self._membership.owner),
            public_url=self._url,
            check_in_seconds=60,
        )
        await self._app.start()
        config = uvicorn.Config(
            self._app, host="127.0.0.1", port=self._port, lifespan="off", log_level="warning"
        )
        self._server = Server(config, self._ready)
        await self._server.serve()
        await self._app.stop()
        await pool.close()


def plain_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass
class Phone:
    """A phone with its own key and clock."""

    service: Service
    key: ECKey = field(default_factory=jose.new_key)
    device_id: str = ""
    sequence: int = 0
    wrong_by: float = 0
    """Seconds by which its clock is ahead."""

    def now(self) -> dt.datetime:
        return plain_now() + dt.timedelta(seconds=self.wrong_by)

    def enroll(self, code: str, **more: Any) -> httpx.Response:
        device = {"platform": "ANDROID", "manufacturer": "Google", "model": "Pixel 8", "os_version": "15"}
        message = p.EnrollRequest(
            code=code,
            sent_at=self.now(),
            audience=more.pop("audience", self.service.url),
            device=p.EnrollDevice(**(device | more.pop("device", {}))),
            agent_version="1.0.0",
            **more,
        )
        answer = self.service.post(p.ENROLL_PATH, jose.sign(message, self.key, p.ENROLL_TYP))
        if answer.status_code in {200, 201}:
            self.device_id = answer.json()["device_id"]
        return answer

    def message(self, facts: Facts | None, /, **more: Any) -> p.ReportRequest:
        self.sequence = more.pop("sequence", self.sequence + 1)
        given: dict[str, Any] = {
            "device_id": self.device_id,
            "audience": self.service.url,
            "sequence": self.sequence,
            "observed_at": self.now(),
            "sent_at": self.now(),
        }
        if facts is not None:
            given["facts"] = msgspec.Raw(msgspec.json.encode(facts))
        return p.ReportRequest(**(given | more))

    def check_in(self, facts: Facts | None, /, **more: Any) -> httpx.Response:
        return self.send(self.message(facts, **more))

    def send(self, message: p.ReportRequest, **headers: str) -> httpx.Response:
        return self.service.post(p.CHECK_IN_PATH, jose.sign(message, self.key, p.REPORT_TYP), **headers)

    def status(self, **headers: str) -> httpx.Response:
        message = p.StatusRequest(device_id=self.device_id, audience=self.service.url, sent_at=self.now())
        return self.service.post(p.STATUS_PATH, jose.sign(message, self.key, p.STATUS_TYP), **headers)


@pytest.fixture
def phone(service: Service, enrolled: tuple[World, dict[str, Any]]) -> Phone:
    """A phone that is enrolled and has not reported yet."""
    world, key = enrolled
    (device,) = world.devices()
    return Phone(service, ECKey.import_key(key), str(device.id))
