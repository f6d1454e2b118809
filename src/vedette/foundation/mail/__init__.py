"""Outgoing mail: plain text with an HTML part, in one language, by the way that is set (sender.py).

`connection()` keeps one connection for many messages; it opens at the first one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from vedette.foundation.mail import sender
from vedette.foundation.mail.errors import MailError
from vedette.foundation.mail.outlook import GraphConnection
from vedette.foundation.mail.sender import Sender
from vedette.foundation.mail.smtp import SmtpConnection

__all__ = ["Connection", "MailError", "Sender", "connection", "send"]


class Connection(Protocol):
    """What sends messages one after the other."""

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send one message. Raises MailError."""

    def look(self) -> str:
        """Try the way without sending; return what was reached, in English. Raises MailError."""

    def close(self) -> None:
        """Close what is open."""


@contextmanager
def connection(tenant_id: UUID | None = None, *, by: Sender | None = None) -> Iterator[Connection]:
    """Keep one connection for many messages: `send(…, connection=c)`.

    Mail of a tenant goes by its own way where it has one; no transaction may be open. `by` is a certain way.
    """
    way = by or (sender.of(tenant_id) if tenant_id else sender.installation())
    kept: Connection = GraphConnection(way) if way.route == sender.GRAPH else SmtpConnection(way)
    try:
        yield kept
    finally:
        kept.close()


def send(
    to: str,
    subject: str,
    text: str,
    html: str | None = None,
    *,
    language: str = "en",
    connection: Connection | None = None,
) -> None:
    """Send one message to one address, by the installation's way unless a connection is given. Raises MailError.

    The texts are in `language` already; it is named in the header Content-Language.
    """
    message = EmailMultiAlternatives(subject, text, to=[to], headers={"Content-Language": language})
    if html is not None:
        message.attach_alternative(html, "text/html")
    if connection is not None:
        connection.send(message)
        return
    with _installation() as one:
        one.send(message)


_installation = connection
