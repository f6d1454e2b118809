"""An HTTP protocol for uvicorn that lets the application cut a connection, as a broken network does."""

from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT: Final = "vedette_lab.transport"


class DroppableProtocol(HttpToolsProtocol):
    """Puts the connection's transport into the scope of each request."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)[TRANSPORT] = self.transport
