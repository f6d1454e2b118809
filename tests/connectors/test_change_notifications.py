"""Change notifications end to end: the lab calls our real address over HTTPS, and the next poll runs at once."""

import asyncio
import datetime as dt
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
import uvicorn
from tests.connectors.scene import Scene
from tests.support.console import settings, sign_in, text
from tests.support.database import Database
from tests.support.lab import free_ports
from tests.support.microsoft import PERMISSIONS
from tests.support.world import ADA

from vedette.api.notifications import MOST_BYTES, NotificationApi
from vedette.connectors import errors
from vedette.connectors.notifications import jobs, switch
from vedette.connectors.notifications.models import Subscription
from vedette.connectors.notifications.subscribing import LIFE, hashed
from vedette.foundation import clock, config, database
from vedette.tenants.models import Tenant

PAGE = "/system/connectors/notifications/"


class Service:
    """The two addresses on a real server in a thread, with a certificate of the lab's authority."""

    in_between: ClassVar[tuple[int, bytes] | None] = None
    """What a proxy that stands before the service answers to a handshake."""

    def __init__(self, database_url: str, home: Path, port: int) -> None:
        self.database_url = database_url
        options = uvicorn.Config(
            self.answer,
            interface="asgi3",
            host="127.0.0.1",
            port=port,
            ssl_certfile=home / "lab-server.pem",
            ssl_keyfile=home / "lab-server.key",
            log_level="warning",
            lifespan="off",
        )
        self.server = uvicorn.Server(options)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)

    async def serve(self) -> None:
        pool = database.make_pool(self.database_url, max_size=2, name="notifications")
        await pool.open(wait=True, timeout=10)
        self.api = NotificationApi(pool)
        await self.server.serve()
        await pool.close()

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.api.serves(scope["path"])
        if self.in_between and b"validationToken" in scope["query_string"]:
            status, body = self.in_between
            headers = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        await self.api(scope, receive, send)


