"""Groups at risk when Microsoft fails: throttled, refused, cut off, gone."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.connectors.risk_groups import AtRisk
from tests.support.world import ADA

from vedette.connectors import deliver
from vedette.connectors.groups import settings_change
from vedette.connectors.groups.ways import DEVICE_GROUP
from vedette.connectors.models import Delivery
from vedette.foundation import clock

Clock = Callable[[float], None]


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
