"""How devices appear, leave, come back, are wiped, fall silent, and what administrators do to them."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.world import ADA, BAD_PACKAGE, World, facts

from vedette.compliance import lifecycle, signals, sweep
from vedette.compliance.assess import assess
from vedette.compliance.models import StateChange
from vedette.devices import invitations
from vedette.devices.models import Device, DeviceKey, Invitation
from vedette.directory import read, write
from vedette.events.chain import verify
from vedette.events.models import Event
from vedette.foundation import clock, database


def test_a_new_phone_appears_pending_with_its_owner(world: World) -> None:
    bo = world.person("bo")
    object_id = world.phone(bo, serial_number="S1")
    world.phone(bo, operating_system="Windows")
    world.phone(bo, unsupported_reason="too_old")
    world.poll()
    (device,) = world.devices()
    assert (device.entra_object_id, device.owner_upn, device.owner_email) == (
        object_id, "bo@example.test", "bo@example.test",
    )  # fmt: skip
    assert (device.activation_status, device.platform, device.state_row.state) == (
        "PENDING", "ANDROID", "pending",
    )  # fmt: skip
    world.poll()
    assert len(world.devices()) == 1
    with database.tenant(world.tenant_id):
        assert StateChange.objects.count() == 1


def test_names_and_owners_follow_the_directory(world: World) -> None:
    bo = world.person("bo")
    object_id = world.phone(bo)
    world.poll()
    world.people[bo] = replace(world.people[bo], display_name="Bo Renamed", mail="new@example.test")
    world.phones[object_id] = replace(world.phones[object_id], display_name="Renamed")
    world.poll()
    device = world.device(object_id)
    assert (device.display_name, device.owner_name, device.owner_email) == (
        "Renamed", "Bo Renamed", "new@example.test",
    )  # fmt: skip


def test_a_new_owner_ends_what_the_former_one_proved(world: World) -> None:
    bo, cy = world.person("bo"), world.person("cy")
    object_id, mdm = world.phone(bo), world.phone(bo)
    world.poll()
    device = world.device(object_id)
    world.activate(device)
    world.activate(world.device(mdm))
    with database.tenant(world.tenant_id):
        Device.objects.filter(entra_object_id=mdm).update(binding=Device.Binding.MDM)
    mailed = invitations.invite_device(device, ADA)
    for phone in (object_id, mdm):
        world.phones[phone] = replace(world.phones[phone], owner_oid=cy)
    world.poll()
    device = world.device(object_id)
    assert (device.owner_oid, device.owner_email) == (cy, "cy@example.test")
    assert device.activation_status == Device.Activation.ACTIVATED, (
        "it is the same phone, and goes on reporting"
    )
    assert device.binding == Device.Binding.ASSERTED
    assert world.device(mdm).binding == Device.Binding.MDM, "the MDM named the phone, not a person"
    with database.tenant(world.tenant_id):
        assert Invitation.objects.get(id=mailed.invitation.id).revoked_at, "its code lies in bo's mailbox"
        told = Event.objects.filter(action="device.owner_changed")
        assert {event.target_id for event in told} == {str(device.id), str(world.device(mdm).id)}
    world.poll()
    with database.tenant(world.tenant_id):
        assert told.count() == 2, "told once"


def test_an_owner_who_is_in_no_group_leaves_no_address_of_the_former(world: World) -> None:
    object_id = world.phone(world.person("bo"))
    world.poll()
    world.phones[object_id] = replace(world.phones[object_id], owner_oid=uuid.uuid4())
    world.poll()
    device = world.device(object_id)
    assert (device.owner_upn, device.owner_email) == ("", ""), "mail about it must not go to bo"


def test_a_pass_that_failed_takes_nobody_out(world: World) -> None:
    world.phone()
    world.poll()
    with database.tenant(world.tenant_id):
        reading = write.start_pass()
        write.fail_pass(reading, "TooManyRequests", "429")
        assert read.counts().devices == 1
        assert read.last_complete_pass() != read.last_pass()
    with database.tenant(world.tenant_id):
        assert lifecycle.out_of_scope() == []


def test_what_a_live_question_brought_survives_a_pass_that_began_before(world: World) -> None:
    bo = world.person("bo")
    object_id = world.phone(bo)
    with database.tenant(world.tenant_id):
        reading = write.start_pass()
    with database.tenant(world.tenant_id):
        write.store_users(None, [world.people[bo]])
        write.store_devices(None, [world.phones[object_id]])
    with database.tenant(world.tenant_id):
        finished = write.finish_pass(reading)
    assert (finished.users, finished.devices, finished.devices_gone) == (1, 1, 0)


def test_leaving_deactivates_and_returning_needs_only_a_check_in(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    assert device.entra_object_id
    gone = world.phones.pop(device.entra_object_id)
    world.poll()
    left = world.fresh(device)
    assert (left.activation_status, left.deactivation_reason) == ("DEACTIVATED", "left_enrollment_groups")
    assert world.state(device) == "deactivated"
    world.phones[gone.object_id] = gone
    world.poll()
    assert world.state(device) == "pending"
    assert [d.id for d in world.devices()] == [device.id]
    # its old facts do not speak for it: until the whole report comes, it is not secured
    world.report(device, None)
    assess(world.tenant_id)
    assert (world.fresh(device).activation_status, world.state(device)) == ("ACTIVATED", "pending")
    world.report(device, facts())
    assess(world.tenant_id)
    assert world.state(device) == "secured"


def test_leaving_with_the_switch_on_deletes_and_tells_first(world: World) -> None:
    told: list[uuid.UUID] = []

    def hear(devices: list[Device], **_: object) -> None:
        told.extend(device.id for device in devices)
        assert Device.objects.filter(id=devices[0].id).exists()

    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    world.phones.clear()
    signals.devices_removed.connect(hear)
    world.poll(delete=True)
    signals.devices_removed.disconnect(hear)
    assert told == [device.id]
    assert world.devices() == []
    with database.tenant(world.tenant_id):
        actions = list(Event.objects.order_by("position").values_list("action", "change_type"))
    assert actions[-2:] == [("device.state_changed", "UPDATED"), ("device.removed", "PURGED")]


def test_a_device_that_is_no_longer_supported_says_why(world: World) -> None:
    (device,) = world.activated()
    assert device.entra_object_id
    world.phones[device.entra_object_id] = replace(
        world.phones[device.entra_object_id], unsupported_reason="os_too_old"
    )
    world.poll()
    assert world.fresh(device).deactivation_reason == "unsupported"


def test_a_wiped_phone_whose_old_entra_device_is_gone_takes_over_its_row(world: World) -> None:
    bo = world.person("bo")
    old = world.phone(bo)
    world.poll()
    device = world.device(old)
    world.activate(device)
    world.report(device, facts())
    assess(world.tenant_id)
    world.phones.pop(old)
    new = world.phone(bo, registered_at=clock.now())
    world.poll()
    (only,) = world.devices()
    assert (only.id, only.entra_object_id, only.activation_status) == (device.id, new, "PENDING")
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(device=device).retired_at
        assert Event.objects.filter(action="device.taken_over").count() == 1


def test_two_new_phones_of_one_kind_take_nothing_over(world: World) -> None:
    bo = world.person("bo")
    old = world.phone(bo)
    world.poll()
    world.phones.pop(old)
    world.phone(bo)
    world.phone(bo)
    world.poll()
    assert sorted(d.activation_status for d in world.devices()) == ["DEACTIVATED", "PENDING", "PENDING"]


def test_a_wiped_phone_with_the_same_serial_number_retires_its_old_row(world: World) -> None:
    bo = world.person("bo")
    old = world.phone(bo, serial_number="S1", registered_at=clock.now() - dt.timedelta(days=300))
    world.poll()
    world.activate(world.device(old))
    new = world.phone(bo, serial_number="S1", registered_at=clock.now())
    world.poll()
    assert world.device(new).activation_status == "PENDING"
    retired = world.device(old)
    assert (retired.activation_status, retired.deactivation_reason) == ("DEACTIVATED", "replaced")
    world.poll()
    assert world.device(old).activation_status == "DEACTIVATED"


def test_activating_the_new_entra_device_retires_the_silent_twin_only(world: World) -> None:
    bo = world.person("bo")
    old = world.phone(bo, registered_at=clock.now() - dt.timedelta(days=300))
    second = world.phone(bo, registered_at=clock.now() - dt.timedelta(days=200))
    world.poll()
    for object_id in (old, second):
        world.activate(world.device(object_id))
    with database.tenant(world.tenant_id):
        Device.objects.filter(entra_object_id=old).update(last_seen_at=clock.now() - dt.timedelta(days=2))
    new = world.phone(bo, registered_at=clock.now() - dt.timedelta(days=1))
    world.poll()
    world.activate(world.device(new))
    assert world.device(old).deactivation_reason == "replaced"
    assert world.device(second).activation_status == "ACTIVATED"
    # its Entra device lingers, so the poll sees it: it must not come back by that
    world.poll()
    assert world.device(old).activation_status == "DEACTIVATED"
    # but its own key proves that it was another phone after all
    device = world.device(old)
    world.report(device, facts())
    assess(world.tenant_id)
    assert world.fresh(device).activation_status == "ACTIVATED"


def test_silence_disconnects_and_a_check_in_reconnects(
    world: World, move_clock: Callable[[float], None]
) -> None:
    quiet, lively = world.activated(2)
    for device in (quiet, lively):
        world.report(device, facts())
    assess(world.tenant_id)
    assert sweep.tenants_due() == []
    move_clock(31 * 86400)
    with database.tenant(world.tenant_id):
        Device.objects.filter(id=lively.id).update(
            disconnected_after=clock.now() + dt.timedelta(days=30), last_seen_at=clock.now()
        )
    assert sweep.tenants_due() == [world.tenant_id]
    (change,) = sweep.sweep(world.tenant_id)
    assert (change.device_id, change.to_state, change.cause) == (quiet.id, "disconnected", "sweep")
    assert world.state(lively) == "secured"
    assert sweep.sweep(world.tenant_id) == []
    world.report(quiet, None)
    assess(world.tenant_id)
    assert world.state(quiet) == "secured"


def test_the_days_are_previewed_checked_and_applied_both_ways(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    with database.tenant(world.tenant_id):
        Device.objects.filter(id=device.id).update(last_seen_at=clock.now() - dt.timedelta(days=10))
    assert sweep.preview_disconnected_days(world.tenant_id, 7).would_disconnect == 1
    assert sweep.preview_disconnected_days(world.tenant_id, 11).would_disconnect == 0
    for wrong in (0, 91):
        with pytest.raises(sweep.OutOfRange, match="1 to 90"):
            sweep.set_disconnected_days(world.tenant_id, wrong, ADA)
    assert len(sweep.set_disconnected_days(world.tenant_id, 7, ADA)) == 1
    assert world.state(device) == "disconnected"
    assert sweep.preview_disconnected_days(world.tenant_id, 30).would_return == 1
    sweep.set_disconnected_days(world.tenant_id, 30, ADA)
    assert world.state(device) == "secured"
    with database.tenant(world.tenant_id):
        changes = list(
            Event.objects.filter(action="enrollment.disconnected_days_changed")
            .order_by("position")
            .values_list("changes", flat=True)
        )
        assert changes[0] == [{"attribute": "disconnected_days", "from": 30, "to": 7}]
        assert verify().broken_at is None


def test_an_administrator_deactivates_for_good_until_reinstating(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    lifecycle.deactivate(device, "lost on a train", ADA)
    assert world.state(device) == "deactivated"
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(device=device).retired_at
    with pytest.raises(lifecycle.Refused, match="already"):
        lifecycle.deactivate(device, "again", ADA)
    world.poll()
    assert world.state(device) == "deactivated"
    lifecycle.reinstate(device, ADA)
    assert world.state(device) == "pending"
    world.activate(world.fresh(device))
    world.report(device, facts())
    assess(world.tenant_id)
    assert world.state(device) == "secured"


def test_a_deleted_device_that_is_still_in_the_groups_comes_back_pending(world: World) -> None:
    (device,) = world.activated()
    lifecycle.delete(device, ADA)
    assert world.devices() == []
    world.poll()
    (again,) = world.devices()
    assert again.id != device.id
    assert again.activation_status == "PENDING"


def test_resync_asks_for_whole_facts_and_tells_the_connectors(world: World) -> None:
    heard: list[list[Device]] = []

    def hear(devices: list[Device], **_: object) -> None:
        heard.append(devices)

    (device,) = world.activated()
    world.report(device, facts())
    signals.resync_requested.connect(hear)
    lifecycle.resync(device, ADA)
    signals.resync_requested.disconnect(hear)
    assert heard == [[device]]
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(device=device).last_digest == ""
        assert not Invitation.objects.filter(revoked_at__isnull=False).exists()


@pytest.mark.parametrize(
    "act",
    ["leave", "deactivate", "wipe", "silence"],
)
def test_no_way_out_leaves_a_device_active_but_not_reported(world: World, act: str) -> None:
    """Requirement D5: whoever leaves has a state change that withdraws its value, in the same transaction."""
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    assert device.entra_object_id
    if act == "leave":
        world.phones.clear()
        world.poll()
    elif act == "deactivate":
        lifecycle.deactivate(device, "lost", ADA)
    elif act == "wipe":
        old = world.phones.pop(device.entra_object_id)
        world.phone(old.owner_oid)
        world.poll()
    else:
        with database.tenant(world.tenant_id):
            Device.objects.filter(id=device.id).update(disconnected_after=clock.now() - dt.timedelta(days=1))
        sweep.sweep(world.tenant_id)
    fresh = world.fresh(device)
    with database.tenant(world.tenant_id):
        last = StateChange.objects.filter(device=device).order_by("-position")[0]
    expected = {
        "leave": "deactivated",
        "deactivate": "deactivated",
        "wipe": "pending",
        "silence": "disconnected",
    }
    assert last.to_state == fresh.state_row.state == expected[act]