@pytest.fixture
def service(watched: Scene, db: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """The service as Microsoft reaches it; gives a client of a stranger. The application may subscribe."""
    (port,) = free_ports(1)
    monkeypatch.setenv("VEDETTE_PUBLIC_URL", f"https://127.0.0.1:{port}")
    config.current.cache_clear()
    allow(watched, "Group.Read.All")
    running = Service(db.login_url, watched.lab.ca_file.parent, port)
    running.thread.start()
    until(lambda: running.server.started or not running.thread.is_alive())
    context = ssl.create_default_context(cafile=str(watched.lab.ca_file))
    with httpx.Client(
        base_url=f"https://127.0.0.1:{port}", verify=context, trust_env=False, timeout=30
    ) as client:
        yield client
    watched.lab.post("/clock", {"offset_seconds": 0})
    running.server.should_exit = True
    running.thread.join(10)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def allow(scene: Scene, *more: str) -> None:
    body = {"client_id": scene.microsoft.client_id, "permissions": [*PERMISSIONS, *more]}
    scene.lab.post(f"/tenants/{scene.organisation.id}/consents", body)


def keep(scene: Scene) -> None:
    jobs.keep_subscriptions.func(str(scene.tenant_id))


def turn_on(scene: Scene) -> None:
    switch.turn_on(scene.tenant_id, ADA)
    keep(scene)


def rows(scene: Scene) -> dict[str, Subscription]:
    with database.tenant(scene.tenant_id):
        return {row.resource: row for row in Subscription.objects.all()}


def remote(scene: Scene) -> list[dict[str, Any]]:
    return list(scene.lab.get(f"{scene.path}/subscriptions"))


def calm(scene: Scene) -> None:
    """What woke us so far has been seen to."""
    with database.tenant(scene.tenant_id):
        Subscription.objects.update(woken_at=None, notified_at=None)


@pytest.mark.usefixtures("service")
def test_a_change_at_microsoft_makes_the_next_poll_run_now(
    watched: Scene, move_clock: Callable[[float], None]
) -> None:
    turn_on(watched)
    assert sorted(row["resource"] for row in remote(watched)) == ["groups", "users"]
    calm(watched)
    move_clock(60)
    assert watched.connector().next_poll_at > clock.now()  # type: ignore[operator] # polled already
    person = watched.organisation.people["none"]
    group = watched.group("Company Phones")["id"]
    watched.lab.post(f"{watched.path}/groups/{group}/members", {"ids": [person]})
    until(lambda: rows(watched)["groups"].woken_at)
    jobs.poll_soon.func(str(watched.tenant_id))
    assert watched.connector().next_poll_at <= clock.now()  # type: ignore[operator] # as above
    assert rows(watched)["groups"].woken_at is None
    assert rows(watched)["groups"].notified_at


@pytest.mark.usefixtures("service")
def test_while_a_poll_runs_the_wish_stays(watched: Scene, move_clock: Callable[[float], None]) -> None:
    turn_on(watched)
    move_clock(60)
    connector = watched.connector()
    with database.tenant(watched.tenant_id):
        type(connector).objects.update(poll_running_since=clock.now())
    jobs.poll_soon.func(str(watched.tenant_id))
    assert rows(watched)["users"].woken_at
    assert watched.connector().next_poll_at == connector.next_poll_at
    with database.tenant(watched.tenant_id):
        type(connector).objects.update(poll_running_since=None)
    jobs.poll_soon.func(str(watched.tenant_id))
    assert rows(watched)["users"].woken_at is None
    assert watched.connector().next_poll_at <= clock.now()  # type: ignore[operator] # polled already


def test_only_the_secret_wakes_anybody(watched: Scene, service: httpx.Client) -> None:
    turn_on(watched)
    calm(watched)
    known = rows(watched)["users"].remote_id

    def tell(**note: Any) -> int:
        body = {"value": [{"changeType": "updated", "tenantId": "x", **note}]}
        return service.post("/graph/notify", json=body).status_code

    assert tell(subscriptionId=known, clientState="guessed") == 202
    assert tell(subscriptionId=known) == 202
    assert tell(subscriptionId="ffffffff-0000-4000-8000-000000000000", clientState="guessed") == 202
    assert not any(row.woken_at or row.notified_at for row in rows(watched).values())
    with database.tenant(watched.tenant_id):
        Subscription.objects.filter(resource="users").update(secret_hash=hashed("the secret"))
    assert tell(subscriptionId=known, clientState="the secret") == 202
    assert rows(watched)["users"].woken_at
    assert not rows(watched)["groups"].woken_at
    switch.turn_off(watched.tenant_id, ADA)
    assert tell(subscriptionId=known, clientState="the secret") == 202
    assert not rows(watched)["users"].woken_at


def test_strangers_get_a_clear_answer(service: httpx.Client) -> None:
    table: list[tuple[dict[str, Any], int]] = [
        ({"method": "GET"}, 405),
        ({"method": "POST", "content": b"{"}, 400),
        ({"method": "POST", "json": {"value": [{"subscriptionId": 5}]}}, 400),
        ({"method": "POST", "json": {"value": [{"subscriptionId": "a\0b"}]}}, 400),
        ({"method": "POST", "json": {"value": [{"subscriptionId": "no GUID"}]}}, 400),
        ({"method": "POST", "json": {"value": []}}, 202),
        ({"method": "POST", "content": b" " * (MOST_BYTES + 1)}, 413),
        ({"method": "POST", "params": {"validationToken": ""}}, 400),
        ({"method": "POST", "params": {"validationToken": "x" * 4000}}, 400),
    ]
    for request, status in table:
        answer = service.request(url="/graph/notify", **request)
        assert answer.status_code == status, request
        assert answer.headers["content-type"].startswith("text/plain")


def test_the_handshake_gives_the_token_back_as_text_and_nothing_else(service: httpx.Client) -> None:
    token = "Validation: <script>alert(1)</script> + 100% é"
    answer = service.post("/graph/lifecycle", params={"validationToken": token})
    assert (answer.status_code, answer.text) == (200, token)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.usefixtures("service")
def test_a_subscription_is_renewed_daily_and_made_anew_when_it_is_gone(
    watched: Scene, move_clock: Callable[[float], None]
) -> None:
    turn_on(watched)
    before = rows(watched)
    keep(watched)
    assert rows(watched)["users"].next_at == before["users"].next_at, "nothing was due"
    move_clock(25 * 3600)
    watched.lab.post("/clock", {"offset_seconds": 25 * 3600})
    keep(watched)
    after = rows(watched)
    assert after["users"].remote_id == before["users"].remote_id
    assert after["users"].expires_at > clock.now() + LIFE - dt.timedelta(hours=1)  # type: ignore[operator] # set
    move_clock(10 * 24 * 3600)
    watched.lab.post("/clock", {"offset_seconds": 10 * 24 * 3600})
    keep(watched)
    assert rows(watched)["users"].remote_id != before["users"].remote_id
    assert len(remote(watched)) == 2


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("event", "wakes", "renews"),
    [("reauthorizationRequired", False, True), ("subscriptionRemoved", True, True), ("missed", True, False)],
)
def test_news_about_a_subscription(watched: Scene, event: str, *, wakes: bool, renews: bool) -> None:
    turn_on(watched)
    calm(watched)
    before = rows(watched)["users"]
    watched.lab.post(f"{watched.path}/subscriptions/{before.remote_id}/lifecycle", {"event": event})
    until(lambda: rows(watched)["users"].notified_at)
    after = rows(watched)["users"]
    assert (after.woken_at is not None, after.next_at <= clock.now()) == (wakes, renews)
    if renews:
        until(lambda: event != "subscriptionRemoved" or len(remote(watched)) == 1)
        keep(watched)
        assert (rows(watched)["users"].remote_id != before.remote_id) == (event == "subscriptionRemoved")
        assert len(remote(watched)) == 2


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("answer", "fault", "said"),
    [
        ((200, b"Welcome to our proxy"), None, "the validation token as text/plain"),
        ((502, b"Bad gateway"), None, "HTTP status code is '502'"),
        (None, {"status": 400, "code": "ValidationError"}, "could not reach"),
        (None, {"drop": True, "after": True}, "refused a subscription"),
    ],
    ids=[
        "another token",
        "nobody behind the proxy",
        "too slow for Graph",
        "the answer to the making is lost",
    ],
)
def test_a_handshake_that_fails_is_explained_and_leaves_one_subscription_in_the_end(
    watched: Scene,
    monkeypatch: pytest.MonkeyPatch,
    move_clock: Callable[[float], None],
    answer: tuple[int, bytes] | None,
    fault: dict[str, Any] | None,
    said: str,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Service, "in_between", answer)
        if fault:
            watched.fault("POST /v1.0/subscriptions", **fault)
        turn_on(watched)
        assert {said in row.problem for row in rows(watched).values()} == {True}
        assert watched.poll().error == "", "the directory is polled as ever"
    watched.mend()
    move_clock(3600)
    keep(watched)
    known = {row.remote_id: row.problem for row in rows(watched).values()}
    assert known == dict.fromkeys((each["id"] for each in remote(watched)), "")
    assert len(known) == 2


