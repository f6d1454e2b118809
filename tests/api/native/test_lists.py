"""Lists in pages, filters, entity tags, and what is said of a request that cannot be read."""

import datetime as dt
from typing import Any

from tests.api.native.conftest import Places
from tests.support.native_api import Program
from tests.support.world import World

from vedette.foundation import database
from vedette.tenants.models import Tenant

LISTS = ["/devices", "/threats", "/invitations", "/devices/{device_id}/history"]


def test_pages_give_each_row_once(ours: Program, places: Places) -> None:
    for path in (path.format(**places) for path in LISTS):
        whole = ours.read(path)
        assert whole["next"] is None
        rows: list[Any] = []
        cursor: dict[str, str] = {}
        for _ in range(20):
            page = ours.read(path, limit=1, **cursor)
            rows += page["items"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert rows == whole["items"], path
        assert len(rows) >= 2


def test_a_cursor_of_somebody_else_is_refused(ours: Program) -> None:
    for cursor in ("abc", "!!", "kqFhwA", "ks0xMjM"):
        answer = ours.get("/devices", cursor=cursor)
        assert (answer.status_code, "none of this service" in answer.json()["detail"]) == (400, True), cursor


def test_a_cursor_belongs_to_its_filters(ours: Program) -> None:
    cursor = ours.read("/devices", limit=1)["next"]
    answer = ours.get("/devices", cursor=cursor, platform="ANDROID")
    assert (answer.status_code, "other filters" in answer.json()["detail"]) == (400, True)


DEVICES: list[tuple[dict[str, str], list[str]]] = [
    ({"state": "high"}, ["device_id"]),
    ({"state": "secured"}, ["healthy"]),
    ({"activation": "DEACTIVATED"}, ["away"]),
    ({"platform": "IOS"}, []),
    ({"owner": "P0@example.test"}, ["device_id"]),
    ({"search": "p1 phone"}, ["healthy"]),
    ({"search": "p0 nobody"}, []),
    ({"activation": "ACTIVATED", "state": "high"}, ["device_id"]),
    ({"seen_before": "2020-01-01T00:00:00Z"}, []),
    ({"seen_before": "2999-01-01T00:00:00Z"}, ["device_id", "healthy", "away"]),
]


def test_devices_by_filter(ours: Program, places: Places) -> None:
    for filters, found in DEVICES:
        seen = {item["id"] for item in ours.read("/devices", **filters)["items"]}
        assert seen == {places[name] for name in found}, filters


THREATS: list[tuple[dict[str, str], list[str]]] = [
    ({"status": "open", "risk_at_least": "MEDIUM"}, ["threat_id"]),
    ({"status": "ignored"}, ["ignored"]),
    ({"classification": "TROJAN"}, ["threat_id"]),
    ({"risk": "HIGH"}, ["threat_id"]),
    ({"simulated": "true"}, []),
    ({"device_id": "{healthy}"}, []),
    ({"updated_since": "2999-01-01T00:00:00+02:00"}, []),
]


def test_threats_by_filter(ours: Program, places: Places) -> None:
    for filters, found in THREATS:
        given = {name: value.format(**places) for name, value in filters.items()}
        seen = [item["id"] for item in ours.read("/threats", **given)["items"]]
        assert seen == [places[name] for name in found], filters


def test_a_device_says_why_it_is_blocked(ours: Program, world: World, places: Places) -> None:
    device = ours.read(f"/devices/{places['device_id']}")
    assert device["blocked"] is False, "Monitor mode: nothing is told to Microsoft"
    assert device["reasons"][0]["text"] == "Trojan, rated high by the security policy."
    assert [threat["id"] for threat in device["threats"]] == [places["threat_id"]]
    assert (device["binding"], device["rules"]["source"]) == ("code", "unknown")
    assert [change["to_state"] for change in device["history"]] == ["high", "pending"]
    with database.writer(world.tenant_id):
        Tenant.objects.filter(id=world.tenant_id).update(mode=Tenant.Mode.ARMED)
    assert ours.read(f"/devices/{places['device_id']}")["blocked"] is None, "only Microsoft's rules know"


def test_a_threat_says_what_it_rests_on(ours: Program, places: Places) -> None:
    threat = ours.read(f"/threats/{places['threat_id']}")
    assert {"app", "family", "feed"} <= {item["fact"] for item in threat["evidence"]}
    assert (threat["title"], threat["origin"], threat["status"]) == ("Trojan", "agent", "open")
    assert threat["mend"]


def test_the_log_is_read_from_a_position_on(ours: Program) -> None:
    whole = ours.read("/events", limit=500)
    assert [event["position"] for event in whole["items"]] == list(range(1, whole["head"] + 1))
    assert whole["last"] == whole["head"]
    part = ours.read("/events", limit=3, after=2)
    assert [event["position"] for event in part["items"]] == [3, 4, 5]
    assert part["last"] == 5
    threats = ours.read("/events", type="THREAT")
    assert {event["type"] for event in threats["items"]} == {"THREAT"}
    assert threats["last"] == whole["head"], "what the filter leaves out is passed over too"
    assert ours.read("/events", after=whole["head"]) == {
        "items": [],
        "last": whole["head"],
        "head": whole["head"],
    }


def test_how_far_enrollment_is(ours: Program) -> None:
    told = ours.read("/enrollment")
    assert told["devices"] == {"ACTIVATED": 2, "DEACTIVATED": 1}
    assert (told["people"], told["supported"]) == (3, 3)


def test_what_is_known_already_is_not_sent_again(ours: Program, places: Places) -> None:
    for path in (*LISTS, "/devices/{device_id}", "/openapi.json", "/exceptions/apps"):
        filled = path.format(**places)
        first = ours.get(filled)
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "private, no-cache"
        for seen, status in ((tag, 304), (f'"other", W/{tag}', 304), ("*", 304), ('"other"', 200)):
            answer = ours.ask("GET", filled, headers={"If-None-Match": seen})
            assert (answer.status_code, answer.headers["etag"]) == (status, tag), seen
            assert bool(answer.content) is (status == 200)


def test_a_list_that_changed_meanwhile_is_not_changed_blindly(ours: Program) -> None:
    apps = "/exceptions/apps"
    seen = {"If-Match": ours.get(apps).headers["etag"]}
    wish = {"action": "deny", "subject": "package", "value": "com.example.one"}
    first = ours.ask("POST", apps, wish, headers=seen)
    assert first.status_code == 201
    second = ours.ask("POST", apps, wish | {"value": "com.example.two"}, headers=seen)
    assert (second.status_code, second.json()["code"]) == (412, "changed_meanwhile")
    path = f"{apps}/{first.json()['id']}"
    assert ours.ask("DELETE", path, headers=seen).status_code == 412
    assert ours.ask("DELETE", path, headers={"If-Match": ours.get(apps).headers["etag"]}).status_code == 204
    assert ours.ask("POST", apps, wish).status_code == 201, "without the header it is done as it stands"


WRONG = [
    ("/devices", "platfrom=IOS", "platfrom"),
    ("/devices", "state=high&state=low", "“state” stands there twice"),
    ("/devices", "state=high" + "&x=" * 300, "too many parameters"),
    ("/devices", "limit=0", "$.limit"),
    ("/devices", "limit=501", "$.limit"),
    ("/devices", "limit=many", "$.limit"),
    ("/devices", "state=sick", "$.state"),
    ("/devices", "group_id=1", "$.group_id"),
    ("/devices", "search=%00", "NUL"),
    ("/devices", "seen_before=2026-01-01T00:00:00", "$.seen_before"),
    ("/threats", "classification=trojan", "$.classification"),
    ("/events", "after=-1", "$.after"),
]


def test_wrong_parameters_are_named(ours: Program) -> None:
    for path, query, words in WRONG:
        answer = ours.ask("GET", f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), query
        assert words in answer.json()["detail"], query


BODIES = [
    (b"{", "application/json", 400, "invalid_request"),
    (b"[]", "application/json", 400, "invalid_request"),
    (b"\xff", "application/json", 400, "invalid_request"),
    (b'{"reason": "\\u0000"}', "application/json", 400, "invalid_request"),
    (b'{"reason": ""}', "application/json", 400, "invalid_request"),
    (b'{"reason": "x", "why": 1}', "application/json", 400, "invalid_request"),
    (b"[" * 60_000, "application/json", 400, "invalid_request"),
    (b'{"reason": "   "}', "application/json", 409, "conflict"),
    (b"reason=x", "application/x-www-form-urlencoded", 415, "media_type"),
    (b"reason: x", "application/yaml", 415, "media_type"),
    (b" " * 70_000, "application/json", 413, "too_large"),
]


def test_bodies_that_cannot_be_read(ours: Program, places: Places) -> None:
    path = f"/threats/{places['threat_id']}/ignore"
    for content, kind, status, code in BODIES:
        answer = ours.ask("POST", path, content=content, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (status, code), content[:20]
        assert set(answer.json()) >= {"type", "title", "detail", "next_step", "instance"}
        assert answer.json()["instance"].endswith(answer.headers["x-request-id"])


def test_a_body_that_does_not_come_is_not_waited_for(ours: Program, places: Places) -> None:
    import socket  # noqa: PLC0415 beside its use
    from urllib.parse import urlsplit  # noqa: PLC0415 as above

    url = urlsplit(ours.service.url)
    with socket.create_connection(("127.0.0.1", url.port or 0), timeout=30) as line:
        head = (
            f"POST /api/v1/threats/{places['threat_id']}/ignore HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {ours.key}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n"
        )
        line.sendall(head.encode() + b"{")
        assert b" 408 " in line.recv(4096).split(b"\r\n")[0]


def test_times_are_told_with_their_zone(ours: Program, places: Places) -> None:
    told = ours.read(f"/devices/{places['device_id']}")["created_at"]
    assert dt.datetime.fromisoformat(told).tzinfo is not None
