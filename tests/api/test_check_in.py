"""Check-ins over real HTTP: accepted, idempotent, skewed, out of scope, woken at once."""

import datetime as dt
import threading
import time
from collections.abc import Callable

import msgspec
import pytest
from django.db import connection, connections
from tests.api.answers import problem, reports
from tests.api.conftest import Phone, plain_now
from tests.support.world import ADA, BAD_PACKAGE, World, facts

from vedette.compliance import assessor, lifecycle, mode, sweep
from vedette.compliance.assess import assess
from vedette.compliance.models import StateChange
from vedette.connectors.intune import settings_change
from vedette.devices.models import REPORT_CHANNEL, Device
from vedette.directory.models import DirectoryDevice
from vedette.foundation import database
from vedette_facts.report import digest


def test_a_report_is_accepted_assessed_and_answered_with_the_state(phone: Phone, world: World) -> None:
    answer = phone.check_in(facts(BAD_PACKAGE))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["accepted"], body["duplicate"], body["check_in_seconds"]) == (True, False, 60)
    assert body["state"]["state"] == "pending"
    assess(world.tenant_id)
    status = phone.status(accept_language="fr-FR,fr;q=0.9").json()
    assert status["state"] == "high"
    assert status["blocked"] is False  # Monitor mode: nothing reaches Microsoft
    (threat,) = status["threats"]
    assert (threat["classification"], threat["risk"]) == ("TROJAN", "HIGH")
    assert "figure comme" in threat["summary"]
    assert threat["mend"]
    phone.check_in(facts())
    assess(world.tenant_id)
    assert phone.status().json() | {"since": "", "last_report_at": "", "assessed_at": ""} == {
        "state": "secured", "since": "", "blocked": False, "threats": [], "last_report_at": "", "assessed_at": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "managed", "compliant", "blocked"),
    [
        ("high", True, True, True),
        ("none", True, True, False),
        ("", True, True, None),
        ("high", False, None, None),
        ("", True, False, True),
    ],
    ids=["a rule from High up", "no rule", "nobody said", "out of reach of the attribute", "not compliant"],
)
def test_a_phone_hears_whether_the_rules_block_it(
    phone: Phone, world: World, declared: str, managed: bool, compliant: bool | None, blocked: bool | None
) -> None:
    settings = {"android_enabled": True, "heartbeat_minutes": 10, "declared_minimum": declared}
    settings_change.save(world.tenant_id, settings, ADA)
    mode.arm(world.tenant_id, ADA)
    with database.tenant(world.tenant_id):
        DirectoryDevice.objects.update(managed=managed, compliant=compliant)
    phone.check_in(facts(BAD_PACKAGE))
    assess(world.tenant_id)
    assert phone.status().json()["blocked"] is blocked


def test_unchanged_moves_last_seen_only(phone: Phone, world: World) -> None:
    given = facts()
    phone.check_in(given)
    assess(world.tenant_id)
    device = world.devices()[0]
    with database.tenant(world.tenant_id):
        Device.objects.update(last_seen_at=plain_now() - dt.timedelta(days=3), disconnected_after=plain_now())
    answer = phone.check_in(None, unchanged=digest(given))
    assert answer.status_code == 200
    assert answer.json()["state"]["state"] == "secured"
    assert len(reports(world)) == 1
    fresh = world.fresh(device)
    assert fresh.last_seen_at and fresh.disconnected_after  # noqa: PT018 - for mypy
    assert plain_now() - fresh.last_seen_at < dt.timedelta(seconds=10)
    assert fresh.disconnected_after - fresh.last_seen_at == dt.timedelta(days=30)
    # whole facts that say the same are no news either
    assert phone.check_in(given).status_code == 200
    assert len(reports(world)) == 1


def test_unchanged_without_the_facts_asks_for_them(phone: Phone) -> None:
    message = phone.message(None, unchanged="0" * 64)
    problem(phone.send(message), 409, "facts_needed")
    # the same number with whole facts is then taken
    assert phone.check_in(facts(), sequence=message.sequence).status_code == 200


def test_a_repeat_is_a_duplicate_and_stored_once(phone: Phone, world: World) -> None:
    message = phone.message(facts())
    assert phone.send(message).json()["duplicate"] is False
    assert phone.send(message).json()["duplicate"] is True
    # signed anew because the answer was lost: still the same report
    again = msgspec.structs.replace(message, sent_at=phone.now() + dt.timedelta(seconds=5))
    assert phone.send(again).json()["duplicate"] is True
    assert len(reports(world)) == 1


def test_a_repeat_does_not_keep_a_phone_alive(phone: Phone, world: World) -> None:
    message = phone.message(facts())
    phone.send(message)
    with database.tenant(world.tenant_id):
        Device.objects.update(last_seen_at=None)
    phone.send(message)
    assert world.devices()[0].last_seen_at is None


