"""The Devices module: finding phones, why one is blocked, what an administrator may do with it (D6, E3)."""

import csv
import io
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.console import Member, audit, deliver_all, sign_in, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, app, begin, facts, make_world

from vedette.compliance import mode
from vedette.compliance.assess import assess
from vedette.connectors.intune import settings_change
from vedette.connectors.intune.models import Reading
from vedette.devices.models import Device
from vedette.directory.models import DirectoryDevice
from vedette.foundation import clock, database

NASTY = ["%", "_", "'", '"', "\\", "<script>", "';--", "\x00", "é" * 50, "x" * 10_000, "%s %(a)d {0}", " "]


@pytest.fixture
def scene(db: Database, scenes: Scenes) -> tuple[World, dict[str, Device]]:
    assert db.name
    return scenes.give("console devices", four_phones)


@pytest.fixture
def world(scene: tuple[World, dict[str, Device]]) -> World:
    return scene[0]


@pytest.fixture
def fleet(scene: tuple[World, dict[str, Device]]) -> dict[str, Device]:
    return scene[1]


def four_phones() -> tuple[World, dict[str, Device]]:
    """Four phones: bad, fine, pending, silent about its lock."""
    world = begin()
    bad, fine, blind = world.activated(3)
    world.phone(
        display_name='Ünnamed "quote" <b>phone</b>',
        operating_system="iOS",
        os_version="18.1",
        model="iPhone 15",
    )
    world.poll()
    world.report(bad, facts(BAD_PACKAGE))
    world.report(fine, facts())
    world.report(blind, facts(posture={"screen_lock": None}))
    assess(world.tenant_id)
    known = {"bad": bad, "fine": fine, "blind": blind}
    (known["pending"],) = [row for row in world.devices() if row.id not in {d.id for d in known.values()}]
    return world, {name: world.fresh(device) for name, device in known.items()}


def names(page: str, fleet: dict[str, Device]) -> set[str]:
    return {name for name, device in fleet.items() if str(device.id) in page}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"bad", "fine", "blind", "pending"}),
        ({"state": "high"}, {"bad"}),
        ({"state": "pending"}, {"pending"}),
        ({"state": "misconfigured"}, {"blind"}),
        ({"state": "no such state"}, {"bad", "fine", "blind", "pending"}),
        ({"platform": "IOS"}, {"pending"}),
        ({"platform": "IOS", "state": "high"}, set()),
        ({"q": "quote"}, {"pending"}),
        ({"q": "{fine}"}, {"fine"}),
        ({"q": "iphone 15"}, {"pending"}),
        ({"q": "nobody at all"}, set()),
        ({"page": "-1"}, {"bad", "fine", "blind", "pending"}),
        ({"page": "999999999999999999999"}, {"bad", "fine", "blind", "pending"}),
        ({"page": "9999"}, {"bad", "fine", "blind", "pending"}),
        ({"sort": "x" * 5000}, {"bad", "fine", "blind", "pending"}),
        ({"sort": "-threats"}, {"bad", "fine", "blind", "pending"}),
        ({"sort": "facts"}, {"bad", "fine", "blind", "pending"}),
    ],
)
def test_phones_are_found(
    full: Member, fleet: dict[str, Device], query: dict[str, str], found: set[str]
) -> None:
    # Who got which phone is the directory's order, so the name to search for is asked of the phone.
    asked = {name: value.replace("{fine}", fleet["fine"].owner_upn) for name, value in query.items()}
    answer = full.get("/devices/", **asked)
    assert answer.status_code == 200
    assert names(text(answer), fleet) == found


def test_every_column_sorts(full: Member, fleet: dict[str, Device]) -> None:
    orders = set()
    for key in ("device", "owner", "system", "state", "threats", "seen"):
        for sign in ("", "-"):
            page = text(full.get("/devices/", sort=f"{sign}{key}"))
            orders.add(tuple(sorted(fleet, key=lambda name: page.index(str(fleet[name].id)))))
    assert len(orders) > 3


