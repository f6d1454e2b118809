"""The audit trail: who did what, when, from what to what, without secrets; and a chain that shows tampering."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.console.conftest import Mailbox
from tests.support.console import Member, audit, text
from tests.support.database import Database
from tests.support.world import ADA, BAD_PACKAGE, World, facts

from vedette.compliance.assess import assess
from vedette.connectors.entra_groups import Group
from vedette.connectors.intune import settings_change
from vedette.devices.models import Device
from vedette.foundation import clock, database
from vedette.threats.models import Threat

CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@pytest.fixture
def phone(world: World) -> Device:
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    return world.fresh(device)


def threat_of(world: World, device: Device) -> str:
    with database.tenant(world.tenant_id):
        return str(Threat.objects.get(device=device).id)


def add_group(world: World, name: str) -> None:
    group = Group(uuid4(), name, description="", security_enabled=True, dynamic=False)
    settings_change.add_group(world.tenant_id, group, include_nested=True, actor=ADA)


Act = Callable[[Member, World, Device], Any]

# what an administrator does, the audit row it leaves, and one change the row names (attribute, from, to)
ACTS: dict[str, tuple[Act, str, tuple[str, Any, Any] | None]] = {
    "ignore": (
        lambda who, world, phone: who.post(f"/threats/{threat_of(world, phone)}/ignore", reason="ours"),
        "threat.ignored",
        ("status", "open", "ignored"),
    ),
    "levels": (
        lambda who, _world, _phone: who.post("/policy/", **{"risk-TROJAN": "2", "confirmed": "1"}),
        "policy.levels_changed",
        ("TROJAN.risk", "HIGH", "LOW"),
    ),
    "parameters": (
        lambda who, _world, _phone: who.post(
            "/policy/parameters", minimum_android="14", minimum_ios="17.0", patch_age_days="180"
        ),
        "policy.parameters_changed",
        ("minimum_android", "13", "14"),
    ),
    "deactivate": (
        lambda who, _world, phone: who.post(f"/devices/{phone.id}/deactivate"),
        "device.deactivated",
        ("activation_status", "ACTIVATED", "DEACTIVATED"),
    ),
    "resync": (
        lambda who, _world, phone: who.post(f"/devices/{phone.id}/resync"),
        "device.resync_requested",
        None,
    ),
    "delete": (
        lambda who, _world, phone: who.post(f"/devices/{phone.id}/delete"),
        "device.deleted",
        None,
    ),
    "arm": (
        lambda who, _world, _phone: who.post("/system/account/arm"),
        "tenant.armed",
        ("mode", "monitor", "armed"),
    ),
    "days": (
        lambda who, _world, _phone: who.post("/system/enrollment/settings/", days="7", confirmed="1"),
        "enrollment.disconnected_days_changed",
        ("disconnected_days", 30, 7),
    ),
    "invite": (
        lambda who, _world, phone: who.post(f"/devices/{phone.id}/invite"),
        "enrollment.invited",
        None,
    ),
    "preferences": (
        lambda who, _world, _phone: who.post("/preferences/", notify_high="on", language="", theme="system"),
        "administrator.preferences_changed",
        ("notify_high", False, True),
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_each_act_leaves_who_when_from_and_to(
    full: Member, world: World, phone: Device, mailbox: Mailbox, act: str
) -> None:
    do, action, change = ACTS[act]
    before, began = {event.id for event in audit(world)}, clock.now()
    assert do(full, world, phone).status_code in {200, 302}
    new = [event for event in audit(world) if event.id not in before]
    (event,) = [row for row in new if row.action == action]
    assert (event.actor_type, event.actor_name) == ("ADMIN", full.administrator.upn)
    assert event.actor_id == str(full.administrator.id)
    assert began <= event.occurred_at <= clock.now()
    assert event.target_type
    if change:
        attribute, old, fresh = change
        assert {"attribute": attribute, "from": old, "to": fresh} in event.changes
    for row in new:
        told = json.dumps([row.changes, row.detail, row.target_name])
        assert not CODE.search(told), "a code stands in the audit trail"
        assert full.session_key not in told
    page = text(full.get(f"/system/audit/{event.id}/"))
    assert full.administrator.upn in page
    if act == "invite":
        assert CODE.search(str(mailbox.messages[0])), "the code is in the mail alone"


def test_the_list_tells_it_in_words(full: Member, world: World) -> None:
    full.post("/policy/", **{"risk-TROJAN": "2", "confirmed": "1"})
    full.post("/system/account/arm")
    add_group(world, "Field <Engineers>")
    page = text(full.get("/system/audit/"))
    for words in ("Security policy changed", "Trojan:</span> High → Low", "Monitor mode → Armed"):
        assert words in page, words
    assert "Field &lt;Engineers&gt;" in page
    assert "TROJAN.risk" not in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, {"Security policy changed", "Tenant armed", "Enrollment group added"}),
        ({"area": "policy"}, {"Security policy changed"}),
        ({"area": "tenant"}, {"Tenant armed"}),
        ({"area": "nothing like it"}, {"Security policy changed", "Tenant armed", "Enrollment group added"}),
        ({"who": "SYSTEM"}, set()),
        ({"when": "day"}, {"Security policy changed", "Tenant armed", "Enrollment group added"}),
        ({"q": "armed"}, {"Tenant armed"}),
        ({"q": "Field"}, {"Enrollment group added"}),
        ({"q": "ada@example.test policy"}, {"Security policy changed"}),
        (
            {"sort": "target", "page": "-4"},
            {"Security policy changed", "Tenant armed", "Enrollment group added"},
        ),
    ],
)
def test_acts_are_found(full: Member, world: World, query: dict[str, str], shown: set[str]) -> None:
    full.post("/policy/", **{"risk-TROJAN": "2", "confirmed": "1"})
    full.post("/system/account/arm")
    add_group(world, "Field")
    page = text(full.get("/system/audit/", **query))
    rows = page[page.index('id="results"') :]
    acts = ("Security policy changed", "Tenant armed", "Enrollment group added")
    assert {act for act in acts if f">{act}</a>" in rows} == shown


def test_what_is_old_is_left_out_by_time(db: Database, full: Member, world: World) -> None:
    full.post("/system/account/arm")
    (armed,) = audit(world, "tenant.armed")
    old = clock.now() - timedelta(days=9)
    with db.owner() as connection:
        connection.execute("update events_event set occurred_at = %s where id = %s", [old, armed.id])
    assert "Tenant armed</a>" not in text(full.get("/system/audit/", when="week"))
    assert "Tenant armed</a>" in text(full.get("/system/audit/", when="month"))
