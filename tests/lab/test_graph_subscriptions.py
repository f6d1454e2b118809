"""Change notifications as the lab plays them: the handshake, the life of a subscription, and what is told."""

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.lab.conftest import App
from tests.lab.test_graph_conformance import Metadata
from tests.support.http_server import Answer, Asked, Running, serving


@dataclass
class Subscriber:
    """An endpoint that answers the handshake as it is told to, and keeps what it is told."""

    handshake: Callable[[str], Answer] = lambda token: Answer(
        body=token.encode(), headers={"Content-Type": "text/plain"}
    )
    status: int = 202
    told: list[dict[str, Any]] = field(default_factory=list)
    server: Running | None = None

    def reply(self, asked: Asked) -> Answer:
        if "validationToken" in asked.query:
            return self.handshake(asked.query["validationToken"])
        if self.status < 300:
            self.told += json.loads(asked.body)["value"]
        return Answer(self.status)

    @property
    def url(self) -> str:
        assert self.server
        return self.server.url

    def wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for note in self.told:
                if wanted(note):
                    return note
            time.sleep(0.02)
        raise AssertionError(f"not told; told were {self.told}")


@pytest.fixture
def subscriber(app: App) -> Iterator[Subscriber]:
    """At an address with a certificate of the lab's authority."""
    app.consent("User.Read.All", "Group.Read.All", "GroupMember.Read.All")
    home = app.lab.ca_file.parent
    made = Subscriber()
    with serving(made.reply, certificate=(home / "lab-server.pem", home / "lab-server.key")) as server:
        made.server = server
        yield made


def subscribe(app: App, subscriber: Subscriber, resource: str = "users", **changes: Any) -> httpx.Response:
    body = {
        "changeType": "updated,deleted",
        "notificationUrl": f"{subscriber.url}/notify",
        "lifecycleNotificationUrl": f"{subscriber.url}/lifecycle",
        "resource": resource,
        "expirationDateTime": in_minutes(600),
        "clientState": "the-secret",
        **changes,
    }
    given = {name: value for name, value in body.items() if value is not None}
    return app.call("POST", "/subscriptions", json=given)


def in_minutes(minutes: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def test_a_subscription_is_made_after_the_handshake_with_both_addresses(
    app: App, subscriber: Subscriber, shared_dir: Path
) -> None:
    made = subscribe(app, subscriber)
    assert made.status_code == 201, made.text
    assert subscriber.server
    assert [asked.path for asked in subscriber.server.asked] == ["/notify", "/lifecycle"]
    assert made.json()["clientState"] is None
    assert list(Metadata(shared_dir / "specs/graph").complaints(made.json(), "subscription")) == []
    assert [row["id"] for row in app.get("/subscriptions")["value"]] == [made.json()["id"]]


@pytest.mark.parametrize(
    "handshake",
    [
        lambda _token: Answer(body=b"hello", headers={"Content-Type": "text/plain"}),
        lambda token: Answer(body=token.encode(), headers={"Content-Type": "text/html"}),
        lambda token: Answer(202, body=token.encode(), headers={"Content-Type": "text/plain"}),
        lambda token: Answer(body=token.replace(" ", "+").encode(), headers={"Content-Type": "text/plain"}),
        lambda _token: Answer(drop=True),
    ],
    ids=["another text", "another kind", "another status", "not decoded", "no answer"],
)
def test_a_wrong_handshake_makes_no_subscription(
    app: App, subscriber: Subscriber, handshake: Callable[[str], Answer]
) -> None:
    subscriber.handshake = handshake
    refused = subscribe(app, subscriber)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ValidationError")
    assert app.get("/subscriptions")["value"] == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"notificationUrl": "http://127.0.0.1/notify"}, 400),
        ({"resource": "devices"}, 400),
        ({"changeType": "created"}, 400),
        ({"expirationDateTime": in_minutes(41_800)}, 400),
        ({"expirationDateTime": in_minutes(-1)}, 400),
        ({"expirationDateTime": None}, 400),
        ({"clientState": "x" * 129}, 400),
        ({"colour": "red"}, 400),
    ],
    ids=["plain HTTP", "devices", "created", "too long", "past", "no end", "a long secret", "unknown"],
)
def test_what_graph_does_not_take_is_refused(
    app: App, subscriber: Subscriber, changes: dict[str, Any], status: int
) -> None:
    assert subscribe(app, subscriber, **changes).status_code == status