@pytest.mark.parametrize(
    "path", ["/devices/", "/threats/", "/system/audit/", "/system/enrollment/invitations/"]
)
@pytest.mark.parametrize("words", NASTY, ids=lambda words: repr(words)[:12])
def test_any_search_is_answered(full: Member, path: str, words: str) -> None:
    answer = full.get(path, q=words)
    assert answer.status_code == 200
    assert "<script>';" not in answer.content.decode()


def test_a_percent_sign_is_a_character_and_no_wildcard(full: Member, fleet: dict[str, Device]) -> None:
    assert names(text(full.get("/devices/", q="%")), fleet) == set()
    assert names(text(full.get("/devices/", q="_hone")), fleet) == set()


def test_names_are_text_and_never_markup(full: Member, fleet: dict[str, Device]) -> None:
    for path in ("/devices/", f"/devices/{fleet['pending'].id}/"):
        page = full.get(path).content.decode()
        assert "<b>phone</b>" not in page
        assert "&lt;b&gt;phone&lt;/b&gt;" in page


def test_export_holds_what_is_filtered_and_no_formula(
    full: Member, world: World, fleet: dict[str, Device]
) -> None:
    with database.tenant(world.tenant_id):
        Device.objects.filter(id=fleet["bad"].id).update(
            display_name="=cmd|' /C calc'!A0", owner_name="+49 1"
        )
    rows = list(csv.DictReader(io.StringIO(full.export("/devices/export", state="high"))))
    assert [row["device"] for row in rows] == ["'=cmd|' /C calc'!A0"]
    assert rows[0]["person"] == "'+49 1"
    assert (rows[0]["state"], rows[0]["open_threats"], rows[0]["activation"]) == ("high", "1", "ACTIVATED")
    assert len(list(csv.DictReader(io.StringIO(full.export("/devices/export"))))) == 4


@pytest.mark.usefixtures("db")
def test_an_empty_list_says_what_to_do_next() -> None:
    empty = make_world("Empty")
    full, restricted = sign_in(empty, "full"), sign_in(empty, "restricted")
    assert "Choose enrollment groups" in text(full.get("/devices/"))
    assert "/system/connectors/intune/enrollment/" in text(full.get("/devices/"))
    for_restricted = text(restricted.get("/devices/"))
    assert "No device yet" in for_restricted
    assert "/system/connectors/" not in for_restricted


# -- one device ---------------------------------------------------------------------------------------------


def test_a_blocked_phone_tells_evidence_rule_verdict_and_delivery(
    full: Member, world: World, fleet: dict[str, Device]
) -> None:
    settings_change.save(world.tenant_id, {"android_enabled": True, "heartbeat_minutes": 10}, ADA)
    mode.arm(world.tenant_id, ADA)
    deliver_all(world)
    page = text(full.get(f"/devices/{fleet['bad'].id}/"))
    assert "Every rule by level blocks this phone until the threat is gone." in page
    assert f"{BAD_PACKAGE.rsplit('.', maxsplit=1)[-1]} ({BAD_PACKAGE}) is listed as DemoBanker" in page
    assert "Your security policy rates “Trojan” High." in page
    assert 'href="/policy/#TROJAN"' in page
    assert "mtd:high" in page
    assert "extensionAttribute1: Confirmed" in page
    assert "request-id r-1" in page


def test_what_blocks_is_said_by_the_tenants_own_rule(
    full: Member, world: World, fleet: dict[str, Device]
) -> None:
    settings_change.save(world.tenant_id, {"declared_minimum": "high"}, ADA)
    page = text(full.get(f"/devices/{fleet['bad'].id}/"))
    assert "By the rule that your organisation says it has, this phone is blocked." in page
    with database.tenant(world.tenant_id):
        Reading.objects.create(
            tenant_id=world.tenant_id, kind="rules", read_at=clock.now(),
            data={"policies": [fail_closed()], "others": 0, "names": {}},
        )  # fmt: skip
    words = {
        "bad": "Your rules at Microsoft block this phone until the threat is gone.",
        "pending": "Your rules at Microsoft block this phone: they are fail-closed",
        "fine": "Your rules at Microsoft let this phone in.",
    }
    for name, sentence in words.items():
        assert sentence in text(full.get(f"/devices/{fleet[name].id}/")), name
    with database.tenant(world.tenant_id):
        Reading.objects.update(data={"policies": [], "others": 3, "names": {}})
    assert "Nothing at Microsoft blocks this phone" in text(full.get(f"/devices/{fleet['bad'].id}/"))


