"""How far along a test's scene is: each stage is built once, then had again, at Microsoft and with us.

A stage has an organisation of its own, so that what one test does to it is seen by no other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from tests.connectors.scene import Scene, make_scene
from tests.support.microsoft import Microsoft
from tests.support.scenes import Scenes

from vedette.connectors.partner import client
from vedette.foundation import circuit, config, throttle, tokens

FOR_GROUPS_AND_ACTS: Final = (
    "GroupMember.ReadWrite.All",
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "User.RevokeSessions.All",
)


def begun(scene: Scene) -> None:
    """Consented, nothing set up yet."""


def watched(scene: Scene) -> None:
    """Company Phones, with the group inside it, enrolled and polled: the next poll goes by deltas."""
    scene.set_up()
    scene.add_group("Company Phones")
    scene.poll()


def reporting(scene: Scene) -> None:
    """As watched, and two phones are activated and secured; Monitor mode."""
    watched(scene)
    for device in scene.devices(platform="ANDROID")[:2]:
        scene.activate(device)
        scene.report_good(device)


def enrolled(scene: Scene) -> None:
    """As watched; both platforms on; armed."""
    watched(scene)
    scene.arm()


def allow_groups(scene: Scene) -> None:
    """Consent to what keeping groups and the acts need, too; before the first token of the scene."""
    mine = scene.microsoft.client_id
    (registered,) = [app for app in scene.lab.get("/apps") if app["client_id"] == mine]
    wanted = [*registered["permissions"], *FOR_GROUPS_AND_ACTS]
    scene.lab.post(f"{scene.path}/consents", {"client_id": mine, "permissions": wanted})


def grouped(scene: Scene) -> None:
    """As enrolled, and the application may keep groups, ask for check-ins, notify and end sessions."""
    allow_groups(scene)
    enrolled(scene)


def ready(scene: Scene) -> None:
    """As enrolled, with a heartbeat, and what is owed is published."""
    scene.set_up()
    scene.beat()
    scene.add_group("Company Phones")
    scene.poll()
    scene.arm()
    scene.publish()


def crowded(scene: Scene) -> None:
    """A thousand more people with a managed phone each are enrolled and polled; armed, and nothing published yet."""
    scene.set_up()
    group = scene.lab.post(f"{scene.path}/groups", {"display_name": "Crowd"})
    scene.lab.post(f"{scene.path}/crowd", {"group": group["id"], "people": 1000})
    scene.add_group("Crowd")
    scene.poll()
    scene.arm()


STAGES: Final[dict[str, Callable[[Scene], None]]] = {
    stage.__name__: stage for stage in (begun, watched, reporting, enrolled, grouped, ready, crowded)
}


def asked_for(fixtures: list[str]) -> str:
    """Name the one stage that a test's fixtures ask for; a scene that has just begun without any."""
    found = [name for name in STAGES if name in fixtures]
    assert len(found) <= 1, f"one scene cannot be {' and '.join(found)}"
    return found[0] if found else begun.__name__


@dataclass
class Stages:
    """The stages that one worker has built so far."""

    microsoft: Microsoft
    scenes: Scenes
    _tokens: dict[str, Any] = field(default_factory=dict)

    def give(self, name: str) -> Scene:
        """Return the scene at this stage. To be called while the database is empty."""
        known = name in self._tokens
        scene = self.scenes.give(f"connectors, {self.microsoft.lab.url}, {name}", lambda: self._build(name))
        if known:
            scene.lab.post(f"{scene.path}/restore")
        self._have_memory_of(name, scene)
        return scene

    def _build(self, name: str) -> Scene:
        scene = make_scene(self.microsoft, f"Org{uuid4().hex[:10]}")
        STAGES[name](scene)
        scene.lab.post(f"{scene.path}/snapshot")
        self._tokens[name] = _applications().get(str(scene.organisation.id))
        return scene

    def _have_memory_of(self, name: str, scene: Scene) -> None:
        """What this process remembers of Microsoft is put back too: tokens, limits, broken circuits, addresses."""
        kept, mine = self._tokens[name], str(scene.organisation.id)
        tokens.shared(config.current())[0].forget(mine)
        if kept is not None:
            _applications()[mine] = kept
        throttle._limiters.clear()
        circuit._circuits.clear()
        client._addresses.clear()


def _applications() -> dict[str, Any]:
    return tokens.shared(config.current())[0]._applications
