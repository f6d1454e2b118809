"""The console's pages on a real database: a tenant with phones, two of its people, and a stranger."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as django_settings
from tests.support.console import Member, settings, sign_in
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import World, begin, make_world


@pytest.fixture(autouse=True)
def pages(tmp_path: Path) -> Iterator[None]:
    with settings(tmp_path):
        yield


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("console", lambda: begin("Contoso"))


@pytest.fixture
def full(world: World) -> Member:
    return sign_in(world, "full", "ada")


@pytest.fixture
def restricted(world: World) -> Member:
    return sign_in(world, "restricted", "rita")


@pytest.fixture
def stranger(world: World) -> Member:
    """Full access in another tenant of the same installation."""
    assert world
    return sign_in(make_world("Stranger"), "full", "eve")


class Mailbox:
    """Keeps what arrives; refuses people called nobody."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
        self.messages.append(BytesParser(EmailMessage, policy=default).parsebytes(envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A real mail server in this process."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setattr(django_settings, "EMAIL_PORT", port)
    yield box
    controller.stop()