def fail_closed() -> dict[str, Any]:
    rule = 'device.extensionAttribute1 -notIn ["mtd:secured", "mtd:low"]'
    return {
        "id": "1", "displayName": "MTD", "state": "enabled", "grantControls": {"builtInControls": ["block"]},
        "conditions": {"devices": {"deviceFilter": {"mode": "include", "rule": rule}},
                       "users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}},
    }  # fmt: skip


def test_what_is_not_there_yet_is_not_called_none(full: Member, world: World) -> None:
    phone = world.phone()
    world.poll()
    page = text(full.get(f"/devices/{world.device(phone).id}/"))
    assert "<dt>Binding</dt><dd>none yet</dd>" in page
    assert ">None<" not in page


def test_a_phone_without_an_answer_says_which(full: Member, fleet: dict[str, Device]) -> None:
    page = text(full.get(f"/devices/{fleet['blind'].id}/"))
    assert "The phone gives no answer" in page
    assert "The phone should have a screen lock" in page
    assert "A missing answer never counts as clean." in page


def test_a_pending_phone_has_no_verdict(full: Member, fleet: dict[str, Device]) -> None:
    page = text(full.get(f"/devices/{fleet['pending'].id}/"))
    assert "The app has not been opened and activated on the phone yet." in page
    assert "Only a fail-closed rule blocks this phone" in page
    assert "Invite" in page


def test_monitor_mode_says_that_nothing_is_enforced(full: Member, fleet: dict[str, Device]) -> None:
    page = text(full.get(f"/devices/{fleet['bad'].id}/"))
    assert "Monitor mode, so nothing is enforced. Once armed: Every rule by level blocks this phone" in page
    assert "Nothing: the tenant is in Monitor mode." in page


def test_what_microsoft_reports_stands_beside_and_a_difference_is_flagged(
    full: Member, world: World, fleet: dict[str, Device]
) -> None:
    with database.tenant(world.tenant_id):
        rows = {row.object_id: row for row in DirectoryDevice.objects.all()}
        fine, bad = (rows[fleet[name].entra_object_id or uuid.UUID(int=0)] for name in ("fine", "bad"))
        fine.compliant, fine.compliance_state, bad.compliant = False, "noncompliant", True
        fine.save()
        bad.save()
    page = text(full.get(f"/devices/{fleet['fine'].id}/"))
    assert "Microsoft reports something else than expected" in page
    assert "not compliant (Intune: noncompliant)" in page
    assert "Intune has a reason of its own" in page
    calm = text(full.get(f"/devices/{fleet['bad'].id}/"))
    assert "Microsoft reports something else" not in calm
    assert "A device filter blocks by the attribute" in calm


def test_history_names_states_and_causes(full: Member, world: World, fleet: dict[str, Device]) -> None:
    world.report(fleet["bad"], facts(posture={"adb": True}))
    assess(world.tenant_id)
    page = text(full.get(f"/devices/{fleet['bad'].id}/"))
    assert page.count("A report of the phone") >= 2
    assert "The app was activated" in page or "Found in the directory" in page
    assert "Trojan, rated High by your security policy." in page
    assert "Earlier threats" in page


# -- acts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "said", "action", "activation"),
    [
        ("resync", "A whole report is asked for", "device.resync_requested", "ACTIVATED"),
        ("deactivate", "The device is deactivated.", "device.deactivated", "DEACTIVATED"),
        ("delete", "The device is deleted.", "device.deleted", None),
    ],
)
def test_acts_ask_first_then_do_it_and_are_audited(
    restricted: Member,
    world: World,
    fleet: dict[str, Device],
    act: str,
    said: str,
    action: str,
    activation: str | None,
) -> None:
    path = f"/devices/{fleet['fine'].id}/{act}"
    question = restricted.get(path)
    assert question.status_code == 200
    assert fleet["fine"].display_name in text(question)
    assert world.fresh(fleet["fine"]).activation_status == "ACTIVATED", "asking does nothing"
    assert said in text(restricted.follow(path))
    (event,) = audit(world, action)
    assert event.actor_name == restricted.administrator.upn
    assert event.target_id == str(fleet["fine"].id)
    left = {row.id: row.activation_status for row in world.devices()}
    assert left.get(fleet["fine"].id) == activation


