"""A tenant with two phones, one of which has a threat, whose events are told to receivers in threads."""

from collections.abc import Callable

import pytest
from tests.connectors.deliveries.desk import Desk
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import BAD_PACKAGE, World, begin, facts, make_world

from vedette.compliance.assess import assess


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("deliveries", fleet)


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.fixture
def stranger(world: World) -> Desk:
    assert world
    return Desk(make_world("Stranger"))


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Shorten how long a receiver may take to answer."""
    from vedette.connectors import destination_http  # noqa: PLC0415 needs Django

    return lambda seconds: monkeypatch.setattr(destination_http, "TIMEOUT", seconds)


def fleet() -> World:
    """A phone with a harmful app, and a healthy one."""
    world = begin("Contoso")
    bad, healthy = world.activated(2)
    world.report(bad, facts(BAD_PACKAGE))
    world.report(healthy, facts())
    assess(world.tenant_id)
    return world
