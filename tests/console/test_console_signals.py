"""The device page says which signals there are, from where, how old, and which are lacking."""

import datetime as dt
from typing import Any

import pytest
from tests.support.console import Member, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import World, begin, facts

from vedette.compliance.assess import assess, reassess
from vedette.console import signals_known
from vedette.console.signals_known import Signal
from vedette.devices.models import Device
from vedette.directory import read
from vedette.foundation import clock, database

SYNCED = dt.timedelta(hours=3)


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("console signals", begin)


def managed(world: World, synced: dt.timedelta = SYNCED, **known: Any) -> Device:
    """A phone without the app of which Intune says something."""
    phone = world.phone(
        managed_device_id="intune-1",
        managed_facts={"ownership": "company", **known},
        managed_synced_at=clock.now() - synced,
        compliance_state="compliant",
        reported_health="unknown",
    )
    world.poll()
    reassess(world.tenant_id)
    return world.device(phone)


def rows(world: World, device: Device) -> dict[str, Signal]:
    with database.tenant(world.tenant_id):
        assert device.entra_object_id
        found = signals_known.of(Device.objects.get(id=device.id), read.device(device.entra_object_id))
    return {str(signal.name): signal for signal in found}


def test_without_the_app_intune_is_the_source_and_the_rest_is_lacking(world: World) -> None:
    device = managed(world, jailbroken=True, security_patch="2026-10-05")
    found = rows(world, device)
    root = found["Rooted or jailbroken"]
    assert (root.value, root.source, root.state) == ("yes", "Intune", "known")
    assert root.at
    assert abs(clock.now() - root.at - SYNCED) < dt.timedelta(minutes=5)
    assert found["Security patch"].value == "2026-10-05"
    lacking = {name for name, signal in found.items() if signal.state == "lacking"}
    assert {"Storage encrypted", "Screen lock", "USB debugging"} <= lacking
    assert found["Ownership"].value == "company"
    assert world.state(device) == "high"


def test_both_sources_are_named_where_they_differ_and_old_words_are_marked(world: World) -> None:
    device = managed(world, jailbroken=True)
    world.activate(device)
    world.report(device, facts())
    assess(world.tenant_id)
    root = rows(world, device)["Rooted or jailbroken"]
    assert (root.value, str(root.source)) == ("yes", "Intune")
    assert root.note == "The app says otherwise: no"
    old = rows(world, managed(world, dt.timedelta(days=40), jailbroken=False))["Rooted or jailbroken"]
    assert (old.value, old.state, old.note) == ("no", "old", "too old to count")


def test_the_page_shows_them(world: World, full: Member) -> None:
    device = managed(world, jailbroken=True)
    page = text(full.get(f"/devices/{device.id}/"))
    assert "What is known of this phone" in page
    assert "signals are lacking" in page
    assert "Rooted or jailbroken" in page
    assert "The app has not been opened and activated on the phone yet." in page
