"""Groups at risk that one delivery gives up at once."""

import pytest
from tests.connectors.risk_groups import AtRisk, ready
from tests.connectors.scene import Scene

from vedette.connectors.groups import membership_route
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP
from vedette.foundation.graph import Patience


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give one delivery up at once: it is tried again later, which is what is tested."""
    monkeypatch.setattr(membership_route, "PATIENCE", Patience(1, seconds=2.0))


@pytest.fixture
def phones(grouped: Scene) -> AtRisk:
    return ready(grouped, DEVICE_GROUP)


@pytest.fixture
def people(grouped: Scene) -> AtRisk:
    return ready(grouped, USER_GROUP)
