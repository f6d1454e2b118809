"""The native API over real HTTP: uvicorn in a thread, a pool as the login role, programs with keys."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from tests.support.risk_api import START_SECONDS, free_port, make_key
from tests.support.world import World

from vedette.api.native.app import NativeApi
from vedette.api.native.people_live import Found
from vedette.foundation import database
from vedette.tenants.application_keys import Scope

PREFIX = "/api/v1"


@dataclass
class Entra:
    """Stands where the live look-up of people stands: tests say whom Entra knows, or that it fails."""

    people: dict[str, Found] = field(default_factory=dict)
    fails: Exception | None = None
    meanwhile: Callable[[], None] | None = None

    def knows(self, upn: str, email: str = "") -> Found:
        found = Found(uuid.uuid4(), upn, upn.partition("@")[0].title(), email)
        self.people[upn] = found
        return found

    def find(self, tenant_id: uuid.UUID, text: str) -> Found | None:
        assert tenant_id
        if self.meanwhile:
            self.meanwhile()
        if self.fails:
            raise self.fails
        return self.people.get(text)


@dataclass
class Service:
    """A running API."""

    url: str
    entra: Entra
    app: NativeApi
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))


@dataclass
class Program:
    """A program with a key of one tenant."""

    service: Service
    key: str
    key_id: uuid.UUID | None = None

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"} | more.pop("headers", {})
        given = {"json": body} if body is not None else {}
        return self.service.client.request(
            method, f"{self.service.url}{PREFIX}{path}", headers=headers, **given, **more
        )

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.ask("GET", path, params=query)

    def read(self, path: str, **query: Any) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, body, headers=given)


def program(service: Service, world: World, *scopes: Scope) -> Program:
    issued = make_key(world, *scopes)
    return Program(service, issued.key, issued.row.id)


@contextmanager
def serving(login_url: str, **settings: Any) -> Iterator[Service]:
    """Serve the application in a thread, as project/asgi.py does in its process."""
    port, ready = free_port(), threading.Event()
    made: dict[str, Any] = {}
    entra = Entra()

    async def serve() -> None:
        pool = database.make_pool(login_url, max_size=4)
        await pool.open(wait=True, timeout=10)
        app = NativeApi(pool, find_person=entra.find, **settings)
        config = uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="off", log_level="warning")
        server = uvicorn.Server(config)
        made.update(app=app, server=server)
        running = asyncio.create_task(server.serve())
        while not server.started and not running.done():  # noqa: ASYNC110 uvicorn offers no event
            await asyncio.sleep(0.01)
        ready.set()
        await running
        await app.stop()
        await pool.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(START_SECONDS)
    service = Service(f"http://127.0.0.1:{port}", entra, made["app"])
    try:
        yield service
    finally:
        service.client.close()
        made["server"].should_exit = True
        thread.join(START_SECONDS)
        assert not thread.is_alive()
