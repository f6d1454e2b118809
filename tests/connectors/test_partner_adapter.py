"""The partner adapter end to end against the lab's simulation of Intune's interface (E3, way 3)."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from tests.connectors.scene import CONTACT, Scene
from tests.support.world import ADA

from vedette.compliance import change_policy, lifecycle, mode, simulate, triage
from vedette.compliance.models import StateChange
from vedette.connectors.models import Delivery
from vedette.connectors.partner import client, jobs, partner_route, switch, uploads
from vedette.connectors.partner.client import PartnerClient, PartnerError
from vedette.connectors.partner.models import PartnerLink, PartnerUpload
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.threats.models import Threat
from vedette.verdict import Response, Risk

Clock = Callable[[float], None]


@pytest.fixture(autouse=True)
def no_addresses() -> Iterator[None]:
    """Look the interface up anew in each test."""
    client._addresses.clear()
    yield
    client._addresses.clear()


@pytest.fixture
def on(enrolled: Scene) -> Scene:
    """The adapter is on, and what it owed has been told."""
    switch.turn_on(enrolled.tenant_id, ADA)
    hand_over(enrolled)
    return enrolled


def hand_over(scene: Scene) -> None:
    """Upload what is owed and ask until Intune has worked on it."""
    scene.publish("partner")
    deadline = time.monotonic() + 5
    while uploads.ask_after(scene.tenant_id) and time.monotonic() < deadline:
        with database.tenant(scene.tenant_id):
            PartnerUpload.objects.update(checked_at=None)
        time.sleep(0.02)


def reported(scene: Scene, device: Device) -> str:
    return str(scene.phone(device)["managed"]["partner_reported_threat_state"])


def link(scene: Scene) -> PartnerLink:
    with database.tenant(scene.tenant_id):
        return switch.link_of(scene.tenant_id)


def sent(scene: Scene) -> list[PartnerUpload]:
    with database.tenant(scene.tenant_id):
        return list(PartnerUpload.objects.order_by("sent_at"))


def puts(scene: Scene, since: int, part: str = "/messages/") -> list[dict[str, Any]]:
    mine = f"/partner/{scene.organisation.id}"
    return [
        entry
        for entry in scene.lab.get("/requests", since=since)
        if entry["method"] == "PUT" and entry["path"].startswith(mine) and part in entry["path"]
    ]


def connector_page(scene: Scene) -> str:
    """The partner's connector in the portal."""
    (row,) = scene.lab.client.get(f"/portal/{scene.organisation.id}/connectors").text.split("/connectors/")[
        1:2
    ]
    return f"/portal/{scene.organisation.id}/connectors/{row[:36]}"


def post(scene: Scene, path: str, **form: str) -> None:
    answer = scene.lab.client.post(path, data=form)
    assert answer.status_code == 303, answer.text


def is_compliant(scene: Scene, device: Device) -> str:
    return str(scene.phone(device)["managed"]["compliance_state"])


# --- the whole way


def test_turned_on_every_phones_health_reaches_intune(enrolled: Scene) -> None:
    device = enrolled.activated()
    assert enrolled.deliveries("partner") == [], "nothing is owed before it is on"
    switch.turn_on(enrolled.tenant_id, ADA)
    hand_over(enrolled)
    assert reported(enrolled, device) == "secured"
    assert {row.status for row in enrolled.deliveries("partner")} == {"confirmed"}
    (upload,) = sent(enrolled)
    assert (upload.status, upload.error, len(upload.deliveries)) == ("completed", "", 13)
    assert link(enrolled).enabled
    assert "connector.settings_changed" in enrolled.actions()


def test_a_threat_and_its_end_are_told_with_what_they_are(on: Scene) -> None:
    device = on.activated()
    on.report_bad(device)
    hand_over(on)
    assert reported(on, device) == "highSeverity"
    on.report_good(device)
    hand_over(on)
    assert reported(on, device) == "secured"
    assert {upload.status for upload in sent(on)} == {"completed"}


def test_what_becomes_of_a_threat_is_told_though_the_state_stays(on: Scene) -> None:
    """Another threat holds the phone at high: only the partner interface hears of the first one's fate."""
    device = on.activated()
    on.report_bad(device)
    simulate.start(device, "ROOT_JAILBREAK", ADA)
    with database.tenant(on.tenant_id):
        threat = Threat.objects.get(device=device, classification="TROJAN")
        group = device.group_id
        changes = StateChange.objects.filter(device=device).count()

    def told() -> tuple[str, str]:
        hand_over(on)
        (message,) = [m for m in on.phone(device)["partner_threats"] if m["threatId"] == str(threat.id)]
        return message["severity"], message["status"]

    def rate(risk: Risk) -> None:
        change_policy.apply(on.tenant_id, group, {"TROJAN": (risk, Response.ALERT)}, actor=ADA)

    assert told() == ("high", "active")
    triage.ignore(threat, "known", ADA)
    assert told() == ("high", "ignored")
    triage.reopen(threat, ADA)
    assert told() == ("high", "active")
    rate(Risk.MEDIUM)
    assert told() == ("medium", "active")
    rate(Risk.NONE)
    assert told() == ("low", "ignored"), "what does not count any more is not left at Intune as it was"
    rate(Risk.HIGH)
    assert told() == ("high", "active")
    on.report_good(device)
    assert told() == ("high", "resolved")
    assert reported(on, device) == "compromised"
    with database.tenant(on.tenant_id):
        assert StateChange.objects.filter(device=device).count() == changes
        owed = {row.device_id: row.generation for row in Delivery.objects.filter(route="partner")}
    assert max(generation for key, generation in owed.items() if key != device.id) == 1


