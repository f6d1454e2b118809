"""Groups at risk while states change under way, and when several workers, or a dying one, serve them."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from tests.connectors.risk_groups import AtRisk, member_calls, phones_of_one
from tests.support.world import ADA

from vedette.compliance import lifecycle
from vedette.connectors import deliver, withdrawal
from vedette.connectors.groups import membership_route, membership_writes
from vedette.connectors.groups.ways import USER_GROUP
from vedette.connectors.models import Delivery
from vedette.connectors.routes import ROUTES, Budget
from vedette.devices.models import Device
from vedette.foundation import database

Clock = Callable[[float], None]


def test_a_newer_state_that_came_during_the_write_wins(
    people: AtRisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one worker takes the person out, their other phone is blocked and another worker puts them in."""
    scene = people.scene
    first, second = phones_of_one(scene)
    scene.report_bad(first)
    people.publish()
    scene.report_good(first)
    real = membership_writes.take_out
    turns = iter([True])

    def meanwhile(*arguments: Any) -> Any:
        if next(turns, False):
            scene.report_bad(second)
            people.publish()
        return real(*arguments)

    monkeypatch.setattr(membership_route, "take_out", meanwhile)
    people.publish()
    assert people.in_entra() == {str(first.owner_oid)}


def test_who_was_put_in_by_another_worker_and_taken_out_before_it_said_so_is_put_in_again(
    people: AtRisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, but what came of the other worker's write is written down only after the first is done."""
    scene = people.scene
    first, second = phones_of_one(scene)
    scene.report_bad(first)
    people.publish()
    scene.report_good(first)
    route = ROUTES[USER_GROUP]
    real = membership_writes.take_out
    begun: list[Any] = []
    turns = iter([True])

    def meanwhile(*arguments: Any) -> Any:
        if next(turns, False):
            scene.report_bad(second)
            claimed = deliver.claim(scene.tenant_id, USER_GROUP, 10)
            budget = Budget(time.monotonic() + 30, threading.Event())
            begun.extend([claimed, route.publish(scene.tenant_id, claimed, budget)])
        return real(*arguments)

    monkeypatch.setattr(membership_route, "take_out", meanwhile)
    people.publish()
    claimed, results = begun
    assert [item.status for item in results] == ["confirmed"]
    assert people.in_entra() == set(), "the first worker's write came last"
    deliver.settle(scene.tenant_id, claimed, results)
    people.publish()
    assert people.in_entra() == {str(first.owner_oid)}


@pytest.mark.parametrize("end", ["good", "deleted", "another-owner", "another-owner-second-time"])
def test_a_worker_that_dies_after_putting_somebody_in_leaves_nobody_in(
    people: AtRisk, monkeypatch: pytest.MonkeyPatch, move_clock: Clock, end: str
) -> None:
    scene = people.scene
    device = scene.activated()
    again = end == "another-owner-second-time"
    if again:
        scene.report_bad(device)
        people.publish()
        scene.report_good(device)
        people.publish()
    scene.report_bad(device)
    with monkeypatch.context() as patch:
        patch.setattr(deliver, "settle", killed)
        with pytest.raises(OSError, match="killed"):
            people.publish()
    assert people.in_entra() == {str(device.owner_oid)}
    row = scene.delivery(device, USER_GROUP)
    assert (row.status, row.sent, row.place) == ("leased", "" if again else None, str(people.group))
    if end.startswith("another-owner"):
        with database.writer(scene.tenant_id):
            Device.objects.filter(pk=device.pk).update(owner_oid=uuid4())
    scene.report_good(device)
    if end == "deleted":
        with database.writer(scene.tenant_id):
            lifecycle.delete(device, ADA)
    if end.startswith("another-owner"):
        assert people.look()
    with database.tenant(scene.tenant_id):
        assert withdrawal.remaining() > 0
    move_clock(91)
    people.publish()
    assert people.in_entra() == set()
    with database.tenant(scene.tenant_id):
        assert not Delivery.objects.filter(route=USER_GROUP).exclude(place="").exists()


def killed(*_arguments: Any) -> None:
    raise OSError("killed")


def test_what_is_owed_anew_before_it_is_sent_is_not_sent_any_more(
    people: AtRisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = people.scene
    device = scene.activated()
    scene.report_bad(device)
    real, turns = deliver.foresee, iter([True])

    def meanwhile(*arguments: Any) -> Any:
        if next(turns, False):
            scene.report_good(device)
        return real(*arguments)

    monkeypatch.setattr(deliver, "foresee", meanwhile)
    since = scene.mark()
    people.publish()
    assert member_calls(scene, since) == []
    assert scene.delivery(device, USER_GROUP).status == "dropped"
