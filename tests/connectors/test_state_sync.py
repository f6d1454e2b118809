"""State sync against the lab: a value per state, only on change, never over a foreign one, never lost (C4, E3)."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.connectors.scene import CONTACT, Scene
from tests.support.world import ADA

from vedette.compliance import lifecycle, mode
from vedette.compliance.sweep import sweep
from vedette.connectors import deliver, publisher
from vedette.connectors.intune import attribute_route, settings_change
from vedette.connectors.models import Delivery
from vedette.devices.models import Device
from vedette.foundation import clock, database
from vedette.foundation.graph import Patience

Clock = Callable[[float], None]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give one delivery up at once: it is tried again later, which is what is tested."""
    monkeypatch.setattr(attribute_route, "PATIENCE", Patience(1, seconds=2.0))


def values(scene: Scene, number: int = 1) -> list[str | None]:
    held = {phone["id"]: phone["extension_attributes"] for phone in scene.phones()}
    name = f"extensionAttribute{number}"
    return [held[str(device.entra_object_id)].get(name) for device in scene.devices()]


def writes(scene: Scene, since: int = 0) -> list[dict[str, Any]]:
    return scene.requests("PATCH", "/devices", since=since)


# --- what is written, and when


def test_each_state_reaches_the_device_and_only_a_change_is_written(enrolled: Scene) -> None:
    enrolled.publish()
    assert set(values(enrolled)) == {"mtd:pending"}
    assert {row.status for row in enrolled.deliveries()} == {"confirmed"}
    device, since = enrolled.device(), enrolled.mark()
    enrolled.activate(device)
    enrolled.report_good(device)
    enrolled.publish()
    assert enrolled.attribute(device) == "mtd:secured"
    enrolled.report_bad(device)
    enrolled.publish()
    assert enrolled.attribute(device) == "mtd:high"
    row = enrolled.delivery(device)
    assert (row.sent, row.place, row.before) == ("mtd:high", "extensionAttribute1", "mtd:secured")
    assert row.request_id
    assert row.confirmed_at
    assert len(writes(enrolled, since)) == 2, "one PATCH for each change, none for the other phones"
    enrolled.report_bad(device)
    enrolled.poll()
    enrolled.publish()
    assert len(writes(enrolled, since)) == 2


def test_silence_is_written_as_disconnected(enrolled: Scene, move_clock: Clock) -> None:
    device = enrolled.activated()
    move_clock(dt.timedelta(days=31).total_seconds())
    sweep(enrolled.tenant_id)
    enrolled.publish()
    assert enrolled.attribute(device) == "mtd:disconnected"


def test_monitor_mode_writes_nothing_and_withdraws_what_was_written(enrolled: Scene) -> None:
    enrolled.publish()
    mode.monitor(enrolled.tenant_id, ADA)
    enrolled.publish()
    assert set(values(enrolled)) == {None}
    since = enrolled.mark()
    enrolled.activated()
    enrolled.publish()
    assert writes(enrolled, since) == []
    enrolled.arm()
    enrolled.publish()
    assert sorted(map(str, values(enrolled))) == ["mtd:pending"] * 12 + ["mtd:secured"]


def test_a_tenant_that_was_never_armed_owes_nothing(scene: Scene) -> None:
    scene.set_up()
    scene.add_group("Company Phones")
    scene.poll()
    assert scene.deliveries() == []


@pytest.mark.parametrize(
    ("switch", "left"),
    [("sync_device_status", {None, "mtd:secured"}), ("sync_threat_status", {None, "mtd:pending"})],
)
def test_a_switch_that_is_turned_off_withdraws_its_values(
    enrolled: Scene, switch: str, left: set[str | None]
) -> None:
    enrolled.activated()
    enrolled.publish()
    assert set(values(enrolled)) == {"mtd:pending", "mtd:secured"}
    enrolled.save(**{switch: False})
    enrolled.publish()
    assert set(values(enrolled)) == left
    enrolled.save(**{switch: True})
    enrolled.publish()
    assert set(values(enrolled)) == {"mtd:pending", "mtd:secured"}


