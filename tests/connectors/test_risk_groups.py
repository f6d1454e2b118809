"""Groups of phones and people at risk against the lab: the whole way, many phones of one person, drift, faults."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from tests.connectors.risk_groups import AtRisk, member_calls, ready
from tests.connectors.scene import Scene
from tests.connectors.stages import allow_groups
from tests.support.world import ADA

from vedette.compliance import lifecycle, mode
from vedette.connectors import deliver, spared, withdrawal
from vedette.connectors.groups import membership_route, membership_writes, preview, settings_change
from vedette.connectors.groups.lines import lines
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP
from vedette.connectors.models import Delivery, Push
from vedette.connectors.routes import ROUTES, Budget
from vedette.devices.models import Device
from vedette.foundation import clock, database
from vedette.foundation.graph import Patience
from vedette.tenants import accounts
from vedette.tenants.models import Tenant

Clock = Callable[[float], None]


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


def phones_of_one(scene: Scene) -> tuple[Device, Device]:
    """Two Android phones of one person, activated and secured."""
    by_owner: dict[Any, list[Device]] = {}
    for device in scene.devices():
        by_owner.setdefault(device.owner_oid, []).append(device)
    first, second = next(found for found in by_owner.values() if len(found) > 1)[:2]
    for device in (first, second):
        scene.activate(device)
    scene.report_good(first, second)
    return first, second


# --- the whole way


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


# --- drift


def test_who_was_taken_out_by_hand_is_put_back_and_who_was_put_in_is_flagged(
    phones: AtRisk, move_clock: Clock
) -> None:
    scene = phones.scene
    device = scene.activated()
    stranger = next(each for each in scene.devices() if each.pk != device.pk)
    scene.report_bad(device)
    phones.publish()
    phones.take_out_by_hand(device.entra_object_id)
    phones.put_in_by_hand(stranger.entra_object_id)
    assert phones.look()
    phones.publish()
    assert phones.in_entra() == {str(stranger.entra_object_id)}, (
        "too young to be judged: it may not be listed yet"
    )
    move_clock(3600)
    assert phones.look()
    with database.tenant(scene.tenant_id):
        (expected,) = lines(device)
        (found,) = lines(stranger)
    assert (expected.expected, expected.reported) == ("member", "no member")
    assert (found.expected, found.reported, found.outcome) == ("no member", "member", "differs")
    phones.publish()
    assert phones.in_entra() == {str(stranger.entra_object_id), str(device.entra_object_id)}
    codes = {error.code for error in scene.errors(resolved_at=None)}
    assert codes == {"members_put_back", "foreign_members"}
    assert (phones.row().foreign, phones.row().put_back) == (1, 1)
    move_clock(7200)
    phones.take_out_by_hand(stranger.entra_object_id)
    assert phones.look()
    assert scene.errors(resolved_at=None) == []
    with database.tenant(scene.tenant_id):
        (same,) = lines(device)
    assert same.outcome == "same"


def test_a_renamed_group_and_one_that_changed_its_kind_are_noticed(phones: AtRisk) -> None:
    scene = phones.scene
    path = f"{scene.path}/groups/{phones.group}"
    scene.lab.patch(path, {"display_name": "Renamed"})
    assert phones.look()
    assert phones.row().display_name == "Renamed"
    scene.lab.delete(path)
    assert phones.look()
    assert phones.row().missing_since is not None
    (error,) = scene.errors(resolved_at=None)
    assert error.code == "group_gone"
    assert "30 days" in error.next_step


@pytest.mark.parametrize("use", ["console", "enrollment"])
def test_a_group_that_gets_another_use_later_lets_everybody_go_and_takes_nobody(
    people: AtRisk, use: str
) -> None:
    """Whoever is at risk would be let into the console, or enrolled, by what was to keep them out."""
    scene = people.scene
    device = scene.activated()
    scene.report_bad(device)
    people.publish()
    assert people.in_entra() == {str(device.owner_oid)}
    if use == "console":
        with database.tenant(scene.tenant_id):
            tenant = Tenant.objects.get(pk=scene.tenant_id)
        accounts.set_groups(tenant, people.group, None, {})
    else:
        scene.add_group(people.row().display_name)
    assert people.look()
    people.publish()
    assert people.in_entra() == set()
    assert people.row().refused == "in_use"
    (error,) = scene.errors(resolved_at=None)
    assert error.code == "group_in_use"


# --- trouble on the way


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 429, "retry_after": 1}, ""),
        ({"status": 500}, "InternalServerError"),
        ({"status": 503}, "serviceNotAvailable"),
        ({"status": 403}, "Authorization_RequestDenied"),
        ({"drop": True}, "unreachable"),
    ],
    ids=["429", "500", "503", "403", "cut"],
)
def test_what_fails_is_tried_again_until_it_arrives(
    phones: AtRisk, move_clock: Clock, fault: dict[str, Any], code: str
) -> None:
    scene = phones.scene
    device = scene.activated()
    scene.report_bad(device)
    where = "$batch" if fault.get("drop") else f"groups/{phones.group}/members"
    scene.fault(f"POST /v1.0/{where}", **fault)
    phones.publish()
    row = scene.delivery(device, DEVICE_GROUP)
    assert row.status == "due"
    assert row.due_at > clock.now()
    if code:
        assert row.error_code == code
        (error,) = scene.errors(source=DEVICE_GROUP)
        assert (error.code, bool(error.explanation), bool(error.next_step)) == (code, True, True)
    scene.mend()
    move_clock(120)
    phones.publish()
    assert phones.in_entra() == {str(device.entra_object_id)}
    assert scene.delivery(device, DEVICE_GROUP).status == "confirmed"
    assert scene.errors(resolved_at=None) == []


def test_one_of_twenty_that_is_throttled_holds_nobody_else_up(phones: AtRisk, move_clock: Clock) -> None:
    scene = phones.scene
    devices = scene.devices(platform="ANDROID")
    for device in devices:
        scene.activate(device)
    scene.report_bad(*devices)
    scene.fault(f"POST /v1.0/groups/{phones.group}/members", status=429, retry_after=1, times=1)
    phones.publish()
    assert len(phones.in_entra()) == len(devices) - 1
    move_clock(60)
    phones.publish()
    assert phones.in_entra() == {str(device.entra_object_id) for device in devices}


def test_an_answer_that_is_lost_after_the_write_does_no_harm(phones: AtRisk, move_clock: Clock) -> None:
    scene = phones.scene
    device = scene.activated()
    scene.report_bad(device)
    (claimed,) = deliver.claim(scene.tenant_id, DEVICE_GROUP, 10)
    phones.put_in_by_hand(device.entra_object_id)
    move_clock(91)
    phones.publish()
    row = scene.delivery(device, DEVICE_GROUP)
    assert (row.status, row.error_code) == ("confirmed", ""), "a member already is as it was to be"
    assert phones.in_entra() == {str(device.entra_object_id)}
    late = deliver.result(claimed, Delivery.Status.DUE, error_code="timeout", error="too late")
    deliver.settle(scene.tenant_id, [claimed], [late])
    assert scene.delivery(device, DEVICE_GROUP).status == "confirmed"


def test_cut_off_after_the_deed_nothing_is_sent_twice_with_effect(phones: AtRisk, move_clock: Clock) -> None:
    """Both ways: the batch does its work, and its answer never comes."""
    scene = phones.scene
    device = scene.activated()
    scene.report_bad(device)
    scene.fault("POST /v1.0/$batch", drop=True, after=True, times=1)
    phones.publish()
    assert phones.in_entra() == {str(device.entra_object_id)}, "it was done"
    assert scene.delivery(device, DEVICE_GROUP).status == "due"
    move_clock(60)
    phones.publish()
    row = scene.delivery(device, DEVICE_GROUP)
    assert (row.status, row.error_code) == ("confirmed", "")
    scene.report_good(device)
    scene.fault("POST /v1.0/$batch", drop=True, after=True, times=1)
    phones.publish()
    move_clock(120)
    phones.publish()
    assert phones.in_entra() == set()
    assert scene.delivery(device, DEVICE_GROUP).status == "confirmed"
    assert scene.errors(resolved_at=None) == []


def test_who_may_have_been_put_in_is_taken_out_although_no_answer_came(
    phones: AtRisk, move_clock: Clock
) -> None:
    scene = phones.scene
    device = scene.activated()
    scene.report_bad(device)
    scene.fault("POST /v1.0/$batch", drop=True)
    phones.publish()
    row = scene.delivery(device, DEVICE_GROUP)
    assert (row.sent, row.place) == (None, str(phones.group))
    scene.mend()
    phones.put_in_by_hand(device.entra_object_id)
    scene.report_good(device)
    move_clock(60)
    phones.publish()
    assert phones.in_entra() == set()


def test_a_group_that_is_gone_is_an_error_with_a_way_out_and_heals(phones: AtRisk) -> None:
    scene = phones.scene
    device = scene.activated()
    scene.lab.delete(f"{scene.path}/groups/{phones.group}")
    scene.report_bad(device)
    phones.publish()
    row = scene.delivery(device, DEVICE_GROUP)
    assert (row.status, row.error_code) == ("due", "group_gone")
    assert (row.due_at - clock.now()).total_seconds() > 600, "not asked every few seconds"
    other = phones.make_group("Another")
    settings_change.remove_group(scene.tenant_id, phones.row(), ADA)
    phones.keep(other, ["high"])
    phones.publish()
    assert phones.in_entra(other) == {str(device.entra_object_id)}
    assert scene.errors(source=DEVICE_GROUP, resolved_at=None) == []


def test_a_group_that_became_dynamic_is_told_as_such(phones: AtRisk) -> None:
    scene = phones.scene
    device = scene.activated()
    scene.lab.patch(f"{scene.path}/groups/{phones.group}", {"group_types": ["DynamicMembership"]})
    scene.report_bad(device)
    phones.publish()
    assert scene.delivery(device, DEVICE_GROUP).error_code == "group_refuses"
    assert phones.look()
    assert phones.row().refused == "dynamic"


def test_a_phone_gone_from_entra_fails_by_itself_and_the_others_arrive(phones: AtRisk) -> None:
    scene = phones.scene
    gone, stays = scene.devices(platform="ANDROID")[:2]
    for device in (gone, stays):
        scene.activate(device)
    scene.lab.delete(f"{scene.path}/devices/{gone.entra_object_id}")
    scene.report_bad(gone, stays)
    phones.publish()
    assert phones.in_entra() == {str(stays.entra_object_id)}
    row = scene.delivery(gone, DEVICE_GROUP)
    assert (row.status, row.error_code) == ("failed", "Request_ResourceNotFound")
