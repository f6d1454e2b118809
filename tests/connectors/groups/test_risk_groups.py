"""Groups of phones and people at risk against the lab: the whole way, and many phones of one person."""

from collections.abc import Callable

import pytest
from tests.connectors.risk_groups import AtRisk, member_calls, phones_of_one, ready
from tests.connectors.scene import Scene
from tests.connectors.stages import allow_groups
from tests.support.world import ADA

from vedette.compliance import lifecycle, mode
from vedette.connectors import spared
from vedette.connectors.groups import preview, settings_change
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP
from vedette.connectors.models import Push
from vedette.devices.models import Device
from vedette.foundation import database

Clock = Callable[[float], None]


def test_a_phone_at_risk_is_noncompliant_by_a_policy_that_cannot_be_met(phones: AtRisk) -> None:
    scene = phones.scene
    phones.make_policies()
    device = scene.activated()
    phones.publish()
    assert phones.in_entra() == set(), "nobody at risk, nobody in"
    scene.report_bad(device)
    phones.publish()
    assert phones.in_entra() == {str(device.entra_object_id)}
    scene.lab.post(f"{scene.path}/intune/check-in", {"device_id": str(device.entra_object_id)})
    assert scene.phone(device)["managed"]["compliance_state"] == "noncompliant"
    row = scene.delivery(device, DEVICE_GROUP)
    assert (row.status, row.sent, row.place) == ("confirmed", str(phones.group), str(phones.group))
    scene.report_good(device)
    phones.publish()
    scene.lab.post(f"{scene.path}/intune/check-in", {"device_id": str(device.entra_object_id)})
    assert scene.phone(device)["managed"]["compliance_state"] == "compliant"
    assert phones.in_entra() == set()
    with database.tenant(scene.tenant_id):
        pushes = list(Push.objects.filter(route=DEVICE_GROUP, device_id=device.pk).order_by("tried_at"))
    assert [(push.before, push.after, push.cause) for push in pushes] == [
        ("", str(phones.group), "report"),
        (str(phones.group), "", "report"),
    ]
    assert all(push.request_id for push in pushes)


def test_a_person_is_left_out_only_when_none_of_their_phones_is_blocked(people: AtRisk) -> None:
    scene = people.scene
    people.make_rule()
    first, second = phones_of_one(scene)
    bystander = next(device for device in scene.devices() if device.owner_oid != first.owner_oid)
    scene.report_bad(first)
    scene.report_bad(second)
    people.publish()
    assert people.in_entra() == {str(first.owner_oid)}
    assert not people.lets_in(second)
    assert not people.lets_in(first, client="browser", device_id=None, platform="windows"), "desktops too"
    assert people.lets_in(bystander)
    scene.report_good(first)
    people.publish()
    assert people.in_entra() == {str(first.owner_oid)}, "the second phone is still blocked"
    assert "another phone" in scene.delivery(first, USER_GROUP).error
    scene.report_good(second)
    people.publish()
    assert people.in_entra() == set()
    assert people.lets_in(first)


@pytest.mark.parametrize("route", [DEVICE_GROUP, USER_GROUP])
def test_everybody_is_taken_out_by_monitor_mode_and_by_the_switch(grouped: Scene, route: str) -> None:
    scene, risk = grouped, ready(grouped, route)
    device = scene.activated()
    scene.report_bad(device)
    risk.publish()
    assert risk.in_entra() == {risk.member(device)}
    mode.monitor(scene.tenant_id, ADA)
    risk.publish()
    assert risk.in_entra() == set()
    mode.arm(scene.tenant_id, ADA)
    risk.publish()
    assert risk.in_entra() == {risk.member(device)}
    risk.switch(on=False)
    risk.publish()
    assert risk.in_entra() == set()
    assert scene.delivery(device, route).sent == ""
    assert scene.actions().count("connector.settings_changed") >= 2


def test_who_leaves_or_is_deleted_is_taken_out(phones: AtRisk) -> None:
    scene = phones.scene
    first, second = (device for device in scene.devices(platform="ANDROID")[:2])
    for device in (first, second):
        scene.activate(device)
    scene.report_bad(first, second)
    phones.publish()
    assert len(phones.in_entra()) == 2
    with database.writer(scene.tenant_id):
        lifecycle.deactivate(first, "administrator", ADA)
        lifecycle.delete(second, ADA)
    phones.publish()
    assert phones.in_entra() == set()


def test_another_group_takes_members_over_before_the_first_lets_go(phones: AtRisk) -> None:
    scene = phones.scene
    device = scene.activated()
    scene.report_bad(device)
    phones.publish()
    other = phones.make_group("High")
    settings_change.set_levels(scene.tenant_id, phones.row(), ["disconnected"], ADA)
    phones.keep(other, ["high"])
    since = scene.mark()
    phones.publish()
    assert (phones.in_entra(), phones.in_entra(other)) == (set(), {str(device.entra_object_id)})
    written = [entry["path"] for entry in member_calls(scene, since) if "/members/" in entry["path"]]
    assert [str(other) in path for path in written] == [True, False], written
    settings_change.remove_group(scene.tenant_id, phones.row(other), ADA)
    phones.publish()
    assert phones.in_entra(other) == set()


def test_people_who_are_left_out_are_never_put_in(people: AtRisk) -> None:
    scene = people.scene
    device = scene.activated()
    scene.report_bad(device)
    people.publish()
    assert people.in_entra() == {str(device.owner_oid)}
    assert device.owner_oid
    spared.add(scene.tenant_id, device.owner_oid, device.owner_upn, device.owner_name, ADA)
    people.publish()
    assert people.in_entra() == set()
    with database.tenant(scene.tenant_id):
        seen = preview.of(scene.tenant_id, USER_GROUP)
    assert device.pk in {item.device.pk for item in seen.beyond_phones}
    assert seen.blocked == 0


def test_another_owner_is_put_in_and_the_first_let_go(people: AtRisk, move_clock: Clock) -> None:
    scene = people.scene
    device = scene.activated()
    scene.report_bad(device)
    people.publish()
    other = next(each.owner_oid for each in scene.devices() if each.owner_oid != device.owner_oid)
    with database.writer(scene.tenant_id):
        Device.objects.filter(pk=device.pk).update(owner_oid=other)
    move_clock(3600)
    assert people.look()
    people.publish()
    assert people.in_entra() == {str(other)}


def test_the_preview_names_who_would_be_blocked_and_who_cannot_be(scene: Scene) -> None:
    allow_groups(scene)
    scene.set_up()
    scene.save(scope="registered")
    scene.add_group("Company Phones")
    scene.poll()
    risk = AtRisk(scene, DEVICE_GROUP)
    managed = {phone["id"] for phone in scene.phones() if phone.get("managed")}
    device = next(each for each in scene.devices(platform="ANDROID") if str(each.entra_object_id) in managed)
    scene.activate(device)
    scene.report_bad(device)
    with database.tenant(scene.tenant_id):
        seen = preview.of(scene.tenant_id, DEVICE_GROUP)
    assert [item.device.pk for item in seen.blocked_phones] == [device.pk], (
        "also in Monitor mode and while off"
    )
    assert not managed & {str(item.device.entra_object_id) for item in seen.beyond_phones}
    assert seen.beyond == len(seen.beyond_phones) > 0
    assert seen.protected == len(scene.devices())
    risk.publish()
    assert risk.in_entra() == set()
