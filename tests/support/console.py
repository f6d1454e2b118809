"""Signed-in people on the console's pages, over real PostgreSQL: full and restricted access, and strangers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from tests.support.lab import free_ports
from tests.support.world import World

from vedette.connectors import deliver
from vedette.connectors.models import Delivery
from vedette.events.models import Event
from vedette.foundation import database
from vedette.tenants import console_session, people
from vedette.tenants.models import Administrator, Tenant
from vedette.tenants.openid.tokens import Person
from vedette.tenants.sessions import SessionStore

COOKIE = "vedette_session"
START_SECONDS = 10


@contextmanager
def settings(scratch: Path, **more: Any) -> Iterator[None]:
    """The project's own settings, with static files as they lie in the source."""
    storage = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    hosts = ["127.0.0.1", "testserver"]
    with override_settings(STORAGES=storage, STATIC_ROOT=scratch, ALLOWED_HOSTS=hosts, **more):
        yield


@dataclass
class Member:
    """Somebody of a tenant, signed in, with a browser of their own."""

    world: World
    administrator: Administrator
    session_key: str
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.client.cookies[COOKIE] = self.session_key

    def get(self, path: str, **query: Any) -> HttpResponse:
        return cast("HttpResponse", self.client.get(path, query))

    def post(self, path: str, **form: Any) -> HttpResponse:
        return cast("HttpResponse", self.client.post(path, form))

    def follow(self, path: str, **form: Any) -> HttpResponse:
        """Post a form and return the page it leads to."""
        return cast("HttpResponse", self.client.post(path, form, follow=True))

    def export(self, path: str, **query: Any) -> str:
        """Read a streamed file to its end."""
        answer = cast("Any", self.client.get(path, query))
        assert answer.status_code == 200, answer.status_code
        return b"".join(answer.streaming_content).decode("utf-8-sig")


def sign_in(world: World, access: str = "full", name: str = "", **changes: Any) -> Member:
    """Give a person access and a running session, as the sign-in pages do once Microsoft has answered."""
    name = name or f"{access}{uuid4().hex[:6]}"
    with database.writer(world.tenant_id):
        tenant = Tenant.objects.get(id=world.tenant_id)
        person = Person(
            tid=tenant.entra_tenant_id,
            oid=uuid4(),
            upn=f"{name}@example.test",
            name=name.title(),
            email=f"{name}@example.test",
            wids=None,
        )
        administrator = people.signed_in(tenant, person, Administrator.Access(access))
        for attribute, value in changes.items():
            setattr(administrator, attribute, value)
        administrator.save()
    return Member(world, administrator, session_of(administrator))


def session_of(administrator: Administrator) -> str:
    """Start a session and return its key."""
    request = HttpRequest()
    request.session = SessionStore()
    console_session.start(request, administrator)
    request.session.save()
    key = request.session.session_key
    assert key
    return key


def text(response: Any) -> str:
    """The page's words and tags with single spaces."""
    return " ".join(response.content.decode().split())


def audit(world: World, action: str = "") -> list[Event]:
    """The tenant's audit rows in order, or those of one action."""
    with database.tenant(world.tenant_id):
        rows = Event.objects.filter(type=Event.Type.AUDIT).order_by("position")
        return list(rows.filter(action=action) if action else rows)


def deliver_all(world: World, place: str = "extensionAttribute1") -> None:
    """Write down what the publisher does once Graph has taken every value that is owed."""
    claimed = deliver.claim(world.tenant_id, "attribute", 1000)
    results = [
        deliver.result(
            item, Delivery.Status.CONFIRMED, value=item.desired, place=place, before="", request_id="r-1"
        )
        for item in claimed
    ]
    deliver.settle(world.tenant_id, claimed, results)


@contextmanager
def serving(scratch: Path) -> Iterator[str]:
    """The pages on a port of loopback, for a real browser; gives their address."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    server = LiveServerThread("127.0.0.1", StaticFilesHandler, port=port)
    with settings(scratch, PUBLIC_URL=url, CSRF_TRUSTED_ORIGINS=[url]):
        server.start()
        assert server.is_ready.wait(START_SECONDS), "the pages did not start"
        try:
            yield url
        finally:
            server.terminate()
            assert threading.current_thread() is not server