def test_news_that_is_told_twice_makes_one_poll(
    watched: Scene, service: httpx.Client, move_clock: Callable[[float], None]
) -> None:
    turn_on(watched)
    calm(watched)
    move_clock(60)  # the last poll is not only a moment ago
    with database.tenant(watched.tenant_id):
        Subscription.objects.filter(resource="users").update(secret_hash=hashed("the secret"))
    note = {"subscriptionId": rows(watched)["users"].remote_id, "clientState": "the secret"}
    for notes in ([note, note], [note]):
        assert service.post("/graph/notify", json={"value": notes}).status_code == 202
    jobs.poll_soon.func(str(watched.tenant_id))
    assert watched.connector().next_poll_at <= clock.now()  # type: ignore[operator] # polled already
    assert watched.poll().error == ""
    later = watched.connector().next_poll_at
    jobs.poll_soon.func(str(watched.tenant_id))
    assert watched.connector().next_poll_at == later, "what was told is seen to"


def test_what_hinders_is_explained_and_tried_again(
    watched: Scene, service: httpx.Client, move_clock: Callable[[float], None]
) -> None:
    assert service
    allow(watched)
    turn_on(watched)
    found = {row.source: row for row in watched.errors(connector="notifications")}
    assert set(found) == {"subscription:groups"}
    assert "Group.Read.All" in rows(watched)["groups"].problem
    assert rows(watched)["users"].remote_id
    allow(watched, "Group.Read.All")
    from vedette.foundation import tokens  # noqa: PLC0415 - a permission granted since is in a new token only

    tokens.shared.cache_clear()
    move_clock(3600)
    keep(watched)
    assert rows(watched)["groups"].problem == ""
    assert not errors.stand(watched.tenant_id, "notifications", "subscription:groups")


def test_an_address_that_microsoft_cannot_reach_is_named(
    watched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("VEDETTE_PUBLIC_URL", f"https://127.0.0.1:{port}")
    config.current.cache_clear()
    allow(watched, "Group.Read.All")
    turn_on(watched)
    assert f"could not reach https://127.0.0.1:{port}/graph/notify" in rows(watched)["users"].problem
    assert remote(watched) == []


@pytest.mark.usefixtures("service")
def test_off_and_gone_leave_nothing_at_microsoft(watched: Scene) -> None:
    turn_on(watched)
    switch.turn_off(watched.tenant_id, ADA)
    keep(watched)
    assert (remote(watched), rows(watched)) == ([], {})
    turn_on(watched)
    with database.writer(watched.tenant_id):
        Tenant.objects.filter(pk=watched.tenant_id).update(status=Tenant.Status.DISCONNECTING)
    keep(watched)
    assert (remote(watched), rows(watched)) == ([], {})


@pytest.mark.usefixtures("service")
def test_off_and_on_again_before_the_job_ran_is_not_deaf(watched: Scene) -> None:
    turn_on(watched)
    before = {each["id"] for each in remote(watched)}
    switch.turn_off(watched.tenant_id, ADA)
    turn_on(watched)
    after = {each["id"] for each in remote(watched)}
    assert len(after) == 2
    assert not after & before, "their secret was thrown away"
    row = rows(watched)["users"]
    assert row.secret_hash
    assert row.remote_id in after


def test_an_administrator_turns_the_switch_where_it_is_possible(
    watched: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    with settings(tmp_path):
        owner = sign_in(watched.world, "full")
        assert "Not possible here" in text(owner.get(PAGE))
        assert "Nothing was turned on" in text(owner.follow(f"{PAGE}on"))
        assert rows(watched) == {}
        monkeypatch.setenv("VEDETTE_PUBLIC_URL", "https://vedette.example")
        config.current.cache_clear()
        assert "Change notifications are on." in text(owner.follow(f"{PAGE}on"))
        assert set(rows(watched)) == {"users", "groups"}
        assert "Being asked for" in text(owner.get(PAGE))
        assert "Change notifications are off." in text(owner.follow(f"{PAGE}off"))
