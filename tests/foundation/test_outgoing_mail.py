"""Mail through a real SMTP server in this process."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.utils import translation

from vedette.foundation import mail


class Mailbox:
    """Keeps what arrives; refuses some addresses as servers do."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.connections: set[Any] = set()

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such person"
        if address.startswith("full@"):
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
        message = BytesParser(EmailMessage, policy=default).parsebytes(envelope.content)
        if message["Subject"] == "spam":
            return "554 looks like spam"
        self.messages.append(message)
        self.connections.add(session.peer)
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_PORT", port)
    yield box
    controller.stop()


def test_text_and_html_in_one_language(mailbox: Mailbox) -> None:
    mail.send("ada@example.org", "Téléphone à risque", "Bonjour é", "<p>Bonjour <b>é</b></p>", language="fr")
    (message,) = mailbox.messages
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == "Téléphone à risque"
    assert message["Content-Language"] == "fr"
    assert message["From"] == settings.DEFAULT_FROM_EMAIL
    kinds = {part.get_content_type(): part for part in message.walk()}
    assert kinds["text/plain"].get_content().strip() == "Bonjour é"
    assert kinds["text/html"].get_content().strip() == "<p>Bonjour <b>é</b></p>"


def test_many_messages_over_one_connection(mailbox: Mailbox) -> None:
    with mail.connection() as connection:
        for number in range(20):
            mail.send(f"p{number}@example.org", "Hello", "text", connection=connection)
    assert len(mailbox.messages) == 20
    assert len(mailbox.connections) == 1


def test_a_refused_address_does_not_hold_the_others_up(mailbox: Mailbox) -> None:
    with mail.connection() as connection:
        with pytest.raises(mail.MailError, match=r"nobody@example\.org.*550") as raised:
            mail.send("nobody@example.org", "Hello", "text", connection=connection)
        assert raised.value.permanent
        with pytest.raises(mail.MailError, match="452") as raised:
            mail.send("full@example.org", "Hello", "text", connection=connection)
        assert not raised.value.permanent
        with pytest.raises(mail.MailError, match="554") as raised:
            mail.send("ada@example.org", "spam", "text", connection=connection)
        assert raised.value.permanent
        mail.send("ada@example.org", "Hello", "text", connection=connection)
    assert len(mailbox.messages) == 1


def test_a_message_that_cannot_be_written_is_refused(mailbox: Mailbox) -> None:
    with pytest.raises(mail.MailError) as raised:
        mail.send("ada@example.org", "Hello\nBcc: all@example.org", "text")
    assert raised.value.permanent
    assert mailbox.messages == []


def test_no_server_is_explained_in_the_readers_language(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(settings, "EMAIL_PORT", closed.getsockname()[1])
    with mail.connection() as connection, translation.override("en"):
        for _ in range(2):
            with pytest.raises(mail.MailError, match="VEDETTE_SMTP_URL") as raised:
                mail.send("ada@example.org", "Hello", "text", connection=connection)
            assert not raised.value.permanent
    assert mailbox.messages == []
