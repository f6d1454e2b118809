"""What happens while a poll is under way: settings change, the database refuses (D1, design.md 2, rule 7)."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from tests.connectors.scene import Scene
from tests.support.world import ADA

from vedette.compliance import lifecycle
from vedette.connectors.intune import directory_poll, jobs, settings_change
from vedette.connectors.intune.delta_pass import Changes
from vedette.connectors.intune.directory_poll import Task
from vedette.connectors.intune.full_pass import Found
from vedette.devices.models import Device
from vedette.directory.models import DirectoryDevice, DirectoryPass
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something done after the next look at the directory, before what it found is written down."""
    look = directory_poll.look

    def arrange(act: Callable[[], object]) -> None:
        def looked(graph: Graph, task: Task) -> Found | Changes:
            found = look(graph, task)
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


def test_the_writers_lock_is_held_for_a_bounded_batch_at_a_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_poll, "BATCH", 4)
    seen: list[tuple[int, list[UUID]]] = []
    real = lifecycle.appear

    def watched(tenant_id: UUID, rows: Iterable[DirectoryDevice]) -> list[Device]:
        batch = list(rows)
        with connection.cursor() as cursor:
            cursor.execute("select pg_current_xact_id()::text::bigint")
            seen.append((cursor.fetchone()[0], [row.object_id for row in batch]))
        return real(tenant_id, batch)

    monkeypatch.setattr(lifecycle, "appear", watched)
    scene.set_up()
    scene.add_group("Company Phones")
    assert scene.poll().appeared == 13
    assert [len(batch) for _, batch in seen] == [4, 4, 4, 1]
    assert len({transaction for transaction, _ in seen}) == 4, "one transaction for each"
    everything = [object_id for _, batch in seen for object_id in batch]
    assert everything == sorted(everything)
    with database.tenant(scene.tenant_id):
        positions = list(Event.objects.order_by("id").values_list("position", flat=True))
    assert sorted(positions) == list(range(1, len(positions) + 1))
    # all of them leave, in batches too
    group = scene.group("Company Phones")
    for member in group["members"]:
        scene.lab.delete(f"{scene.path}/groups/{group['id']}/members/{member}")
    assert scene.poll().left == 13
    assert {device.activation_status for device in scene.devices()} == {"DEACTIVATED"}


def test_a_poll_that_fails_between_two_batches_retires_nobody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_poll, "BATCH", 4)
    scene.set_up()
    scene.add_group("Company Phones")
    scene.poll()
    group = scene.group("Company Phones")
    scene.lab.delete(f"{scene.path}/groups/{group['id']}/members/{group['members'][0]}")
    scene.forget_changes()
    real, calls = lifecycle.appear, 0

    def breaks(tenant_id: UUID, rows: Iterable[DirectoryDevice]) -> list[Device]:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ZeroDivisionError
        return real(tenant_id, rows)

    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "appear", breaks)
        assert scene.poll().error == "internal_error"
    assert {device.activation_status for device in scene.devices()} == {"PENDING"}
    with database.tenant(scene.tenant_id):
        last = DirectoryPass.objects.order_by("-started_at")[0]
    assert (last.complete, last.error_code) == (False, "internal_error")
    assert scene.connector().poll_running_since is None
    assert scene.poll().left > 0
