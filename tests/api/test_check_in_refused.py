"""Check-ins over real HTTP that are refused in words: malformed, forged, replayed, misaddressed, oversized."""

import json
import socket
from typing import Any

import msgspec
import pytest
from tests.api.answers import problem, reports
from tests.api.conftest import Phone, Service
from tests.support.world import BAD_PACKAGE, World, facts

from vedette.devices.models import DeviceKey
from vedette.foundation import database
from vedette_facts import jose
from vedette_facts import protocol as p
from vedette_facts.report import digest


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


def jose_b64(raw: bytes) -> str:
    import base64  # noqa: PLC0415 beside its use

    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
