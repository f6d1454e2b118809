"""Everything of the resolver in one process: DNS over HTTPS beside the other APIs, DNS over TLS and the block page.

DNS over TLS and the block page listen at ports of their own, where settings name them.
"""

import logging
import ssl

from vedette.api.dns.block_page import BlockPage
from vedette.api.dns.device_calls import WebCalls
from vedette.api.dns.doh import DohApi
from vedette.api.dns.dot import DotServer
from vedette.api.dns.service import ResolverService
from vedette.api.http import Receive, Scope, Send
from vedette.foundation import config
from vedette.foundation.config import Config, ConfigError
from vedette.foundation.database import Pool

log = logging.getLogger(__name__)


class DnsApi:
    """ASGI application for /dns/ and /device/v1/web/, and the two listeners. `start` after the pool is open."""

    def __init__(self, pool: Pool, settings: Config | None = None) -> None:
        self._settings = settings or config.current()
        self.service = ResolverService(pool, self._settings)
        self._doh = DohApi(self.service)
        self._calls = WebCalls(pool, public_url=self._settings.public_url)
        self._dot: DotServer | None = None
        self._block_page: BlockPage | None = None
        self.dot_port = self.block_port = 0

    def serves(self, path: str) -> bool:
        """Tell whether a path is answered here."""
        return self._doh.serves(path) or self._calls.serves(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app = self._doh if self._doh.serves(scope["path"]) else self._calls
        await app(scope, receive, send)

    async def start(self) -> None:
        """Listen where settings say so. Raises ConfigError and OSError."""
        settings = self._settings
        self.service.start()
        self._calls.start()
        if settings.dot_port is not None:
            self._dot = dot_server(self.service, settings)
            self.dot_port = await self._dot.start(settings.listen, settings.dot_port)
        if settings.block_port is not None:
            self._block_page = BlockPage()
            self.block_port = await self._block_page.start(settings.listen, settings.block_port)

    async def stop(self) -> None:
        """End: what was met is written down first."""
        if self._dot:
            await self._dot.stop()
        if self._block_page:
            await self._block_page.stop()
        await self._doh.stop()
        await self._calls.stop()
        await self.service.stop()


def dot_server(service: ResolverService, settings: Config) -> DotServer:
    """Return the server for DNS over TLS. Raises ConfigError that says what is missing."""
    certificate, key = settings.dot_certificate, settings.dot_key
    if certificate is None or key is None or not settings.dot_name:
        raise ConfigError(
            "VEDETTE_DOT_PORT is set: DNS over TLS also needs VEDETTE_DOT_NAME, VEDETTE_DOT_CERTIFICATE_FILE and"
            " VEDETTE_DOT_KEY_FILE."
        )
    try:
        return DotServer(service, certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"VEDETTE_DOT_CERTIFICATE_FILE ({certificate}) or VEDETTE_DOT_KEY_FILE ({key}) cannot be used: {error}."
        ) from error
