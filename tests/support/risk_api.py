"""The APIs for other programs over real HTTP: uvicorn in a thread, a pool as the login role, a client with a token."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from tests.support.world import ADA, World

from vedette.api.mobile_risk.app import MobileRiskApi
from vedette.foundation import database
from vedette.project.server import Protocol
from vedette.tenants import application_keys
from vedette.tenants.application_keys import Issued, Scope, Wish

START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_key(world: World, *scopes: Scope, **more: Any) -> Issued:
    with database.writer(world.tenant_id):
        wish = Wish(label="Tests", scopes=scopes or list(Scope), **more)
        return application_keys.create(wish, ADA)


@dataclass
class Service:
    """A running API."""

    url: str
    cut: Callable[[], None]
    """Break every stream without a word, as a crash does."""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def token(self, key: str) -> str:
        answer = self.client.post(
            f"{self.url}/oauth2/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token


@dataclass
class Program:
    """A program with a key of one tenant, and a token for it."""

    service: Service
    key: str
    token: str = ""

    def __post_init__(self) -> None:
        self.token = self.token or self.service.token(self.key)

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.service.client.get(
            f"{self.service.url}{path}",
            params=parameters,
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def read(self, path: str, **parameters: Any) -> Any:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


class _Server(uvicorn.Server):
    """Ends streams before it waits for connections, and tells when it listens."""

    def __init__(self, config: uvicorn.Config, app: MobileRiskApi) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._app.end_streams()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def serving(login_url: str, port: int = 0, **settings: Any) -> Iterator[Service]:
    """Serve the application in a thread, as project/asgi.py does in its process."""
    port = port or free_port()
    made: dict[str, Any] = {}
    begun = threading.Event()

    async def serve() -> None:
        pool = database.make_pool(login_url, max_size=4)
        await pool.open(wait=True, timeout=10)
        app = MobileRiskApi(pool, **settings)
        app.start()
        made["cut"], made["loop"] = app._hub.cut, asyncio.get_running_loop()
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, lifespan="off", log_level="warning", http=Protocol
        )
        made["server"] = _Server(config, app)
        begun.set()
        await made["server"].serve()
        await app.stop()
        await pool.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert begun.wait(START_SECONDS)
    assert made["server"].ready.wait(START_SECONDS)
    service = Service(f"http://127.0.0.1:{port}", lambda: made["loop"].call_soon_threadsafe(made["cut"]))
    try:
        yield service
    finally:
        service.client.close()
        made["server"].should_exit = True
        thread.join(START_SECONDS)
        assert not thread.is_alive()
