import pytest
from tests.support.database import Database
from tests.support.world import World, load_intelligence, make_world


@pytest.fixture
def world(db: Database) -> World:
    assert db.name
    load_intelligence()
    return make_world()


@pytest.fixture
def stranger(world: World) -> World:
    """Another tenant in the same database."""
    assert world
    return make_world("Stranger")
