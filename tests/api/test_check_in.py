"""Check-ins over real HTTP: malformed, oversized, replayed, forged; idempotent; skewed; fast."""

import datetime as dt
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from django.db import connection, connections
from tests.api.conftest import Phone, Service, plain_now
from tests.support.world import ADA, BAD_PACKAGE, World, facts

from vedette.compliance import assessor, lifecycle, mode, sweep
from vedette.compliance.assess import assess
from vedette.compliance.models import StateChange
from vedette.connectors.intune import settings_change
from vedette.devices.models import REPORT_CHANNEL, Device, DeviceKey, Report
from vedette.directory.models import DirectoryDevice
from vedette.foundation import database
from vedette_facts import jose
from vedette_facts import protocol as p
from vedette_facts.report import digest


def reports(world: World) -> list[Report]:
    with database.tenant(world.tenant_id):
        return list(Report.objects.order_by("received_at", "id"))


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["error"] == code
    assert body["message"]
    assert body["next_step"]
    return body


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


def test_a_captured_status_request_is_worth_nothing_later(phone: Phone) -> None:
    phone.wrong_by = -1200
    problem(phone.status(), 401, "stale_request")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not a compact JWS"),
        (b"nonsense", "not a compact JWS"),
        (b"a.b.c", "not a compact JWS"),
        (b"\xff\xfe.\x00.\x01", "not a compact JWS"),
        (b"e30.e30.e30", "not a compact JWS"),
        (b"." * 1000, "not a compact JWS"),
    ],
)
def test_what_is_no_message_is_refused_in_words(
    service: Service, world: World, body: bytes, why: str
) -> None:
    assert world
    for path in (p.CHECK_IN_PATH, p.ENROLL_PATH, p.STATUS_PATH):
        assert why in problem(service.post(path, body), 400, "malformed")["message"]


def test_other_algorithms_and_types_are_refused(phone: Phone) -> None:
    message = phone.message(facts())
    signed = jose.sign(message, phone.key, p.REPORT_TYP)
    head, payload, signature = signed.split(".")
    for alg in ("none", "HS256"):
        header = {"alg": alg, "typ": p.REPORT_TYP, "kid": "x"}
        forged = jose_b64(json.dumps(header).encode())
        problem(phone.service.post(p.CHECK_IN_PATH, f"{forged}.{payload}.{signature}"), 400, "malformed")
    assert head
    problem(phone.service.post(p.STATUS_PATH, signed), 400, "malformed")


def test_a_forged_report_is_refused_and_changes_nothing(phone: Phone, world: World) -> None:
    other = jose.new_key()
    message = phone.message(facts(BAD_PACKAGE))
    # signed by another key under this phone's name
    signed = jose.sign(message, other, p.REPORT_TYP)
    own = jose.sign(message, phone.key, p.REPORT_TYP)
    forged = ".".join([own.split(".")[0], signed.split(".")[1], signed.split(".")[2]])
    problem(phone.service.post(p.CHECK_IN_PATH, forged), 401, "bad_signature")
    problem(phone.service.post(p.CHECK_IN_PATH, signed), 401, "unknown_key")
    # a genuine signature with another payload
    head, _, signature = own.split(".")
    payload = jose_b64(msgspec.json.encode(phone.message(facts())))
    problem(phone.service.post(p.CHECK_IN_PATH, f"{head}.{payload}.{signature}"), 401, "bad_signature")
    assert reports(world) == []
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(retired_at=None).last_sequence == 0


def test_one_phone_cannot_speak_for_another(phone: Phone, world: World, service: Service) -> None:
    (victim,) = world.activated()
    message = phone.message(facts(BAD_PACKAGE), device_id=str(victim.id))
    problem(phone.send(message), 401, "unknown_key")
    assert service
    assert reports(world) == []


def test_a_message_for_another_server_is_refused(phone: Phone) -> None:
    problem(phone.check_in(facts(), audience="https://elsewhere.example"), 403, "wrong_audience")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"device": {"platform": "SYMBIAN"}}, "$.facts.device.platform"),
        ({"apps": [{"package": 5}]}, "$.facts.apps[0].package"),
        ({"apps": None, "apps_complete": True}, "$.facts.apps_complete"),
        ({"note": "a\0b"}, "$.facts.note"),
        ({"note": 1.5}, "$.facts"),
    ],
)
def test_wrong_facts_are_named_by_field(
    phone: Phone, world: World, change: dict[str, Any], where: str
) -> None:
    plain = msgspec.to_builtins(facts())
    for name, value in change.items():
        if isinstance(value, dict):
            plain[name] |= value
        else:
            plain[name] = value
    answer = phone.send(phone.message(None, facts=msgspec.Raw(json.dumps(plain).encode())))
    assert where in problem(answer, 400, "malformed")["message"]
    assert reports(world) == []


def test_an_android_identity_cannot_report_as_an_iphone(phone: Phone) -> None:
    ios = facts(device={"platform": "IOS"}, apps=None)
    assert "ANDROID" in problem(phone.check_in(ios), 400, "malformed")["message"]


def test_unknown_fields_of_a_newer_agent_are_kept(phone: Phone, world: World) -> None:
    plain = msgspec.to_builtins(facts()) | {"later": {"name": "ключ", "list": [1, None, True]}}
    raw = json.dumps(plain, ensure_ascii=False).encode()
    assert phone.send(phone.message(None, facts=msgspec.Raw(raw))).status_code == 200
    (report,) = reports(world)
    assert report.facts
    assert report.facts["later"] == plain["later"]
    assert report.digest == digest(plain)


def test_too_much_is_refused_announced_or_not(service: Service, world: World) -> None:
    assert world
    huge = b"x" * (p.MAX_BYTES + 1)
    problem(service.post(p.CHECK_IN_PATH, huge), 413, "too_large")

    def stream() -> Any:
        for _ in range(17):
            yield b"x" * 65536

    answer = service.client.post(
        service.url + p.CHECK_IN_PATH, content=stream(), headers={"content-type": "application/jose"}
    )
    problem(answer, 413, "too_large")


def test_the_largest_report_is_taken(phone: Phone) -> None:
    from tests.support.world import app  # noqa: PLC0415 beside its use

    many = facts(apps=[app(f"com.example.very.long.name.of.an.application.{n:05}") for n in range(1900)])
    message = phone.message(many)
    size = len(jose.sign(message, phone.key, p.REPORT_TYP))
    assert p.MAX_BYTES * 0.8 < size < p.MAX_BYTES, size
    assert phone.send(message).status_code == 200


def test_other_types_methods_and_addresses_are_answered_in_words(service: Service, world: World) -> None:
    assert world
    problem(
        service.post(p.CHECK_IN_PATH, b"{}", content_type="application/json"), 415, "unsupported_media_type"
    )
    got = service.client.get(service.url + p.CHECK_IN_PATH)
    problem(got, 405, "method_not_allowed")
    assert got.headers["allow"] == "POST"
    problem(service.post(p.PREFIX + "/nothing", b""), 404, "not_found")
    french = service.post(p.PREFIX + "/nothing", b"", accept_language="fr")
    assert french.status_code == 404


def test_a_phone_that_hangs_up_half_way_leaves_nothing_behind(service: Service, phone: Phone) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(
            b"POST /device/v1/check-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\n"
            b"Content-Length: 5000\r\n\r\nabc"
        )
    assert phone.check_in(facts()).status_code == 200


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


def jose_b64(raw: bytes) -> str:
    import base64  # noqa: PLC0415 beside its use

    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
