"""Devices and threats: every parameter, paging to the end, and every answer against the specification."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from tests.api.mobile_risk.specification import Specification
from tests.support.risk_api import Program
from tests.support.world import ADA, World

from vedette.compliance import lifecycle, triage
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.threats.models import Threat

API = "/mra/api/v2/"
ALL = 6
# What each parameter leaves of the six phones of conftest.fleet.
DEVICES: list[tuple[dict[str, str], int]] = [
    ({}, 6),
    ({"platform": "IOS"}, 1),
    ({"platform": "android"}, 5),
    ({"state": "PENDING"}, 1),
    ({"state": "!PENDING"}, 5),
    ({"state": "DEACTIVATED"}, 1),
    ({"state": "ACTIVATED"}, 4),
    ({"protection_status": "PROTECTED"}, 3),
    ({"protection_status": "!PROTECTED"}, 3),
    ({"protection_status": "DISCONNECTED", "state": "ACTIVATED"}, 1),
    ({"security_status": "THREATS_HIGH"}, 1),
    ({"security_status": "THREATS_MEDIUM"}, 1),
    ({"security_status": "SECURE"}, 1),
    ({"security_status": "!SECURE"}, 5),
    ({"profile_type": "WORK"}, 0),
    ({"profile_type": "!WORK"}, 6),
    ({"email": "P0@example"}, 1),
    ({"email": "%"}, 0),
    ({"is_mdm": "false"}, 6),
    ({"is_mdm": "true"}, 0),
    ({"pcp_enabled": "true"}, 0),
    ({"pcp_paused": "false"}, 6),
    ({"device_admin_settings_activated": "true"}, 0),
    ({"osversion": "11"}, 1),
    ({"aspl": "2000-01-01"}, 0),
    ({"aspl_version_date": "12"}, 1),
    ({"aspl_version_date": "24"}, 0),
    ({"group": str(uuid.uuid4())}, 0),
    ({"updated_since": "2001-01-01T00:00:00Z"}, 6),
    ({"updated_since": "2101-01-01T00:00:00+00:00"}, 0),
    ({"enterprise_guid": str(uuid.uuid4()), "nonsense": "1"}, 6),
    ({"platform": "", "limit": "", "state": ""}, 6),
    ({"platform": "ANDROID", "state": "ACTIVATED", "email": "example.test", "is_mdm": "0"}, 4),
]
THREATS: list[tuple[dict[str, str], int]] = [
    ({}, 4),
    ({"platform": "ANDROID"}, 4),
    ({"platform": "IOS"}, 0),
    ({"status": "OPEN"}, 4),
    ({"status": "!OPEN"}, 0),
    ({"risk": "HIGH"}, 1),
    ({"risk": "!ADVISORY"}, 3),
    ({"threat_type": "APPLICATION"}, 1),
    ({"threat_type": "!APPLICATION"}, 3),
    ({"threat_type": "CONFIGURATION", "risk": "LOW"}, 1),
    ({"classification": "TROJAN"}, 1),
    ({"classification": "!TROJAN"}, 3),
    ({"timeframe": "LAST_30_DAYS"}, 4),
    ({"timeframe": "ALL"}, 4),
    ({"profile_type": "PERSONAL"}, 0),
    ({"query": "p0@"}, 1),
    ({"query": "nobody"}, 0),
    ({"device_guid": str(uuid.uuid4())}, 0),
    ({"updated_since": "2101-01-01T00:00:00Z"}, 0),
]
WRONG: list[tuple[str, dict[str, str]]] = [
    ("devices", {"platform": "SYMBIAN"}),
    ("devices", {"state": "!"}),
    ("devices", {"limit": "-1"}),
    ("devices", {"limit": "ten"}),
    ("devices", {"limit": "٣"}),
    ("devices", {"oid": "1"}),
    ("devices", {"group": "x"}),
    ("devices", {"is_mdm": "maybe"}),
    ("devices", {"aspl": "May"}),
    ("devices", {"aspl_version_date": "4"}),
    ("devices", {"updated_since": "yesterday"}),
    ("devices", {"email": "a\0b"}),
    ("device", {}),
    ("device", {"guid": "x"}),
    ("threats", {"classification": "PHISHING_CONTENT"}),
    ("pcp-threats", {"classification": "TROJAN"}),
    ("threats", {"risk": "SEVERE"}),
    ("threats", {"timeframe": "LAST_YEAR"}),
    ("threat", {}),
    ("threat", {"guid": "1"}),
    ("events", {"types": "PHONES"}),
    ("events", {"start_time": "now"}),
    ("events", {"oid": "7"}),
    ("events", {"oid": "ffffffff-ffff-7fff-bfff-ffffffffffff"}),  # a time that no calendar has
]


def rows(program: Program, path: str, **parameters: Any) -> list[dict[str, Any]]:
    body = program.read(API + path, **parameters)
    found: list[dict[str, Any]] = body["devices" if path == "devices" else "threats"]
    assert body["count"] == len(found) or "limit" in parameters
    return found


def test_every_parameter_of_devices(program: Program) -> None:
    assert [(given, len(rows(program, "devices", **given))) for given, _count in DEVICES] == DEVICES


def test_every_parameter_of_threats(program: Program) -> None:
    assert [(given, len(rows(program, "threats", **given))) for given, _count in THREATS] == THREATS


def test_what_is_wrong_is_named(program: Program) -> None:
    for path, given in WRONG:
        answer = program.get(API + path, **given)
        assert answer.status_code == 400, (path, given, answer.text)
        assert set(answer.json()) == {"error", "request-id"}
        assert all(name in answer.json()["error"] for name in given if given[name] and name != "oid")


def test_all_is_told_as_the_specification_says(program: Program, shared_dir: Path, world: World) -> None:
    assert world
    specification = Specification(shared_dir)
    device = rows(program, "devices", security_status="THREATS_HIGH")[0]["guid"]
    threat = rows(program, "threats", classification="TROJAN")[0]["guid"]
    given = {"/device": {"guid": device}, "/threat": {"guid": threat}}
    for path in ("/device", "/devices", "/threat", "/threats", "/pcp-threats"):
        answer = program.read(API[:-1] + path, **given.get(path, {}))
        assert specification.faults(specification.answer(API[:-1] + path, 200), answer) == []
    for name, value in [
        c for p in ("devices", "threats", "pcp-threats") for c in specification.choices(API + p)
    ]:
        path = "devices" if name in {"state", "protection_status", "security_status"} else "threats"
        path = "pcp-threats" if value.endswith("_CONTENT") else path
        assert program.get(API + path, **{name: value}).status_code == 200, (name, value)
    event = program.read(API + "events")["events"]
    assert [fault for item in event for fault in specification.faults("models.Event", item)] == []
    assert {item["type"] for item in event} == {"DEVICE", "THREAT", "AUDIT"}


def test_one_device_by_each_of_its_names(program: Program, world: World) -> None:
    device = world.devices()[0]
    for name, value in (
        ("guid", device.id),
        ("customer_device_id", device.entra_device_id),
        ("mdm_device_id", str(device.entra_device_id).upper()),
    ):
        found = program.read(API + "device", **{name: str(value)})
        assert (found["guid"], found["oid"]) == (str(device.id), str(device.id))
        assert found["details"]["mdm_connector_id"] == 1
        again = program.read(
            API + "device",
            **{
                name: str(value),
                "mdm_connector_id": 1,
                "mdm_connector_uuid": found["details"]["mdm_connector_uuid"],
            },
        )
        assert again == found
        for other in ({"mdm_connector_id": 2}, {"mdm_connector_uuid": str(uuid.uuid4())}):
            assert program.get(API + "device", **{name: str(value)}, **other).status_code == 404
    assert program.get(API + "device", guid=str(uuid.uuid4())).status_code == 404


@pytest.mark.parametrize("path", ["devices", "threats"])
def test_paging_shows_each_row_once(program: Program, path: str) -> None:
    everything = [row["oid"] for row in rows(program, path)]
    assert everything == sorted(everything, reverse=True)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = program.read(API + path, limit=2, **cursor)
        assert page["count"] == len(everything) - len(seen)
        if not page[path]:
            break
        seen += [row["oid"] for row in page[path]]
        cursor = {"oid": seen[-1]}
    assert seen == everything
    assert program.read(API + path, limit=0)[path] == []
    assert len(rows(program, path, limit=5000)) == len(everything)


def test_an_ignored_threat_is_told_as_ignored(program: Program, world: World) -> None:
    with database.writer(world.tenant_id):
        threat = Threat.objects.get(classification="TROJAN")
    triage.ignore(threat, "ours", ADA)
    (found,) = rows(program, "threats", status="IGNORED")
    assert found["guid"] == str(threat.id)
    assert found["details"]["package_name"] == "org.vedette.test.bad"
    assert found["details"]["application_name"] == "bad"
    assert len(found["details"]["package_sha"]) == 64
    assert found["device"]["email"] == "p0@example.test"
    last = program.read(API + "events", types="THREAT")["events"][-1]
    assert (last["threat"]["status"], last["change_type"]) == ("IGNORED", "UPDATED")
    assert last["actor"]["type"] == "ADMIN"


def test_a_stranger_sees_nothing_of_it(program: Program, stranger: Program, world: World) -> None:
    with database.tenant(world.tenant_id):
        device, threat = Device.objects.order_by("id")[0], Threat.objects.order_by("id")[0]
    assert rows(stranger, "devices") == rows(stranger, "threats") == []
    assert stranger.get(API + "device", guid=str(device.id)).status_code == 404
    assert stranger.get(API + "device", customer_device_id=str(device.entra_device_id)).status_code == 404
    assert stranger.get(API + "threat", guid=str(threat.id)).status_code == 404
    assert program.get(API + "threat", guid=str(threat.id)).status_code == 200
    own = stranger.read(API + "events")["events"]
    assert (
        {event["enterprise_guid"] for event in own} == {own[0]["enterprise_guid"]} != {str(world.tenant_id)}
    )
    cursor = program.read(API + "events", limit=1)["last_oid"]
    behind = stranger.read(API + "events", oid=cursor)["events"]
    assert all(event["enterprise_guid"] != str(world.tenant_id) for event in behind)


def test_events_are_polled_to_the_end_and_on(program: Program, world: World) -> None:
    """As Sentinel's codeless connector does: `last_oid` is kept and sent with the next window."""
    everything = program.read(API + "events")["events"]
    seen, cursor = [], {"start_time": everything[0]["created_time"]}
    while True:
        page = program.read(API + "events", limit=3, types="THREAT,DEVICE,SMISHING_ALERT,AUDIT", **cursor)
        if not page["events"]:
            break
        seen += page["events"]
        cursor = {"oid": page["last_oid"], "start_time": everything[-1]["created_time"]}
    assert page["last_oid"] == cursor["oid"], "a poller stays where it is"
    assert [event["id"] for event in seen] == [event["id"] for event in everything]
    with database.writer(world.tenant_id):
        threat = Threat.objects.get(classification="TROJAN")
    triage.ignore(threat, "ours", ADA)
    fresh = program.read(API + "events", **cursor)["events"]
    assert {event["type"] for event in fresh} == {"THREAT", "DEVICE", "AUDIT"}
    assert program.read(API + "events", types="SMISHING_ALERT")["events"] == []
    only = program.read(API + "events", types="threat")["events"]
    assert {event["type"] for event in only} == {"THREAT"}
    assert only[0]["target"] == {"type": "THREAT", "guid": only[0]["threat"]["device"]["guid"]}
    assert only[0]["actor"]["guid"] == only[0]["target"]["guid"]


def test_what_was_deleted_is_told_with_what_is_left(program: Program, world: World) -> None:
    device = world.devices()[0]
    lifecycle.delete(device, ADA)
    told = program.read(API + "events", types="DEVICE,THREAT")["events"]
    last = told[-1]
    assert (last["change_type"], last["device"]["status"]["activation_status"]) == ("PURGED", "DELETED")
    assert last["device"]["platform"] == device.platform
    assert not [event for event in told if "email" in str(event) and str(device.id) in str(event)]
    assert all(event["threat"]["classifications"] for event in told if event["type"] == "THREAT")
