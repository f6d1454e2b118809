"""The Mobile Risk API for one tenant with phones and threats, and for a stranger."""

import datetime as dt
from collections.abc import Iterator

import pytest
from tests.support.database import Database
from tests.support.risk_api import Program, Service, make_key, serving
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, begin, facts, make_world

from vedette.compliance import lifecycle, sweep
from vedette.compliance.assess import assess
from vedette.foundation import clock, database


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("mobile risk api", fleet)


def fleet() -> World:
    """Phones in every state that the API tells apart: see `fleet_states`."""
    world = begin("Contoso")
    phones = sorted(world.activated(5), key=lambda device: device.owner_email)
    bad, dated, healthy, silent, away = phones
    world.phone(operating_system="iOS", os_version="17.5", manufacturer="Apple", model="iPhone 14")
    world.poll()
    world.report(bad, facts(BAD_PACKAGE))
    old = (clock.now().date() - dt.timedelta(days=400)).isoformat()
    world.report(dated, facts(device={"os_version": "11", "security_patch": old}, posture={"adb": True}))
    world.report(healthy, facts())
    world.report(silent, facts())
    world.report(away, facts())
    assess(world.tenant_id)
    with database.writer(world.tenant_id):
        silent.disconnected_after = clock.now() - dt.timedelta(days=1)
        silent.save(update_fields=["disconnected_after"])
    sweep.sweep(world.tenant_id)
    lifecycle.deactivate(world.fresh(away), "sold", ADA)
    return world


@pytest.fixture(scope="module")
def service(database: Database) -> Iterator[Service]:
    with serving(database.login_url, requests_per_minute=100_000) as running:
        yield running


@pytest.fixture
def program(service: Service, world: World) -> Program:
    return Program(service, make_key(world).key)


@pytest.fixture
def stranger(service: Service, world: World) -> Program:
    assert world
    return Program(service, make_key(make_world("Stranger")).key)
