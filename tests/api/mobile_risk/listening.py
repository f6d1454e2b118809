"""A reader of the stream that sees what is on the wire, and a tenant in which things happen."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.support.risk_api import Program
from tests.support.world import ADA, World

from vedette.events.log import Draft, Target, change, emit_all
from vedette.events.models import Event
from vedette.foundation import database

PATIENCE = 30


@dataclass(frozen=True)
class Message:
    """One message: its fields, and the chunk it came in."""

    fields: dict[str, str]
    raw: bytes

    @property
    def kind(self) -> str:
        return self.fields.get("event", "")

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.fields["data"]).get("events", [])
        return found


@dataclass
class Reader:
    """One connection, chunk by chunk: a message that shared a chunk with another, or was cut in two, would show."""

    program: Program
    parameters: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    answer: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        address = urlsplit(self.program.service.url)
        assert address.hostname
        assert address.port
        self.socket = socket.create_connection((address.hostname, address.port), timeout=PATIENCE)
        path = "/mra/stream/v2/events" + ("?" + urlencode(self.parameters) if self.parameters else "")
        given = {"Host": address.netloc, "Authorization": f"Bearer {self.program.token}"} | self.headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        for line in iter(self.file.readline, b"\r\n"):
            name, _, value = line.decode().partition(":")
            self.answer[name.strip().lower()] = value.strip()

    def messages(self) -> Iterator[Message]:
        """Every chunk as a message, until the stream ends."""
        while True:
            size = int(self.file.readline() or b"0", 16)
            chunk = self.file.read(size)
            self.file.readline()
            if not size:
                return
            assert chunk.endswith(b"\n\n")
            assert chunk.count(b"\n\n") == 1
            lines = chunk.decode().strip().split("\n")
            yield Message(dict(line.split(":", 1) for line in lines), chunk)

    def events(self, count: int) -> list[dict[str, Any]]:
        """Wait for so many events."""
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + PATIENCE
        for message in self.messages() if count else ():
            assert time.monotonic() < deadline, f"{len(found)} of {count} events"
            if message.kind == "events":
                assert message.fields["id"] == message.events[-1]["id"]
                found += message.events
            if len(found) >= count:
                return found
        return found

    def hello(self) -> Message:
        return next(self.messages())

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def happen(world: World, count: int = 1, text: str = "") -> list[str]:
    """Let things happen; return the IDs of their events."""
    with database.writer(world.tenant_id):
        drafts = [
            Draft(
                f"test.{turn}", actor=ADA, target=Target("tenant", "x"), changes=[change("text", None, text)]
            )
            for turn in range(count)
        ]
        return [str(event.id) for event in emit_all(drafts)]


def all_ids(world: World, types: tuple[str, ...] = ("DEVICE", "THREAT", "AUDIT")) -> list[str]:
    with database.tenant(world.tenant_id):
        rows = Event.objects.filter(type__in=types).order_by("position")
        return [str(found) for found in rows.values_list("id", flat=True)]
