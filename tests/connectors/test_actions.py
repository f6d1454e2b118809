"""The acts that follow a change, against the lab: a check-in, a notification on the phone, sessions that are ended."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.connectors.risk_groups import AtRisk, ready
from tests.connectors.scene import Scene
from tests.support.world import ADA

from vedette.compliance import mode
from vedette.connectors import deliver, publisher, spared, withdrawal
from vedette.connectors.actions import act_routes, settings_change
from vedette.connectors.groups.ways import DEVICE_GROUP
from vedette.connectors.models import Delivery, Push
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.foundation.graph import Patience

Clock = Callable[[float], None]
NOTIFY_PATH = "/beta/deviceManagement/managedDevices"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act_routes, "PATIENCE", Patience(1, seconds=2.0))


def choose(scene: Scene, **values: Any) -> None:
    settings_change.save(scene.tenant_id, values, ADA)


def notices(scene: Scene, device: Device) -> str:
    """What Company Portal shows on the person's phones."""
    page = scene.lab.client.get(f"/phone/{scene.organisation.id}", params={"user": str(device.owner_oid)})
    return page.text.partition('id="company-portal"')[2]


def pushes(scene: Scene, act: str) -> list[tuple[str, str]]:
    with database.tenant(scene.tenant_id):
        rows = Push.objects.filter(route=act).order_by("tried_at")
        return [(push.after, push.outcome) for push in rows]


def calls(scene: Scene, ending: str, since: int) -> list[dict[str, Any]]:
    return [
        entry
        for entry in scene.lab.get("/requests", since=since)
        if entry["path"].endswith(ending) and entry["tenant"] in {None, str(scene.organisation.id)}
    ]


# --- check-in


def test_intune_is_asked_to_look_once_the_membership_is_written(grouped: Scene, move_clock: Clock) -> None:
    risk: AtRisk = ready(grouped, DEVICE_GROUP)
    risk.make_policies()
    choose(grouped, sync_enabled=True)
    device = grouped.activated()
    grouped.report_bad(device)
    risk.publish()
    grouped.publish("sync")
    assert grouped.phone(device)["managed"]["compliance_state"] != "noncompliant", "Intune may not see it yet"
    move_clock(40)
    grouped.publish("sync")
    assert grouped.phone(device)["managed"]["compliance_state"] == "noncompliant"
    assert pushes(grouped, "sync") == [("high", "confirmed")]
    grouped.report_good(device)
    risk.publish()
    move_clock(100)
    since = grouped.mark()
    grouped.publish("sync")
    assert calls(grouped, "/syncDevice", since) == [], "at most once in five minutes"
    move_clock(400)
    grouped.publish("sync")
    assert len(calls(grouped, "/syncDevice", since)) == 1
    assert grouped.phone(device)["managed"]["compliance_state"] == "compliant"


# --- notification


def test_the_person_reads_the_true_reason_and_that_it_is_over(grouped: Scene, move_clock: Clock) -> None:
    choose(grouped, notify_enabled=True)
    device = grouped.activated()
    grouped.publish("notify")
    assert notices(grouped, device) == "", "a secured phone is told nothing"
    grouped.report_bad(device)
    grouped.publish("notify")
    assert "Trojan" in notices(grouped, device)
    assert "update" not in notices(grouped, device).lower()
    grouped.report_good(device)
    move_clock(31 * 60)
    grouped.publish("notify")
    assert "available again" in notices(grouped, device)
    assert pushes(grouped, "notify") == [("high", "confirmed"), ("secured", "confirmed")]


def test_a_phone_that_flaps_is_told_once(grouped: Scene, move_clock: Clock) -> None:
    choose(grouped, notify_enabled=True)
    device = grouped.activated()
    since = grouped.mark()
    for _turn in range(4):
        grouped.report_bad(device)
        grouped.publish("notify")
        grouped.report_good(device)
        grouped.publish("notify")
    grouped.report_bad(device)
    move_clock(31 * 60)
    grouped.publish("notify")
    assert len(calls(grouped, "CompanyPortal", since)) == 1, "it is blocked, which was said"
    assert grouped.delivery(device, "notify").status == "dropped"


