"""Each push is a row: what stood there, what was to stand there, what came of it, and why (issue 3, item 4)."""

import datetime as dt
from collections.abc import Callable
from uuid import uuid4

import pytest
from tests.connectors.scene import Scene
from tests.support.world import ADA

from vedette.compliance import lifecycle
from vedette.compliance.models import StateChange
from vedette.connectors import push_list, pushes, send_again
from vedette.connectors.intune import attribute_route
from vedette.connectors.models import Push
from vedette.devices.models import Device, DeviceGroup
from vedette.foundation import clock, database
from vedette.foundation.graph import Patience

Clock = Callable[[float], None]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give one delivery up at once: it is tried again later, which is what is tested."""
    monkeypatch.setattr(attribute_route, "PATIENCE", Patience(1, seconds=2.0))


def told(scene: Scene, device: Device) -> list[Push]:
    with database.tenant(scene.tenant_id):
        return list(Push.objects.filter(device_id=device.pk).order_by("-tried_at", "-id"))


def test_each_change_is_a_row_with_before_after_times_request_id_and_cause(enrolled: Scene) -> None:
    device = enrolled.activated()
    enrolled.publish()
    enrolled.report_bad(device)
    enrolled.publish()
    newest, before = told(enrolled, device)[:2]
    assert (newest.route, newest.before, newest.after) == ("attribute", "mtd:secured", "mtd:high")
    assert (newest.outcome, newest.place) == ("confirmed", "extensionAttribute1")
    assert (before.after, newest.cause) == ("mtd:secured", "report")
    with database.tenant(enrolled.tenant_id):
        change = StateChange.objects.get(pk=newest.state_change_id)
    assert (change.to_state, newest.entra_object_id) == ("high", device.entra_object_id)
    assert newest.sent_at
    assert newest.confirmed_at
    assert newest.requested_at <= newest.tried_at
    sent = {entry["request_id"] for entry in enrolled.requests("PATCH", "/devices")}
    assert newest.request_id in sent, (
        "the request-id is that of the write, as Microsoft's support asks for it"
    )


def test_a_failure_is_a_row_once_however_often_it_is_tried(enrolled: Scene, move_clock: Clock) -> None:
    device = enrolled.activated()
    enrolled.publish()
    enrolled.fault("GET /v1.0/devices", status=503)
    enrolled.report_bad(device)
    for attempt in range(1, 4):
        enrolled.publish()
        move_clock(1000 * attempt)
    assert enrolled.delivery(device).attempts == 3
    failed = told(enrolled, device)[0]
    assert (failed.outcome, failed.after, failed.sent_at) == ("due", "mtd:high", None)
    assert failed.error_code
    count = len(told(enrolled, device))
    enrolled.mend()
    enrolled.publish()
    rows = told(enrolled, device)
    assert len(rows) == count + 1
    assert (rows[0].outcome, rows[0].after) == ("confirmed", "mtd:high")


def test_a_foreign_value_is_told_as_found(enrolled: Scene) -> None:
    device = enrolled.device()
    enrolled.set_attribute(device, "sales")
    enrolled.publish()
    (row,) = told(enrolled, device)
    assert (row.outcome, row.before, row.after) == ("foreign", "sales", "mtd:pending")


def test_the_history_outlives_the_device(enrolled: Scene) -> None:
    device = enrolled.device()
    enrolled.publish()
    lifecycle.delete(device, ADA)
    enrolled.publish()
    with database.tenant(enrolled.tenant_id):
        rows = list(Push.objects.filter(entra_object_id=device.entra_object_id).order_by("tried_at", "id"))
        words = push_list.told(rows)
    assert [(row.before, row.after) for row in rows] == [("", "mtd:pending"), ("mtd:pending", "")]
    assert [item.device for item in words] == ["", ""]


def test_old_rows_are_dropped_and_young_ones_stay(enrolled: Scene) -> None:
    enrolled.publish()
    device = enrolled.device()
    with database.tenant(enrolled.tenant_id):
        Push.objects.filter(device_id=device.pk).update(tried_at=clock.now() - dt.timedelta(days=91))
        others = Push.objects.exclude(device_id=device.pk).count()
    assert pushes.forget_old(enrolled.tenant_id) == 1
    with database.tenant(enrolled.tenant_id):
        assert Push.objects.count() == others


def test_a_stranger_sees_none_of_it(enrolled: Scene, new_scene: Callable[[], Scene]) -> None:
    enrolled.publish()
    with database.tenant(new_scene().tenant_id):
        assert not Push.objects.exists()


def test_sending_again_for_one_a_group_and_all(enrolled: Scene) -> None:
    enrolled.publish()
    device, everybody = enrolled.device(), len(enrolled.deliveries())
    enrolled.set_attribute(device, None)
    with database.tenant(enrolled.tenant_id):
        group = DeviceGroup.objects.get(is_default=True)
        scopes = {
            1: send_again.scope("device", device.pk),
            everybody: send_again.scope("group", group.pk),
        }
        assert dict(send_again.counts(scopes[1]))["Values by “Extension attribute”"] == 1
        for unknown in (("device", uuid4()), ("group", device.pk), ("planet", device.pk), ("group", None)):
            with pytest.raises(send_again.UnknownScopeError):
                send_again.scope(*unknown)
    for count, scope in scopes.items():
        since = enrolled.mark()
        assert send_again.run(enrolled.tenant_id, scope, ADA) == count
        enrolled.publish()
        asked = [entry["query"] for entry in enrolled.requests("GET", "/devices", since=since)]
        assert sum(query.count("%27") + query.count("'") for query in asked) == 2 * count
    assert enrolled.attribute(device) == "mtd:pending"
    assert send_again.run(enrolled.tenant_id, send_again.Scope("all"), ADA) == everybody
    assert enrolled.actions().count("connector.send_again") == 3
