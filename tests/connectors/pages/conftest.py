"""The connectors' pages over HTTP: people who are signed in, and an organisation that is set up."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.connectors.scene import Scene
from tests.support.console import Member, settings, sign_in

from vedette.connectors.intune import group_views, heartbeat
from vedette.foundation.graph import Patience


@pytest.fixture(autouse=True)
def pages(microsoft: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert microsoft
    monkeypatch.setattr(group_views, "PATIENCE", Patience(1, seconds=1.0))
    monkeypatch.setattr(heartbeat, "PATIENCE", Patience(1, seconds=1.0))
    with settings(tmp_path):
        yield


@pytest.fixture
def owner(scene: Scene) -> Member:
    return sign_in(scene.world, "full")


@pytest.fixture
def ready(scene: Scene) -> Scene:
    """Set up, one group enrolled and polled, armed and published."""
    return scene
