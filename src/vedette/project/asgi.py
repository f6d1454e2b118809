"""One process, two kinds of work: phones, other programs and health on thin ASGI, the console on Django under WSGI.

Django under ASGI costs eleven to fourteen times more per page (design.md 3), so it runs in a2wsgi's threads.
"""

import gc
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vedette.project.settings")

import django

django.setup()

from a2wsgi import WSGIMiddleware  # noqa: E402 - Django first

from vedette.api.device.app import make_app  # noqa: E402
from vedette.api.dns.app import DnsApi  # noqa: E402
from vedette.api.mobile_risk.app import MobileRiskApi  # noqa: E402
from vedette.api.native.app import NativeApi  # noqa: E402
from vedette.api.notifications import NotificationApi  # noqa: E402
from vedette.connectors.intune import membership  # noqa: E402
from vedette.foundation import config, database  # noqa: E402
from vedette.project.health import health_app  # noqa: E402
from vedette.project.wsgi import application as django_application  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONSOLE_THREADS = 8
DEVICE_PREFIX = "/device/v1"
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})


class Router:
    """Send each request to the application that serves its address; start and stop what they share."""

    def __init__(self) -> None:
        """Build the applications; the pools open at start-up. Programs that read much never keep a phone waiting."""
        settings = config.current()
        self.pool = database.make_pool(settings.database_url or "", name="device-api")
        self.device = make_app(self.pool, membership.LIVE)
        self.dns_pool = database.make_pool(settings.database_url or "", max_size=4, name="dns")
        self.dns = DnsApi(self.dns_pool)
        self.risk_pool = database.make_pool(settings.database_url or "", name="risk-api")
        self.risk = MobileRiskApi(self.risk_pool)
        self.notifications = NotificationApi(self.risk_pool)
        self.native = NativeApi(self.risk_pool)
        # a2wsgi and Django each name the same protocols by types of their own.
        self.console = cast("App", WSGIMiddleware(cast("Any", django_application), workers=CONSOLE_THREADS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request, or the start and end of the process."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        path: str = scope.get("path", "")
        if self.dns.serves(path):
            await self.dns(scope, receive, send)
        elif path.startswith(DEVICE_PREFIX + "/"):
            await self.device(scope, receive, send)
        elif self.risk.serves(path):
            await self.risk(scope, receive, send)
        elif self.notifications.serves(path):
            await self.notifications(scope, receive, send)
        elif self.native.serves(path):
            await self.native(scope, receive, send)
        elif path in HEALTH_PATHS:
            await health_app(scope, receive, send)
        else:
            await self.console(scope, receive, send)

    async def end_streams(self) -> None:
        """End what never ends by itself, before the server waits for its connections (server.py)."""
        await self.risk.end_streams()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.pool.open(wait=True, timeout=10)
            await self.risk_pool.open(wait=True, timeout=10)
            await self.dns_pool.open(wait=True, timeout=10)
            await self.device.start()
            self.risk.start()
            await self.dns.start()
        except Exception as error:  # noqa: BLE001 - uvicorn prints the message and stops; nothing else can
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        # what is loaded by now lives as long as the process: the collector need not walk it again and again
        gc.collect()
        gc.freeze()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.device.stop()
        await self.dns.stop()
        await self.native.stop()
        await self.risk.stop()
        await self.risk_pool.close()
        await self.dns_pool.close()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})


application = Router()
