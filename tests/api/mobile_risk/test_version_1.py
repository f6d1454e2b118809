"""Version 1: every parameter, and errors in its words."""

from typing import Any
from urllib.parse import parse_qsl

from tests.api.mobile_risk.listening import all_ids
from tests.support.risk_api import Program, make_key
from tests.support.world import ADA, World

from vedette.foundation import database
from vedette.tenants.application_keys import Scope
from vedette.threats.models import Threat


def ids(page: dict[str, Any]) -> list[str]:
    return [event["id"] for event in page["events"]]


def test_pages_lead_to_the_end_and_hold_the_place(program: Program, world: World) -> None:
    everything, seen, position = all_ids(world), [], "0"
    while True:
        page = program.read("/events", streamPosition=position, limit=5)
        assert page["count"] == len(page["events"])
        assert page["links"][1] == {
            "href": f"/events?limit=5&streamPosition={page['streamPosition']}",
            "rel": "next",
        }
        assert page["requestId"]
        seen += ids(page)
        position = page["streamPosition"]
        if not page["moreEvents"]:
            break
    assert seen == everything
    again = program.read("/events", streamPosition=position)
    assert (again["events"], again["streamPosition"], again["moreEvents"]) == ([], position, False)
    now = program.read("/events", streamPosition="now")
    assert (now["events"], now["streamPosition"]) == ([], position)


def test_pages_sorted_by_what_happened_lose_nothing(program: Program, world: World) -> None:
    everything = all_ids(world, ("THREAT", "DEVICE"))
    given = {"eventType": "DEVICE,THREAT", "sortBy": "auditEventType", "limit": "3"}
    for order, offset in (("ASC", 0), ("DESC", 2)):
        page = program.read("/events", **given, order=order, offset=offset)
        seen = ids(page)
        while page["moreEvents"]:
            assert len(seen) < len(everything)
            query = dict(parse_qsl(page["links"][1]["href"].partition("?")[2]))
            assert "offset" not in query
            page = program.read("/events", **query)
            seen += ids(page)
        expected = everything if order == "ASC" else everything[::-1][offset:]
        assert sorted(seen) == sorted(expected)


def test_every_parameter(program: Program, world: World) -> None:
    everything = all_ids(world)
    with database.tenant(world.tenant_id):
        device = str(Threat.objects.get(classification="TROJAN").device_id)
    middle = program.read("/events")["events"][10]["eventTime"]
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({"eventType": "THREAT"}, all_ids(world, ("THREAT",))),
        ({"eventType": "device,audit"}, all_ids(world, ("DEVICE", "AUDIT"))),
        ({"ascending": "false", "limit": "3"}, everything[::-1][:3]),
        ({"sortBy": "eventTime", "order": "DESC", "limit": "2"}, everything[::-1][:2]),
        ({"limit": "1000", "endTime": "2001-01-01T00:00:00Z"}, []),
        ({"actorId": "nobody"}, []),
        ({"streamPosition": ""}, everything),
        ({"nonsense": "1"}, everything),
    ]
    for given, expected in cases:
        assert ids(program.read("/events", **given)) == expected, given
    since = program.read("/events", startTime=middle)["events"]
    assert since
    assert all(event["eventTime"] >= middle for event in since)
    about = program.read("/events", targetId=device)["events"]
    assert {event["target"]["id"] for event in about} == {device}
    assert {event["type"] for event in about} == {"DEVICE", "THREAT"}
    by_ada = program.read("/events/audit", actorId=ADA.id)["events"]
    assert {event["actor"]["id"] for event in by_ada} == {ADA.id}
    page = program.read("/events", offset=2, limit=3)
    assert (ids(page), page["totalCount"]) == (everything[2:5], len(everything))
    assert {event["type"] for event in program.read("/events/audit")["events"]} == {"AUDIT"}
    kinds = [e["details"]["type"] for e in program.read("/events/audit", sortBy="auditEventType")["events"]]
    assert sorted(kinds, key=kinds.index) == kinds


def test_what_events_say(program: Program) -> None:
    events = program.read("/events")["events"]
    threat = next(
        e for e in events if e["type"] == "THREAT" and e["details"]["classifications"] == ["TROJAN"]
    )
    assert threat["details"]["action"] == "DETECTED"
    assert threat["details"]["severity"] == "HIGH"
    assert threat["details"]["packageName"] == "org.vedette.test.bad"
    assert threat["target"]["emailAddress"] == "p0@example.test"
    assert threat["target"]["platform"] == "ANDROID"
    device = [e for e in events if e["type"] == "DEVICE"]
    assert device[0]["updatedDetails"] == ["activationStatus", "protectionStatus"]
    assert {e["details"]["type"] for e in device} == {"DEVICE_STATUS"}
    high = next(e for e in device if e["details"].get("securityStatus") == "THREAT_HIGH")
    assert "securityStatus" in high["updatedDetails"]


def test_errors_in_its_words(program: Program, stranger: Program, world: World) -> None:
    for given in (
        {"limit": "x"}, {"streamPosition": "-1"}, {"eventType": "PHONES"}, {"startTime": "now"},
        {"ascending": "true", "order": "ASC"}, {"sortBy": "colour"},
    ):  # fmt: skip
        answer = program.get("/events", **given)
        assert answer.status_code == 400, given
        assert set(answer.json()) == {"type", "statusCode", "errorCode", "message", "requestId"}
    wrong = Program(program.service, "", "wrong").get("/events")
    assert (wrong.status_code, wrong.json()["errorCode"]) == (401, "INVALID_TOKEN")
    narrow = Program(program.service, make_key(world, Scope.RISK).key).get("/events")
    assert (narrow.status_code, narrow.json()["errorCode"]) == (403, "INSUFFICIENT_SCOPE")
    mine, theirs = set(all_ids(world)), set(ids(stranger.read("/events")))
    assert not mine & theirs