def test_a_threat_that_ends_while_the_adapter_is_off_owes_nothing(enrolled: Scene) -> None:
    device = enrolled.activated()
    enrolled.report_bad(device)
    enrolled.report_good(device)
    assert enrolled.deliveries("partner") == []


def test_intunes_compliance_follows_the_reported_level(on: Scene) -> None:
    """The Intune administrator's half by hand: a policy "at or under Medium", and the connector's toggles."""
    device = on.activated()
    hand_over(on)
    toggles = {"android_enabled": "on", "partner_unresponsiveness_threshold_in_days": "7"}
    post(on, connector_page(on), **toggles)
    policy = {
        "name": "Threat level",
        "kind": "androidWorkProfileCompliancePolicy",
        "level": "medium",
        "grace_days": "0",
        "all_users": "on",
    }
    post(on, f"/portal/{on.organisation.id}/compliance/new", **policy)
    on.lab.post(f"{on.path}/intune/check-in", {"all": True})
    assert is_compliant(on, device) == "compliant"
    on.report_bad(device)
    hand_over(on)
    assert is_compliant(on, device) == "noncompliant"
    on.report_good(device)
    hand_over(on)
    assert is_compliant(on, device) == "compliant"


def test_monitor_mode_takes_every_report_back(on: Scene) -> None:
    device = on.activated()
    hand_over(on)
    mode.monitor(on.tenant_id, ADA)
    hand_over(on)
    assert reported(on, device) == "unknown"
    since = on.mark()
    on.report_bad(device)
    on.publish("partner")
    assert puts(on, since) == []


def test_in_monitor_mode_turning_it_on_tells_nothing(scene: Scene) -> None:
    scene.set_up()
    scene.add_group("Company Phones")
    scene.poll()
    switch.turn_on(scene.tenant_id, ADA)
    assert scene.deliveries("partner") == []


def test_a_phone_that_left_is_reported_as_deactivated(on: Scene) -> None:
    device = on.activated()
    hand_over(on)
    with database.writer(on.tenant_id):
        lifecycle.leave(on.tenant_id, [device.id], lifecycle.LEFT_GROUPS)
    hand_over(on)
    assert reported(on, device) == "deactivated"


def test_a_deleted_row_is_told_and_then_forgotten(on: Scene) -> None:
    device = on.activated()
    hand_over(on)
    lifecycle.delete(device, ADA)
    hand_over(on)
    assert reported(on, device) == "deactivated"
    assert on.deliveries("partner", device_id=None) == []


def test_turned_off_intune_forgets_and_nothing_is_owed(on: Scene) -> None:
    device = on.activated()
    hand_over(on)
    switch.turn_off(on.tenant_id, ADA)
    assert reported(on, device) == "unknown"
    assert on.deliveries("partner") == []
    on.report_bad(device)
    assert on.deliveries("partner") == []
    assert not link(on).enabled


# --- heartbeat and resync


def test_a_heartbeat_is_sent_when_it_is_due(on: Scene, move_clock: Clock) -> None:
    jobs.partner_work.func(str(on.tenant_id), beat=True)
    first = link(on).last_heartbeat_at
    assert first is not None
    move_clock(3600)
    jobs.partner_work.func(str(on.tenant_id), beat=True)
    second = link(on).last_heartbeat_at
    assert second is not None
    assert (second - first).total_seconds() > 3000


def test_a_resync_that_intune_asks_for_sends_everything_again_once(on: Scene) -> None:
    post(on, f"{connector_page(on)}/resync")
    since = on.mark()
    jobs.send_heartbeat(on.tenant_id)
    assert link(on).resync_pending
    assert {row.status for row in on.deliveries("partner")} == {"due"}
    jobs.send_heartbeat(on.tenant_id)
    hand_over(on)
    assert len(puts(on, since)) == 1
    assert not link(on).resync_pending
    jobs.send_heartbeat(on.tenant_id)
    assert {row.status for row in on.deliveries("partner")} == {"confirmed"}, "answered, so not asked again"