def test_a_platform_that_is_turned_off_is_withdrawn(enrolled: Scene) -> None:
    enrolled.publish()
    enrolled.save(ios_enabled=False)
    enrolled.publish()
    for device in enrolled.devices():
        assert enrolled.attribute(device) == ("mtd:pending" if device.platform == "ANDROID" else None)


def test_what_a_switch_would_do_is_counted_before(enrolled: Scene) -> None:
    secured = enrolled.activated()
    bad = enrolled.devices(platform="ANDROID")[1]
    enrolled.activate(bad)
    enrolled.report_bad(bad)
    with database.tenant(enrolled.tenant_id):
        off = settings_change.affected(enrolled.tenant_id, sync_threat_status=False)
        quiet = settings_change.affected(enrolled.tenant_id, sync_device_status=False)
        again = settings_change.affected(enrolled.tenant_id, armed=True)
    assert (off.withdrawn, off.shut_out, off.let_in) == (2, 1, 1), (secured, bad)
    assert (quiet.withdrawn, quiet.shut_out, quiet.let_in) == (11, 0, 0)
    assert (again.withdrawn, again.written) == (0, 0)


def test_another_attribute_number_moves_each_value_in_one_patch(enrolled: Scene) -> None:
    device = enrolled.activated()
    enrolled.publish()
    since = enrolled.mark()
    enrolled.save(attribute_number=4)
    enrolled.publish()
    assert set(values(enrolled)) == {None}
    assert set(values(enrolled, 4)) == {"mtd:pending", "mtd:secured"}
    assert len(writes(enrolled, since)) == len(enrolled.devices())
    assert enrolled.delivery(device).place == "extensionAttribute4"


def test_a_second_move_before_the_first_was_written_leaves_nothing_behind(enrolled: Scene) -> None:
    enrolled.publish()
    enrolled.save(attribute_number=4)
    enrolled.save(attribute_number=9)
    enrolled.publish()
    assert set(values(enrolled)) == {None}
    assert set(values(enrolled, 4)) == {None}
    assert set(values(enrolled, 9)) == {"mtd:pending"}


# --- values of others


def test_a_foreign_value_is_never_overwritten_but_flagged_and_told_once(enrolled: Scene) -> None:
    device = enrolled.device()
    enrolled.set_attribute(device, "BYOD")
    enrolled.publish()
    assert enrolled.attribute(device) == "BYOD"
    row = enrolled.delivery(device)
    assert (row.status, row.before, row.error_code) == ("foreign", "BYOD", "foreign_value")
    assert {other.status for other in enrolled.deliveries() if other.pk != row.pk} == {"confirmed"}
    for _ in range(2):
        enrolled.poll()
        enrolled.publish()
    (error,) = enrolled.errors()
    assert (error.code, error.count) == ("foreign_value", 1), "flagged once, not pushed again each poll"
    enrolled.send_mail()
    assert len(enrolled.mails(CONTACT)) == 1
    enrolled.set_attribute(device, None)
    enrolled.poll()
    enrolled.publish()
    assert enrolled.attribute(device) == "mtd:pending"
    (error,) = enrolled.errors()
    assert error.resolved_at is not None


def test_a_foreign_value_at_the_new_place_does_not_leave_the_old_one_standing(enrolled: Scene) -> None:
    device = enrolled.device()
    enrolled.publish()
    enrolled.set_attribute(device, "cost centre 12", 5)
    enrolled.save(attribute_number=5)
    enrolled.publish()
    assert (enrolled.attribute(device), enrolled.attribute(device, 5)) == (None, "cost centre 12")
    assert enrolled.delivery(device).status == "foreign"


def test_withdrawing_leaves_a_foreign_value_alone(enrolled: Scene) -> None:
    device = enrolled.device()
    enrolled.publish()
    enrolled.set_attribute(device, "BYOD")
    mode.monitor(enrolled.tenant_id, ADA)
    enrolled.publish()
    assert enrolled.attribute(device) == "BYOD"
    assert enrolled.delivery(device).status == "confirmed"
    assert enrolled.errors() == []