def test_a_phone_that_waits_for_its_turn_closes_the_way_for_no_other(grouped: Scene) -> None:
    """Only Microsoft may hold a tenant back: a wait of one phone's own is none of the others' business."""
    choose(grouped, notify_enabled=True)
    first, second = grouped.devices(platform="ANDROID")[:2]
    for device in (first, second):
        grouped.activate(device)
    grouped.report_good(first, second)
    grouped.report_bad(first)
    grouped.publish("notify")
    grouped.report_good(first)
    assert publisher.publish_due("notify", grouped.tenant_id) == 0.0
    assert grouped.delivery(first, "notify").status == "due", "the first waits for its half hour"
    grouped.report_bad(second)
    grouped.publish("notify")
    assert "Trojan" in notices(grouped, second)


def test_who_was_never_told_of_a_block_is_not_told_of_its_end(grouped: Scene) -> None:
    choose(grouped, notify_enabled=True)
    device = grouped.activated()
    since = grouped.mark()
    grouped.report_bad(device)
    grouped.report_good(device)
    grouped.publish("notify")
    assert calls(grouped, "CompanyPortal", since) == []


@pytest.mark.parametrize(
    "fault", [{"drop": True}, {"drop": True, "after": True}, {"status": 500}], ids=["cut", "cut-after", "500"]
)
def test_a_notification_whose_answer_is_lost_is_not_sent_again(
    grouped: Scene, move_clock: Clock, fault: dict[str, Any]
) -> None:
    choose(grouped, notify_enabled=True)
    device = grouped.activated()
    grouped.report_bad(device)
    grouped.fault(f"POST {NOTIFY_PATH}", **fault)
    since = grouped.mark()
    grouped.publish("notify")
    row = grouped.delivery(device, "notify")
    assert (row.status, row.error_code) == ("failed", "outcome_unknown")
    grouped.mend()
    move_clock(4000)
    grouped.publish("notify")
    assert len(calls(grouped, "CompanyPortal", since)) == 1
    (error,) = grouped.errors(connector="actions")
    assert error.explanation
    assert error.next_step


def test_a_worker_that_died_while_it_notified_is_not_repeated(grouped: Scene) -> None:
    choose(grouped, notify_enabled=True)
    device = grouped.activated()
    grouped.report_bad(device)
    with database.tenant(grouped.tenant_id):
        Delivery.objects.filter(route="notify", device_id=device.pk).update(attempts=1)
    grouped.publish("notify")
    assert grouped.delivery(device, "notify").error_code == "outcome_unknown"
    assert notices(grouped, device) == ""


@pytest.mark.parametrize(
    ("fault", "code"),
    [({"status": 429, "retry_after": 1}, ""), ({"status": 503}, "serviceNotAvailable")],
    ids=["429", "503"],
)
def test_what_was_not_done_is_tried_again(
    grouped: Scene, move_clock: Clock, fault: dict[str, Any], code: str
) -> None:
    choose(grouped, notify_enabled=True)
    device = grouped.activated()
    grouped.report_bad(device)
    grouped.fault(f"POST {NOTIFY_PATH}", **fault)
    grouped.publish("notify")
    row = grouped.delivery(device, "notify")
    assert row.status == "due"
    assert code in row.error_code
    grouped.mend()
    move_clock(60)
    grouped.publish("notify")
    assert "Trojan" in notices(grouped, device)


def test_a_missing_permission_is_told_with_its_name(grouped: Scene) -> None:
    choose(grouped, notify_enabled=True)
    device = grouped.activated()
    grouped.report_bad(device)
    grouped.fault(f"POST {NOTIFY_PATH}", status=403)
    grouped.publish("notify")
    (error,) = grouped.errors(connector="actions")
    assert error.code == "Authorization_RequestDenied"
    assert "DeviceManagementConfiguration.ReadWrite.All" in error.explanation