def test_a_heartbeat_that_fails_is_an_error_until_one_succeeds(on: Scene) -> None:
    on.fault(f"PUT /partner/{on.organisation.id}/heartbeat", status=503)
    jobs.partner_work.func(str(on.tenant_id), beat=True)
    (error,) = on.errors(connector="partner")
    assert (error.source, error.code, error.resolved_at) == ("heartbeat", "http503", None)
    assert link(on).error
    on.mend()
    jobs.partner_work.func(str(on.tenant_id), beat=True)
    (error,) = on.errors(connector="partner")
    assert error.resolved_at is not None
    assert link(on).error == ""


# --- trouble


def test_an_error_hidden_in_a_200_is_found(on: Scene) -> None:
    partner = PartnerClient(on.organisation.id)
    with pytest.raises(PartnerError, match="tenantId is not the tenant") as caught:
        partner.upload(uuid4(), {"tenantId": "another", "messages": []})
    assert caught.value.code == "hidden_error"


@pytest.mark.parametrize(
    ("fault", "code"),
    [({"status": 500}, "http500"), ({"status": 401}, "http401"), ({"drop": True}, "unreachable")],
)
def test_an_upload_that_fails_is_sent_again(
    on: Scene, move_clock: Clock, fault: dict[str, Any], code: str
) -> None:
    device = on.activated()
    on.fault(f"PUT /partner/{on.organisation.id}/messages", **fault)
    on.publish("partner")
    row = on.delivery(device, "partner")
    assert (row.status, row.error_code) == ("due", code)
    assert sent(on)[-1].status == "failed"
    on.mend()
    move_clock(30)
    hand_over(on)
    assert reported(on, device) == "secured"
    assert on.errors(connector="partner")[0].resolved_at is not None


def test_a_401_on_a_good_token_is_tried_once_with_a_fresh_one(on: Scene) -> None:
    device = on.activated()
    on.fault(f"PUT /partner/{on.organisation.id}/messages", status=401, times=1)
    hand_over(on)
    assert reported(on, device) == "secured"


def test_a_phone_that_intune_does_not_manage_is_refused_and_tried_again_when_it_is(
    on: Scene, move_clock: Clock
) -> None:
    device = on.activated()
    serial = on.phone(device)["managed"]["serial_number"]
    on.lab.delete(f"{on.path}/devices/{device.entra_object_id}/managed")
    hand_over(on)
    row = on.delivery(device, "partner")
    assert (row.status, row.error_code) == ("failed", "DeviceNotFound")
    (error,) = on.errors(connector="partner")
    assert error.source == "upload"
    on.send_mail()
    assert on.mails(CONTACT) == [], "the list says so; nobody is woken for it"
    on.lab.patch(f"{on.path}/devices/{device.entra_object_id}", {"managed": {"serial_number": serial}})
    move_clock(3700)
    jobs.send_heartbeat(on.tenant_id)
    hand_over(on)
    assert on.delivery(device, "partner").status == "confirmed"
    assert reported(on, device) == "secured"
    assert on.errors(connector="partner")[0].resolved_at is not None


def test_an_upload_that_intune_has_lost_is_sent_again(on: Scene) -> None:
    device = on.activated()
    on.publish("partner")
    with database.tenant(on.tenant_id):
        PartnerUpload.objects.filter(status="pending").update(message_id=on.tenant_id)
    assert uploads.ask_after(on.tenant_id) == 0
    row = on.delivery(device, "partner")
    assert row.status == "due"
    assert "lost this upload" in sent(on)[-1].error
    hand_over(on)
    assert reported(on, device) == "secured"


def test_an_outcome_is_asked_for_less_and_less_often(on: Scene) -> None:
    upload = sent(on)[0]
    ages = []
    age = 0.0
    upload.checked_at = upload.sent_at + dt.timedelta(seconds=2)
    while age < 600:
        age += 1
        if uploads.due(upload, upload.sent_at + dt.timedelta(seconds=age)):
            ages.append(age)
            upload.checked_at = upload.sent_at + dt.timedelta(seconds=age)
    assert ages[:5] == [4, 8, 16, 32, 64]
    assert {later - earlier for earlier, later in pairwise(ages[4:])} == {60}


def test_more_threats_than_an_upload_takes_go_into_several(
    on: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = on.devices(platform="ANDROID")[:4]
    for device in devices:
        on.activate(device)
    on.report_bad(*devices)
    monkeypatch.setattr("vedette.connectors.partner.messages.MOST_MESSAGES", 3)
    since = on.mark()
    hand_over(on)
    assert len(puts(on, since)) == 3, "4 healths and 4 threats"
    assert {reported(on, device) for device in devices} == {"highSeverity"}
    assert {row.status for row in on.deliveries("partner")} == {"confirmed"}


def test_a_tenant_that_does_not_offer_the_interface_is_told_so(
    enrolled: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PROVIDER", "SomebodyElse")
    with pytest.raises(PartnerError, match="lab only"):
        switch.turn_on(enrolled.tenant_id, ADA)
    assert not link(enrolled).enabled


def test_every_known_error_says_what_to_do() -> None:
    for code in ("DeviceNotFound", "not_offered", "Authorization_RequestDenied", "http500"):
        found = partner_route.advice(code)
        assert found.explanation
        assert found.next_step