def test_a_deactivated_phone_is_reinstated_once(full: Member, world: World, fleet: dict[str, Device]) -> None:
    path = f"/devices/{fleet['fine'].id}/"
    assert "This device is not deactivated." in text(full.follow(path + "reinstate"))
    full.post(path + "deactivate")
    assert "This device is deactivated already." in text(full.follow(path + "deactivate"))
    page = text(full.get(path))
    assert "An administrator deactivated it" in page
    assert "Reinstate" in page
    assert "Resync" not in page
    assert "The device is pending again." in text(full.follow(path + "reinstate"))
    assert world.state(fleet["fine"]) == "pending"
    assert str(fleet["fine"].id) not in text(full.get("/devices/", state="deactivated"))


@pytest.mark.parametrize("path", ["/devices/{0}/", "/devices/{0}/resync", "/devices/{0}/delete"])
def test_what_does_not_exist_is_not_found(full: Member, path: str) -> None:
    assert full.get(path.format(uuid.uuid4())).status_code == 404
    assert full.post(path.format(uuid.uuid4())).status_code == 404
    assert full.get(path.format("not-an-id")).status_code == 404


def test_an_unknown_act_is_not_found(full: Member, fleet: dict[str, Device]) -> None:
    assert full.get(f"/devices/{fleet['fine'].id}/explode").status_code == 404
    assert full.post(f"/devices/{fleet['fine'].id}/explode").status_code == 404


def test_a_long_name_and_an_empty_one_are_drawn(full: Member, world: World, fleet: dict[str, Device]) -> None:
    for name, shown in (("n" * 400, "n" * 400), ("", "Pixel 8")):
        with database.tenant(world.tenant_id):
            Device.objects.filter(id=fleet["fine"].id).update(display_name=name)
        assert shown in text(full.get(f"/devices/{fleet['fine'].id}/"))
        assert shown in text(full.get("/devices/"))


def test_an_app_with_a_hostile_name_stays_text(full: Member, world: World, fleet: dict[str, Device]) -> None:
    hostile = app("com.example.evil", name="<img src=x onerror=alert(1)>", installer="com.example.store")
    world.report(fleet["fine"], facts(apps=[hostile]))
    assess(world.tenant_id)
    page = full.get(f"/devices/{fleet['fine'].id}/").content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def asked(full: Member, **query: str) -> list[str]:
    """The SQL of one look at the list."""
    with CaptureQueriesContext(connection) as captured:
        assert full.get("/devices/", **query).status_code == 200
    return [entry["sql"] for entry in captured.captured_queries]


def test_the_list_asks_as_often_for_many_phones_as_for_few(full: Member, world: World) -> None:
    assert len(world.devices()) == 4
    few = {sort: len(asked(full, sort=sort)) for sort in ("device", "-state", "threats")}
    world.activated(8)
    assert len(world.devices()) == 12
    assert {sort: len(asked(full, sort=sort)) for sort in few} == few


@pytest.mark.parametrize("sort", ["device", "owner", "system", "-state", "seen"])
def test_rows_are_cut_before_their_threats_are_counted(
    full: Member, fleet: dict[str, Device], sort: str
) -> None:
    assert fleet
    sql = asked(full, sort=sort, q="e", platform="ANDROID")
    (cut,) = [one for one in sql if "ORDER BY" in one and " LIMIT " in one and "devices_device" in one]
    assert "threats_threat" not in cut
    assert "manufacturer" not in cut, "the cut reads more than IDs"
    (counted,) = [one for one in sql if "threats_threat" in one and "devices_device" in one]
    assert " IN (" in counted