def test_drift_is_repaired_at_the_next_poll(enrolled: Scene) -> None:
    enrolled.publish()
    cleared, raised, taken = enrolled.devices()[:3]
    enrolled.set_attribute(cleared, None)
    enrolled.set_attribute(raised, "mtd:secured")
    enrolled.set_attribute(taken, "BYOD")
    enrolled.poll()
    enrolled.publish()
    assert [enrolled.attribute(device) for device in (cleared, raised, taken)] == [
        "mtd:pending",
        "mtd:pending",
        "BYOD",
    ]
    assert enrolled.delivery(taken).status == "foreign"


# --- devices that leave


def test_leaving_withdraws_the_value(enrolled: Scene) -> None:
    device = enrolled.activated()
    enrolled.publish()
    with database.writer(enrolled.tenant_id):
        lifecycle.leave(enrolled.tenant_id, [device.id], lifecycle.LEFT_GROUPS)
    enrolled.publish()
    assert enrolled.attribute(device) is None
    assert (enrolled.delivery(device).desired, enrolled.delivery(device).sent) == ("", "")


def test_deleting_a_row_still_withdraws_its_value_and_then_forgets_it(enrolled: Scene) -> None:
    device = enrolled.activated()
    enrolled.publish()
    lifecycle.delete(device, ADA)
    assert enrolled.deliveries(device_id=None, desired="") != []
    enrolled.publish()
    assert enrolled.attribute(device) is None
    assert enrolled.deliveries(device_id=None) == []


def test_a_deleted_row_that_comes_back_at_once_keeps_its_new_value(enrolled: Scene) -> None:
    device = enrolled.activated()
    enrolled.publish()
    lifecycle.delete(device, ADA)
    enrolled.poll()
    enrolled.publish()
    assert enrolled.attribute(device) == "mtd:pending"
    enrolled.poll()
    enrolled.publish()
    assert enrolled.attribute(device) == "mtd:pending"


def test_a_device_deleted_in_entra_is_no_reason_to_try_for_ever(enrolled: Scene) -> None:
    device = enrolled.device()
    enrolled.lab.delete(f"{enrolled.path}/devices/{device.entra_object_id}")
    enrolled.publish()
    assert enrolled.delivery(device).status == "failed"
    (error,) = enrolled.errors()
    assert error.code == "Request_ResourceNotFound"
    enrolled.send_mail()
    assert enrolled.mails(CONTACT) == [], "it mends itself: nobody is told"
    enrolled.poll()
    enrolled.publish()
    assert enrolled.delivery(device).status == "confirmed"
    (error,) = enrolled.errors()
    assert error.resolved_at is not None


def test_a_wiped_phone_gets_its_value_under_its_new_entra_device(enrolled: Scene) -> None:
    enrolled.publish()
    old = enrolled.devices(platform="IOS")[0]
    serial, owner = old.serial_number, old.owner_upn
    enrolled.lab.delete(f"{enrolled.path}/devices/{old.entra_object_id}")
    new = enrolled.lab.post(
        f"{enrolled.path}/devices", {"platform": "IOS", "owner": owner, "model": old.model}
    )
    enrolled.lab.patch(f"{enrolled.path}/devices/{new['id']}", {"managed": {"serial_number": serial}})
    enrolled.poll()
    taken = enrolled.world.fresh(old)
    assert str(taken.entra_object_id) == new["id"], "same phone, same row"
    assert taken.state_row.state == "pending", "its state did not change, so no change says what is owed"
    enrolled.publish()
    assert enrolled.attribute(taken) == "mtd:pending"