def test_a_number_is_never_used_twice(phone: Phone, world: World) -> None:
    phone.check_in(facts(), sequence=7)
    body = problem(phone.check_in(facts(BAD_PACKAGE), sequence=7), 409, "sequence_reused")
    assert body["last_sequence"] == 7
    problem(phone.check_in(facts(BAD_PACKAGE), sequence=3), 409, "sequence_reused")
    first = phone.message(facts("com.example.new"), sequence=8)
    phone.send(first)
    phone.check_in(facts(), sequence=9)
    assert phone.send(first).json()["duplicate"] is True
    assert [report.sequence for report in reports(world)] == [7, 8, 9]


@pytest.mark.parametrize("ahead", [-86400 * 400, -3600, 0, 7200, 86400 * 30])
def test_a_wrong_clock_is_corrected_and_its_word_kept(phone: Phone, world: World, ahead: float) -> None:
    phone.wrong_by = ahead
    observed = phone.now() - dt.timedelta(minutes=10)
    answer = phone.check_in(facts(), observed_at=observed)
    assert answer.status_code == 200
    assert abs(answer.json()["clock_skew_seconds"] + ahead) < 5
    (report,) = reports(world)
    assert abs(plain_now() - dt.timedelta(minutes=10) - report.observed_at) < dt.timedelta(seconds=5)
    assert abs(report.device_observed_at - observed) < dt.timedelta(seconds=1)
    assess(world.tenant_id)
    assert phone.status().status_code == 200


def test_a_report_from_the_future_does_not_beat_those_to_come(phone: Phone, world: World) -> None:
    phone.check_in(facts(BAD_PACKAGE), observed_at=phone.now() + dt.timedelta(days=300))
    assess(world.tenant_id)
    phone.check_in(facts())
    assess(world.tenant_id)
    assert phone.status().json()["state"] == "secured"


def test_a_retired_identity_is_told_to_enrol_again(phone: Phone, world: World) -> None:
    world.activate(world.devices()[0])
    problem(phone.check_in(facts()), 410, "retired_identity")
    problem(phone.status(), 410, "retired_identity")


def test_a_deleted_device_is_unknown(phone: Phone, world: World) -> None:
    from tests.support.world import ADA  # noqa: PLC0415 beside its use

    phone.check_in(facts())
    lifecycle.delete(world.devices()[0], ADA)
    problem(phone.check_in(facts(BAD_PACKAGE)), 401, "unknown_key")
    problem(phone.status(), 401, "unknown_key")


def test_a_phone_out_of_scope_hears_so_and_nothing_of_it_is_kept(phone: Phone, world: World) -> None:
    phone.check_in(facts())
    assess(world.tenant_id)
    gone = dict(world.phones)
    world.phones.clear()
    world.poll()
    answer = phone.check_in(facts(BAD_PACKAGE))
    assert answer.status_code == 200
    assert answer.json()["state"]["state"] == "deactivated"
    assert len(reports(world)) == 1
    # back in the group: the first check-in activates it again, and has to be a whole one
    world.phones.update(gone)
    world.poll()
    problem(phone.check_in(None, unchanged=digest(facts(BAD_PACKAGE))), 409, "facts_needed")
    assert phone.check_in(facts(), sequence=phone.sequence).status_code == 200
    assess(world.tenant_id)
    assert phone.status().json()["state"] == "secured"


def test_a_disconnected_phone_comes_back_with_word_of_nothing_new(
    phone: Phone, world: World, move_clock: Callable[[float], None]
) -> None:
    given = facts()
    phone.check_in(given)
    assess(world.tenant_id)
    move_clock(31 * 86400)
    assert len(sweep.sweep(world.tenant_id)) == 1
    assert phone.check_in(None, unchanged=digest(given)).json()["state"]["state"] == "disconnected"
    assess(world.tenant_id)
    with database.tenant(world.tenant_id):
        last = StateChange.objects.order_by("-position")[0]
        # the patch level has aged by a month meanwhile, which is fine; what counts is that it came back
        assert (last.from_state, last.to_state, last.cause) == ("disconnected", "secured", "report")


def test_the_assessor_is_woken_by_the_report(
    phone: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs as in the worker, but for its look once in a while, which would come too late here."""
    monkeypatch.setattr(assessor, "LOOK_SECONDS", 600)
    stop = threading.Event()

    def work() -> None:
        assessor.run(stop)
        connections.close_all()

    loop = threading.Thread(target=work, daemon=True)
    loop.start()
    try:
        phone.check_in(facts())
        wait_for(lambda: phone.status().json()["state"] == "secured")
        for packages in ((BAD_PACKAGE,), ()):
            phone.check_in(facts(*packages))
            wanted = "high" if packages else "secured"
            wait_for(lambda wanted=wanted: phone.status().json()["state"] == wanted)  # type: ignore[misc] # a default
    finally:
        stop.set()
        with connection.cursor() as cursor:
            cursor.execute("select pg_notify(%s, '')", [REPORT_CHANNEL])
        loop.join(30)
    assert not loop.is_alive()
    assert world


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