def test_a_phone_outside_intune_cannot_be_notified_and_says_so(grouped: Scene) -> None:
    choose(grouped, notify_enabled=True)
    device = grouped.activated()
    grouped.lab.delete(f"{grouped.path}/devices/{device.entra_object_id}/managed")
    grouped.forget_changes()
    grouped.save(scope="registered")
    grouped.poll()
    grouped.report_bad(device)
    grouped.publish("notify")
    assert grouped.delivery(device, "notify").error_code == "not_in_intune"


# --- sessions


def session_lives(scene: Scene, device: Device) -> bool:
    """Whether mail on the phone goes on without anybody signing in, after an hour and a bit."""
    form = {
        "user": str(device.owner_oid),
        "device": str(device.entra_object_id),
        "client": "mailApp",
        "app": "mail",
        "action": "session",
    }
    answer = scene.lab.client.post(f"/phone/{scene.organisation.id}", data=form)
    assert answer.status_code in {200, 401}
    return bool(answer.status_code == 200)


@pytest.fixture
def later(grouped: Scene) -> Any:
    """Lets the access tokens at the lab run out."""
    yield lambda: grouped.lab.post("/clock", {"offset_seconds": 3700})
    grouped.lab.post("/clock", {"offset_seconds": 0})


def test_sessions_end_for_the_threats_that_were_chosen_and_only_when_a_phone_becomes_blocked(
    grouped: Scene, later: Callable[[], None]
) -> None:
    choose(grouped, revoke_enabled=True, classifications=["TROJAN"])
    device = grouped.activated()
    grouped.lab.post(
        "/decision",
        {
            "tenant": str(grouped.organisation.id),
            "user_id": str(device.owner_oid),
            "device_id": str(device.entra_object_id),
        },
    )
    since = grouped.mark()
    grouped.report_bad(device)
    grouped.publish("revoke")
    assert len(calls(grouped, "/revokeSignInSessions", since)) == 1
    assert pushes(grouped, "revoke") == [("TROJAN", "confirmed")]
    assert session_lives(grouped, device), "an access token lives on until it expires"
    later()
    assert not session_lives(grouped, device)
    grouped.report_bad(device)
    grouped.publish("revoke")
    assert len(calls(grouped, "/revokeSignInSessions", since)) == 1


def test_other_threats_and_people_who_are_left_out_end_no_session(grouped: Scene) -> None:
    choose(grouped, revoke_enabled=True, classifications=["PHISHING_CONTENT"])
    device = grouped.activated()
    since = grouped.mark()
    grouped.report_bad(device)
    grouped.publish("revoke")
    grouped.report_good(device)
    choose(grouped, classifications=["TROJAN"])
    assert device.owner_oid
    spared.add(grouped.tenant_id, device.owner_oid, device.owner_upn, "", ADA)
    grouped.report_bad(device)
    grouped.publish("revoke")
    assert calls(grouped, "/revokeSignInSessions", since) == []
    assert grouped.delivery(device, "revoke").status == "dropped"


def test_monitor_mode_and_the_switch_take_back_what_waits(grouped: Scene) -> None:
    choose(grouped, notify_enabled=True, revoke_enabled=True, classifications=["TROJAN"])
    device = grouped.activated()
    since = grouped.mark()
    grouped.report_bad(device)
    choose(grouped, notify_enabled=False)
    mode.monitor(grouped.tenant_id, ADA)
    for act in ("notify", "revoke"):
        grouped.publish(act)
        assert grouped.delivery(device, act).status == "dropped"
    assert calls(grouped, "CompanyPortal", since) == []
    assert calls(grouped, "/revokeSignInSessions", since) == []


def test_an_act_that_waits_for_its_turn_is_no_trouble_and_holds_no_disconnection_up(grouped: Scene) -> None:
    choose(grouped, notify_enabled=True, sync_enabled=True)
    device = grouped.activated()
    grouped.publish()
    grouped.report_bad(device)
    grouped.publish()
    with database.tenant(grouped.tenant_id):
        assert Delivery.objects.filter(route="sync", status="due").exists()
        assert not deliver.waiting().exists(), "nothing that is owed lags"
    mode.monitor(grouped.tenant_id, ADA)
    grouped.publish()
    with database.tenant(grouped.tenant_id):
        assert withdrawal.remaining() == 0
        assert withdrawal.written() == []
