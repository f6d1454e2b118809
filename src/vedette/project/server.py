"""`vedette serve`: one uvicorn process on one machine."""

import asyncio
import socket
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management import call_command
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from vedette.api.mobile_risk.streaming import ABORT
from vedette.foundation import config, database
from vedette.project import assets

GRACE_SECONDS = 5


class Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type] # httptools' or h11's, chosen at import
    """Gives applications a way to cut a connection whose peer reads nothing: closing would wait for it for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Put the way into the state that each request of this connection gets."""
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, ABORT: transport.abort}


class Server(uvicorn.Server):
    """Ends event streams before it waits for connections: by itself one open stream would hold up the end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say farewell on every stream, then stop as usual."""
        from vedette.project.asgi import application  # noqa: PLC0415 - loaded by then, by its address

        await application.end_streams()
        await super().shutdown(sockets)


def run(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Refuses a database login that row-level security would not hold."""
    database.check_login()
    assets.collect(
        settings.STATIC_ROOT, lambda: call_command("collectstatic", interactive=False, verbosity=0)
    )
    server = Server(
        uvicorn.Config(
            "vedette.project.asgi:application",
            host=host,
            port=port,
            http=Protocol,
            log_level=config.current().log_level.lower(),
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
            # The address in front is the proxy's business; only a local one is believed.
            forwarded_allow_ips="127.0.0.1",
        )
    )
    server.run()
