import pytest
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import World, begin, make_world


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("compliance", begin)


@pytest.fixture
def stranger(world: World) -> World:
    """Another tenant in the same database."""
    assert world
    return make_world("Stranger")
