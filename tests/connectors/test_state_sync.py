"""State sync against the lab: a value per state, only on change, never over a foreign one, never lost (C4, E3)."""

import datetime as dt
from collections.abc import Callable

import pytest
from tests.connectors.scene import CONTACT, Scene, values, writes
from tests.support.world import ADA

from vedette.compliance import lifecycle, mode
from vedette.compliance.sweep import sweep
from vedette.connectors.intune import attribute_route, settings_change
from vedette.foundation import database
from vedette.foundation.graph import Patience

Clock = Callable[[float], None]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give one delivery up at once: it is tried again later, which is what is tested."""
    monkeypatch.setattr(attribute_route, "PATIENCE", Patience(1, seconds=2.0))


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


def test_what_was_confirmed_and_lost_is_found_by_reading_and_written_again(
    enrolled: Scene, move_clock: Callable[[float], None]
) -> None:
    """Graph says 204 and writes nothing; it tells of no change there, so no poll would look until the next day."""
    enrolled.poll()
    enrolled.fault("PATCH /v1.0/devices", status=204, times=1)
    enrolled.publish()
    assert {row.status for row in enrolled.deliveries()} == {"confirmed"}
    (lost,) = [device for device in enrolled.devices() if enrolled.attribute(device) is None]
    enrolled.poll()
    move_clock(61)
    enrolled.poll()
    rows = {row.device_id: row for row in enrolled.deliveries()}
    assert rows.pop(lost.id).status == "due"
    assert all(row.read_back_at for row in rows.values())
    enrolled.publish()
    assert enrolled.attribute(lost) == "mtd:pending"
    move_clock(180)
    enrolled.poll()
    assert enrolled.delivery(lost).read_back_at is not None
    since = enrolled.mark()
    enrolled.poll()
    assert len(enrolled.lab.get("/requests", since=since)) <= 4, "what was read back is not read again"
