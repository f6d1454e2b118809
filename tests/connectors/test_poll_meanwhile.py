"""What happens while a poll is under way: settings change, the database refuses (D1, design.md 2, rule 7)."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from tests.connectors.scene import Scene
from tests.support.world import ADA

from vedette.compliance import lifecycle
from vedette.connectors.intune import directory_poll, jobs, settings_change
from vedette.connectors.intune.directory_poll import Reading
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.foundation import clock
from vedette.foundation.graph import Graph


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something done after the next look at the directory, before what it found is written down."""
    look = directory_poll.look

    def arrange(act: Callable[[], object]) -> None:
        def looked(graph: Graph, wanted: Sequence[EnrollmentGroup]) -> Reading:
            found = look(graph, wanted)
            monkeypatch.setattr(directory_poll, "look", look)
            act()
            return found

        monkeypatch.setattr(directory_poll, "look", looked)

    return arrange


def test_a_look_asked_for_during_a_poll_is_still_owed(
    scene: Scene, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    scene.set_up(poll_minutes=1440)
    meanwhile(lambda: scene.add_group("Company Phones"))
    jobs.poll_directory.func(str(scene.tenant_id))
    assert scene.devices() == []
    jobs.poll_directory.func(str(scene.tenant_id))
    assert len(scene.devices()) == 13
    due = scene.connector().next_poll_at
    assert due is not None
    assert due > clock.now() + timedelta(hours=23)


def test_who_is_in_a_group_that_was_added_during_the_poll_is_not_gone(
    scene: Scene, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    scene.set_up()
    group = scene.add_group("Company Phones")
    scene.poll()
    settings_change.remove_group(scene.tenant_id, group, ADA)
    meanwhile(lambda: scene.add_group("Company Phones"))
    assert scene.poll().left == 0
    assert len(scene.devices(activation_status="PENDING")) == 13


def test_a_poll_that_cannot_be_written_down_is_told_and_comes_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.set_up()
    scene.add_group("Company Phones")

    def broken(*_arguments: object) -> list[object]:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "appear", broken)
        jobs.poll_directory.func(str(scene.tenant_id))
    connector = scene.connector()
    assert connector.poll_running_since is None
    assert connector.next_poll_at is not None
    assert connector.next_poll_at <= clock.now() + timedelta(minutes=connector.poll_minutes)
    (error,) = scene.errors(source="poll")
    assert (error.code, error.next_step) == ("internal_error", "The next poll tries again by itself.")
    assert scene.poll().appeared == 13
