"""The console's pages on a real database: a tenant with phones, two of its people, and a stranger."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as django_settings
from tests.support.console import Member, settings, sign_in
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import World, begin, make_world

from vedette.tenants.models import Administrator

T = TypeVar("T")
Signed = tuple[World, Administrator, str]
CAST: Final[dict[str, Callable[[World], Member]]] = {
    "full": lambda world: sign_in(world, "full", "ada"),
    "restricted": lambda world: sign_in(world, "restricted", "rita"),
    "stranger": lambda _world: sign_in(make_world("Stranger"), "full", "eve"),
}
FRESH_SECONDS: Final = 300
"""So old a session's check of access may be: after some more minutes a page would ask Graph for it."""


@pytest.fixture(autouse=True)
def pages(tmp_path: Path) -> Iterator[None]:
    with settings(tmp_path):
        yield


@dataclass
class CastScenes(Scenes):
    """Scenes that begin with the people of the test signed in: that costs as much as three pages."""

    given: Scenes | None = None
    wanted: tuple[str, ...] = ()
    signed: dict[str, Signed] = field(default_factory=dict)

    def call(self, names: Iterable[str]) -> None:
        """Take note of whom the next test wants; nobody is signed in yet."""
        self.wanted, self.signed = tuple(who for who in CAST if who in names), {}

    def give(self, name: str, build: Callable[[], T]) -> T:
        """As given, and where a world or a tuple that begins with one is built, with the people that are wanted."""

        def build_all() -> tuple[T, dict[str, Signed]]:
            made = build()
            world = made[0] if isinstance(made, tuple) else made
            people = {who: CAST[who](world) for who in self.wanted} if isinstance(world, World) else {}
            return made, {
                who: (each.world, each.administrator, each.session_key) for who, each in people.items()
            }

        assert self.given is not None
        if self.wanted:
            name = f"{name} {' '.join(self.wanted)} {time.monotonic() // FRESH_SECONDS:.0f}"
        made, self.signed = self.given.give(name, build_all)
        return made

    def member(self, who: str, world: World) -> Member:
        """Somebody of the cast, who is signed in already where the scene was given here."""
        if who not in self.signed:
            return CAST[who](world)
        own, administrator, session_key = self.signed[who]
        return Member(own if who == "stranger" else world, administrator, session_key)


@pytest.fixture(scope="session")
def scenes(scenes: Scenes) -> CastScenes:
    return CastScenes(scenes.keeper, given=scenes)


@pytest.fixture(autouse=True)
def cast(request: pytest.FixtureRequest) -> None:
    if "scenes" in request.fixturenames:
        request.getfixturevalue("scenes").call(request.fixturenames)


@pytest.fixture
def world(db: Database, scenes: CastScenes) -> World:
    assert db.name
    return scenes.give("console", lambda: begin("Contoso"))


@pytest.fixture
def full(world: World, scenes: CastScenes) -> Member:
    return scenes.member("full", world)


@pytest.fixture
def restricted(world: World, scenes: CastScenes) -> Member:
    return scenes.member("restricted", world)


@pytest.fixture
def stranger(world: World, scenes: CastScenes) -> Member:
    """Full access in another tenant of the same installation."""
    return scenes.member("stranger", world)


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