# --- trouble on the way


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 429, "retry_after": 1}, "TooManyRequests"),
        ({"status": 429}, "TooManyRequests"),
        ({"status": 500}, "InternalServerError"),
        ({"status": 503}, "serviceNotAvailable"),
        ({"drop": True}, "unreachable"),
    ],
)
def test_what_fails_is_tried_again_until_it_arrives_and_written_once(
    enrolled: Scene, move_clock: Clock, fault: dict[str, Any], code: str
) -> None:
    enrolled.publish()
    device = enrolled.activated()
    since = enrolled.mark()
    enrolled.fault("PATCH /v1.0/devices", **fault)
    enrolled.publish()
    row = enrolled.delivery(device)
    assert (row.status, row.error_code, row.attempts, row.sent) == ("due", code, 1, "mtd:pending")
    assert row.due_at > clock.now()
    enrolled.publish()
    assert enrolled.delivery(device).attempts == 1, "not before its time"
    assert enrolled.errors()[0].code == code
    enrolled.mend()
    time.sleep(1.1 if fault.get("retry_after") else 0)
    move_clock(60)
    enrolled.publish()
    row = enrolled.delivery(device)
    assert (row.status, row.error_code, row.sent) == ("confirmed", "", "mtd:secured")
    assert enrolled.attribute(device) == "mtd:secured"
    done = [entry for entry in writes(enrolled, since) if entry["status"] == 204]
    assert len(done) == 1
    assert enrolled.errors()[0].resolved_at is not None
    enrolled.send_mail()
    assert enrolled.mails(CONTACT) == [], "what passes within minutes is nobody's mail"


def test_trouble_that_lasts_is_told_once(enrolled: Scene, move_clock: Clock) -> None:
    enrolled.fault("PATCH /v1.0/devices", status=500)
    for seconds in (0, 120, 700, 2000, 4000):
        move_clock(seconds)
        enrolled.publish()
    enrolled.send_mail()
    (mail,) = enrolled.mails(CONTACT)
    assert "InternalServerError" in mail["subject"]


def test_an_answer_that_is_lost_after_the_write_costs_no_second_write(
    enrolled: Scene, move_clock: Clock
) -> None:
    """The PATCH arrives, its answer never does: the next try finds the value there."""
    device = enrolled.device()
    enrolled.publish()
    enrolled.set_attribute(device, None)
    enrolled.poll()
    claimed = deliver.claim(enrolled.tenant_id, "attribute", 100)
    assert [row.device_id for row in claimed] == [device.id]
    enrolled.set_attribute(device, "mtd:pending")
    since = enrolled.mark()
    move_clock(91)
    enrolled.publish()
    assert enrolled.delivery(device).status == "confirmed"
    assert writes(enrolled, since) == []


def test_a_missing_permission_is_asked_for_and_not_hammered(enrolled: Scene, move_clock: Clock) -> None:
    enrolled.fault("PATCH /v1.0/devices", status=403)
    enrolled.publish()
    (error,) = enrolled.errors()
    assert error.code == "Authorization_RequestDenied"
    assert "consent" in error.next_step
    assert min(row.due_at for row in enrolled.deliveries()) > clock.now() + dt.timedelta(seconds=50)
    enrolled.mend()
    move_clock(70)
    enrolled.publish()
    assert set(values(enrolled)) == {"mtd:pending"}


def test_the_newest_value_wins_over_one_that_never_left(enrolled: Scene) -> None:
    enrolled.publish()
    device, since = enrolled.activated(), enrolled.mark()
    enrolled.report_bad(device)
    enrolled.report_good(device)
    enrolled.publish()
    assert enrolled.attribute(device) == "mtd:secured"
    assert len(writes(enrolled, since)) == 1


def test_a_value_owed_while_an_older_one_is_on_its_way_waits_and_then_wins(enrolled: Scene) -> None:
    enrolled.publish()
    device = enrolled.activated()
    (claimed,) = deliver.claim(enrolled.tenant_id, "attribute", 100)
    enrolled.report_bad(device)
    assert deliver.claim(enrolled.tenant_id, "attribute", 100) == [], "two writes never race"
    assert deliver.tenants_due(["attribute"]) == []
    old = deliver.result(claimed, Delivery.Status.CONFIRMED, value="mtd:secured", place="extensionAttribute1")
    deliver.settle(enrolled.tenant_id, [claimed], [old])
    row = enrolled.delivery(device)
    assert (row.status, row.sent, row.desired) == ("due", "mtd:secured", "mtd:high")
    enrolled.publish()
    row = enrolled.delivery(device)
    assert (row.status, row.sent) == ("confirmed", "mtd:high")
    assert enrolled.attribute(device) == "mtd:high"


