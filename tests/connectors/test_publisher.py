"""Sending what is owed, for real: trouble on the way, leases, the publisher's loop, one tenant beside another."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.connectors.scene import CONTACT, Scene, values, writes

from vedette.connectors import arrival, deliver, jobs, outcome, publisher
from vedette.connectors.intune import attribute_route
from vedette.connectors.models import Delivery
from vedette.connectors.signals import values_arrived
from vedette.devices.models import Device
from vedette.foundation import clock
from vedette.foundation.graph import Patience

Clock = Callable[[float], None]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give one delivery up at once: it is tried again later, which is what is tested."""
    monkeypatch.setattr(attribute_route, "PATIENCE", Patience(1, seconds=2.0))


# --- trouble on the way


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 429, "retry_after": 1}, "TooManyRequests"),
        ({"status": 429}, "TooManyRequests"),
        ({"status": 500}, "InternalServerError"),
        ({"status": 503}, "serviceNotAvailable"),
        ({"drop": True}, "unanswered"),
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

    def settle(*arguments: Any) -> Any:
        settled = real(*arguments)
        if next(turns) == 1:
            stop.set()
        return settled

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


def test_the_publisher_is_woken_by_a_change_also_right_after_another(
    enrolled: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wakes by the notification, not by its look once a second, which would come too late here."""
    monkeypatch.setattr(publisher, "WAKE_SECONDS", 600)
    enrolled.publish()
    device = enrolled.activated()
    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=[stop])
    thread.start()
    try:
        arrived(enrolled, device, "mtd:secured")
        for report, value in ((enrolled.report_bad, "mtd:high"), (enrolled.report_good, "mtd:secured")) * 2:
            report(device)
            arrived(enrolled, device, value)
    finally:
        stop.set()
        with connection.cursor() as cursor:
            cursor.execute("select pg_notify(%s, '')", [deliver.CHANNEL])
        thread.join(30)
    assert not thread.is_alive()


def test_a_tenant_that_is_held_back_has_no_turn_until_then_and_another_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served: list[UUID] = []
    held, free = uuid4(), uuid4()

    def publish_due(_route: str, tenant: UUID, _stop: threading.Event, _seconds: float) -> float:
        served.append(tenant)
        return 600.0 if tenant == held else 0.0

    monkeypatch.setattr(publisher, "publish_due", publish_due)
    with ThreadPoolExecutor(1) as pool:
        turns = publisher._Turns(pool, threading.Event())
        for _ in range(2):
            for tenant in (held, free):
                turns.give(("attribute", tenant))
            # One thread: what is asked for now is done after the turns.
            pool.submit(lambda: None).result()
    assert served == [held, free, free]


def test_who_has_more_than_a_turn_allows_waits_for_the_next_behind_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served: list[UUID] = []
    large, small = uuid4(), uuid4()

    def publish_due(_route: str, tenant: UUID, _stop: threading.Event, seconds: float) -> float:
        assert seconds == publisher.TURN_SECONDS
        served.append(tenant)
        if len(served) == 1:
            # The look comes by while the large one is served.
            turns.give(("attribute", large))
            turns.give(("attribute", small))
        return 0.0

    monkeypatch.setattr(publisher, "publish_due", publish_due)
    with ThreadPoolExecutor(1) as pool:
        turns = publisher._Turns(pool, threading.Event())
        turns.give(("attribute", large))
        for _ in range(3):
            pool.submit(lambda: None).result()
    assert served == [large, small, large]


def test_a_turn_ends_after_its_time_and_what_is_left_waits(
    enrolled: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribute_route.AttributeRoute, "batch", 5)
    publisher.publish_due("attribute", enrolled.tenant_id, None, 0.0)
    assert sorted(row.status for row in enrolled.deliveries()) == ["confirmed"] * 5 + ["due"] * 8
    publisher.publish_due("attribute", enrolled.tenant_id)
    assert set(values(enrolled)) == {"mtd:pending"}


# --- what comes of it is written down


def test_what_was_owed_anew_and_is_given_back_untouched_is_written_down(enrolled: Scene) -> None:
    """Owing anew counts the tries from 0, and what was not tried is no try."""
    enrolled.publish()
    device = enrolled.activated()
    (claimed,) = deliver.claim(enrolled.tenant_id, "attribute", 100)
    enrolled.report_bad(device)
    back = deliver.result(claimed, Delivery.Status.DUE)
    assert deliver.settle(enrolled.tenant_id, [claimed], [back]) == {claimed.pk}
    row = enrolled.delivery(device)
    assert (row.status, row.attempts, row.lease_until, row.desired) == ("due", 0, None, "mtd:high")


def test_what_came_of_a_batch_is_written_down_though_that_of_the_one_before_was_lost(
    enrolled: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribute_route.AttributeRoute, "batch", 7)
    real, turns = deliver.settle, iter([True])

    def settle(*arguments: Any) -> Any:
        if next(turns, False):
            raise OSError("the first is lost")
        return real(*arguments)

    monkeypatch.setattr(deliver, "settle", settle)
    with pytest.raises(OSError, match="the first"):
        enrolled.publish()
    assert sorted(row.status for row in enrolled.deliveries()) == ["confirmed"] * 6 + ["leased"] * 7


def test_a_value_that_arrived_is_told_though_telling_of_errors_fails(
    enrolled: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "tell", lambda *_: 1 // 0)
    with hearing() as heard, pytest.raises(ZeroDivisionError):
        enrolled.publish()
    assert len(heard) == 13


def test_a_value_that_arrived_is_told_once_though_the_publisher_died_before_it_told(
    enrolled: Scene, monkeypatch: pytest.MonkeyPatch, move_clock: Clock
) -> None:
    with monkeypatch.context() as patch, hearing() as heard:
        patch.setattr(arrival, "tell", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            enrolled.publish()
    assert (heard, {row.status for row in enrolled.deliveries()}) == ([], {"confirmed"})
    assert arrival.tenants_left(clock.now()) == [], "it may be telling just now"
    move_clock(61)
    assert arrival.tenants_left(clock.now()) == [enrolled.tenant_id]
    with refusing():
        jobs.tell_arrivals(0)
    with hearing() as heard:
        jobs.tell_arrivals(0)
        jobs.tell_arrivals(0)
    assert sorted(heard) == sorted(device.id for device in enrolled.devices())


@contextmanager
def hearing() -> Iterator[list[UUID]]:
    """Listen to which devices' values arrived."""
    heard: list[UUID] = []

    def hear(device_ids: list[UUID], **_signal: Any) -> None:
        heard.extend(device_ids)

    values_arrived.connect(hear)
    try:
        yield heard
    finally:
        values_arrived.disconnect(hear)


@contextmanager
def refusing() -> Iterator[None]:
    """Let somebody who acts on arrivals fail."""

    def refuse(**_signal: Any) -> None:
        raise ValueError("not now")

    values_arrived.connect(refuse)
    try:
        yield
    finally:
        values_arrived.disconnect(refuse)


# --- tenants


def test_one_tenants_trouble_does_not_delay_another(enrolled: Scene, new_scene: Callable[[], Scene]) -> None:
    other = new_scene()
    other.set_up()
    other.add_group("Company Phones")
    other.poll()
    other.arm()
    theirs = {str(device.entra_object_id) for device in enrolled.devices()}
    for object_id in theirs:
        enrolled.fault(f"PATCH /v1.0/devices/{object_id}", delay=1.5)
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
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if scene.attribute(device) == value:
            return
        time.sleep(0.01)
    raise AssertionError(f"{value} never arrived: {scene.attribute(device)}")