def test_groups_need_more_than_their_members(app: App, subscriber: Subscriber) -> None:
    app.consent("User.Read.All", "GroupMember.Read.All")
    assert subscribe(app, subscriber, "groups").status_code == 403
    assert subscribe(app, subscriber, "users").status_code == 201


def test_a_short_life_is_lengthened_and_a_renewal_counts(app: App, subscriber: Subscriber) -> None:
    made = subscribe(app, subscriber, expirationDateTime=in_minutes(1)).json()
    assert made["expirationDateTime"] > in_minutes(44)
    path = f"/subscriptions/{made['id']}"
    renewed = app.call("PATCH", path, json={"expirationDateTime": in_minutes(900)}).json()
    assert renewed["expirationDateTime"] > in_minutes(899)
    late = app.call("PATCH", path, json={"lifecycleNotificationUrl": subscriber.url})
    assert late.status_code == 400
    assert app.call("DELETE", path).status_code == 204
    assert app.call("DELETE", path).status_code == 404


def test_an_expired_subscription_is_gone(app: App, subscriber: Subscriber) -> None:
    made = subscribe(app, subscriber).json()
    app.lab.post("/clock", {"offset_seconds": 601 * 60})
    assert app.call("GET", f"/subscriptions/{made['id']}").status_code == 404
    assert app.get("/subscriptions")["value"] == []


def test_changes_are_told_with_the_secret(app: App, subscriber: Subscriber) -> None:
    users, groups = subscribe(app, subscriber).json(), subscribe(app, subscriber, "groups").json()
    user = app.get("/users", top="1", select="id")["value"][0]["id"]
    app.lab.patch(f"/tenants/{app.tid}/users/{user}", {"account_enabled": False})
    told = subscriber.wait(lambda note: note["subscriptionId"] == users["id"])
    assert (told["clientState"], told["tenantId"], told["changeType"]) == ("the-secret", app.tid, "updated")
    assert told["resourceData"]["id"] == user
    group = app.tenant["groups"]["restricted"]
    app.lab.post(f"/tenants/{app.tid}/groups/{group}/members", {"ids": [user]})
    told = subscriber.wait(lambda note: note["subscriptionId"] == groups["id"])
    assert told["resource"] == f"Groups/{group}"


def test_what_is_not_taken_is_told_again(app: App, subscriber: Subscriber) -> None:
    subscribe(app, subscriber)
    subscriber.status = 503
    user = app.get("/users", top="1", select="id")["value"][0]["id"]
    app.lab.patch(f"/tenants/{app.tid}/users/{user}", {"account_enabled": False})
    assert subscriber.server
    deadline = time.monotonic() + 30
    while len(subscriber.server.asked) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    subscriber.status = 202
    subscriber.wait(lambda note: note["resourceData"]["id"] == user)


def test_until_it_is_authorised_anew_nothing_is_told(app: App, subscriber: Subscriber) -> None:
    made = subscribe(app, subscriber).json()
    path = f"/tenants/{app.tid}/subscriptions/{made['id']}/lifecycle"
    app.lab.post(path, {"event": "reauthorizationRequired"})
    subscriber.wait(lambda note: note.get("lifecycleEvent") == "reauthorizationRequired")
    user = app.get("/users", top="1", select="id")["value"][0]["id"]
    app.lab.patch(f"/tenants/{app.tid}/users/{user}", {"account_enabled": False})
    app.lab.post(path, {"event": "missed"})
    subscriber.wait(lambda note: note.get("lifecycleEvent") == "missed")
    assert not [note for note in subscriber.told if "changeType" in note]
    assert app.call("POST", f"/subscriptions/{made['id']}/reauthorize").status_code == 204
    subscriber.wait(lambda note: note.get("changeType") == "updated")


def test_a_removed_subscription_is_told_once_and_gone(app: App, subscriber: Subscriber) -> None:
    made = subscribe(app, subscriber).json()
    app.lab.post(f"/tenants/{app.tid}/subscriptions/{made['id']}/lifecycle", {"event": "subscriptionRemoved"})
    subscriber.wait(lambda note: note.get("lifecycleEvent") == "subscriptionRemoved")
    deadline = time.monotonic() + 30
    while app.get("/subscriptions")["value"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert app.get("/subscriptions")["value"] == []