def test_leases_of_a_publisher_that_died_run_out_and_its_late_result_counts_for_nothing(
    enrolled: Scene, move_clock: Clock
) -> None:
    claimed = deliver.claim(enrolled.tenant_id, "attribute", 100)
    assert len(claimed) == 13
    assert deliver.tenants_due(["attribute"]) == []
    enrolled.publish()
    assert set(values(enrolled)) == {None}
    move_clock(91)
    assert deliver.tenants_due(["attribute"]) == [("attribute", enrolled.tenant_id)]
    enrolled.publish()
    assert set(values(enrolled)) == {"mtd:pending"}
    late = [
        deliver.result(row, Delivery.Status.DUE, error_code="timeout", error="too late") for row in claimed
    ]
    deliver.settle(enrolled.tenant_id, claimed, late)
    assert {row.status for row in enrolled.deliveries()} == {"confirmed"}


def test_a_batch_that_takes_too_long_gives_the_rest_back_untouched(
    enrolled: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "BATCH_SECONDS", 0.0)
    stop = threading.Event()
    turns = iter(range(3))
    real = deliver.settle

    def settle(*arguments: Any) -> None:
        real(*arguments)
        if next(turns) == 1:
            stop.set()

    monkeypatch.setattr(deliver, "settle", settle)
    publisher.publish_due("attribute", enrolled.tenant_id, stop)
    rows = enrolled.deliveries()
    assert {(row.status, row.attempts, row.error_code) for row in rows} == {("due", 0, "")}
    assert enrolled.errors() == []


def test_a_route_that_crashes_is_an_error_that_is_tried_again(
    enrolled: Scene, monkeypatch: pytest.MonkeyPatch, move_clock: Clock
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(attribute_route, "push", lambda *_, **__: 1 // 0)
        enrolled.publish()
    (error,) = enrolled.errors()
    assert (error.code, error.count) == ("internal_error", 13)
    move_clock(10)
    enrolled.publish()
    assert set(values(enrolled)) == {"mtd:pending"}


# --- the loop


def test_the_publisher_sends_within_moments_also_right_after_another_change(enrolled: Scene) -> None:
    """It wakes by the notification of the change, not by its look once a second."""
    enrolled.publish()
    device = enrolled.activated()
    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=[stop])
    thread.start()
    try:
        arrived(enrolled, device, "mtd:secured")
        waits = []
        for report, value in ((enrolled.report_bad, "mtd:high"), (enrolled.report_good, "mtd:secured")) * 3:
            report(device)
            began = time.monotonic()
            arrived(enrolled, device, value)
            waits.append(time.monotonic() - began)
        assert sorted(waits)[len(waits) // 2] < 0.5, waits
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_one_tenants_trouble_does_not_delay_another(enrolled: Scene, new_scene: Callable[[], Scene]) -> None:
    other = new_scene()
    other.set_up()
    other.add_group("Company Phones")
    other.poll()
    other.arm()
    theirs = {str(device.entra_object_id) for device in enrolled.devices()}
    for object_id in theirs:
        enrolled.fault(f"GET /v1.0/devices/{object_id}", delay=1.5)
    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=[stop])
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while set(values(other)) != {"mtd:pending"} and time.monotonic() < deadline:
            time.sleep(0.05)
        assert set(values(other)) == {"mtd:pending"}
        assert None in values(enrolled), "the slow one is still at it"
    finally:
        enrolled.mend()
        stop.set()
        thread.join(20)


def arrived(scene: Scene, device: Device, value: str) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if scene.attribute(device) == value:
            return
        time.sleep(0.01)
    raise AssertionError(f"{value} never arrived: {scene.attribute(device)}")
