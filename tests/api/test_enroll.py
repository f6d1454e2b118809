"""Enrolment over real HTTP: codes, keys, forgeries and races."""

import datetime as dt
from collections.abc import Callable

import pytest
from tests.api.answers import problem
from tests.api.conftest import Phone, Service
from tests.api.enrolling import invite
from tests.support.world import ADA, World, facts

from vedette.api.device.enroll import ASK_AT_ONCE
from vedette.compliance.assess import assess
from vedette.devices import invitations
from vedette.devices.models import DeviceKey, Invitation
from vedette.events.models import Event
from vedette.foundation import database
from vedette.foundation.rates import Buckets
from vedette_facts import jose
from vedette_facts import protocol as p


def test_a_code_activates_its_device_once(world: World, service: Service) -> None:
    object_id = world.phone()
    world.poll()
    code = invite(world.device(object_id))
    phone = Phone(service)
    answer = phone.enroll(code.lower().replace("-", " "))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["status"], body["binding"], body["check_in_seconds"]) == ("activated", "code", 60)
    assert body["key_id"] == jose.key_id(jose.public_jwk(phone.key))
    device = world.device(object_id)
    assert (str(device.id), device.activation_status, device.binding) == (
        body["device_id"], "ACTIVATED", "code",
    )  # fmt: skip
    assert world.state(device) == "pending"
    # the answer was lost: the same key gets the same answer
    again = phone.enroll(code)
    assert (again.status_code, again.json()["device_id"]) == (200, body["device_id"])
    problem(Phone(service).enroll(code), 410, "used_code")
    assert phone.check_in(facts()).status_code == 200
    assess(world.tenant_id)
    assert world.state(device) == "secured"


def test_only_hash_and_public_key_are_stored(world: World, service: Service) -> None:
    object_id = world.phone()
    world.poll()
    code = invite(world.device(object_id))
    phone = Phone(service)
    phone.enroll(code)
    with database.tenant(world.tenant_id):
        key = DeviceKey.objects.get()
        assert set(key.public_jwk) == {"kty", "crv", "x", "y"}
        row = Invitation.objects.get()
        stored = [str(getattr(row, field.attname)) for field in Invitation._meta.concrete_fields]
        stored += [str(event.detail) + str(event.changes) for event in Event.objects.all()]
    assert not any(code in text or code.replace("-", "") in text for text in stored)


@pytest.mark.parametrize("code", ["ABCD-EFGH-JKMN", "x", "é" * 20, "' or 1=1 --"])
def test_an_unknown_code_is_refused(world: World, service: Service, code: str) -> None:
    assert world
    problem(Phone(service).enroll(code), 404, "unknown_code")


def test_expired_revoked_and_renewed_codes(
    world: World, service: Service, move_clock: Callable[[float], None]
) -> None:
    object_id = world.phone()
    world.poll()
    issued = invitations.invite_device(world.device(object_id), ADA)
    renewed = invitations.renew(issued.invitation, ADA)
    problem(Phone(service).enroll(issued.code), 404, "unknown_code")
    invitations.revoke(renewed.invitation, ADA)
    problem(Phone(service).enroll(renewed.code), 410, "expired_code")
    last = invitations.renew(renewed.invitation, ADA)
    move_clock(29 * 86400)
    problem(Phone(service).enroll(last.code), 410, "expired_code")
    move_clock(27 * 86400)
    assert Phone(service).enroll(last.code).status_code == 201


def test_enrolling_again_makes_a_new_identity_and_retires_the_old(world: World, service: Service) -> None:
    object_id = world.phone()
    world.poll()
    first, second = Phone(service), Phone(service)
    first.enroll(invite(world.device(object_id)))
    first.check_in(facts())
    assess(world.tenant_id)
    code = invite(world.device(object_id))
    # the old key cannot be handed on
    problem(first.enroll(code), 410, "retired_identity")
    assert second.enroll(code).status_code == 201
    assert second.device_id == first.device_id
    problem(first.check_in(facts()), 410, "retired_identity")
    # nothing is known of the phone as it is now
    assert world.state(world.device(object_id)) == "pending"


def test_a_code_for_another_kind_of_phone_is_refused(world: World, service: Service) -> None:
    object_id = world.phone(operating_system="iOS", model="iPhone 15")
    world.poll()
    code = invite(world.device(object_id))
    assert "iOS" in problem(Phone(service).enroll(code), 404, "unknown_code")["message"]
    ios = {"platform": "IOS", "model": "iPhone15,4"}
    assert Phone(service).enroll(code, device=ios).status_code == 201


def test_another_model_than_the_directory_says_is_noted(world: World, service: Service) -> None:
    object_id = world.phone(model="Galaxy S24")
    world.poll()
    assert Phone(service).enroll(invite(world.device(object_id))).status_code == 201
    with database.tenant(world.tenant_id):
        event = Event.objects.get(action="device.activated")
    assert event.detail["model_mismatch"] == {"directory": "Galaxy S24", "phone": "Pixel 8"}
    assert event.actor_type == "DEVICE"


def test_a_key_of_another_tenant_is_worth_nothing_here(world: World, service: Service) -> None:
    from tests.support.world import make_world  # noqa: PLC0415 beside its use

    other = make_world("Other")
    object_id = other.phone()
    other.poll()
    phone = Phone(service)
    phone.enroll(invite(other.device(object_id)))
    mine = world.phone()
    world.poll()
    problem(phone.enroll(invite(world.device(mine))), 410, "retired_identity")


def test_a_forged_enrolment_is_refused(world: World, service: Service) -> None:
    object_id = world.phone()
    world.poll()
    code = invite(world.device(object_id))
    phone, thief = Phone(service), Phone(service)
    problem(phone.enroll(code, audience="https://elsewhere.example"), 403, "wrong_audience")
    message = p.EnrollRequest(
        code=code, sent_at=phone.now(), audience=service.url, agent_version="1",
        device=p.EnrollDevice(platform="ANDROID", manufacturer="G", model="Pixel 8", os_version="15"),
    )  # fmt: skip
    own = jose.sign(message, phone.key, p.ENROLL_TYP).split(".")
    stolen = jose.sign(message, thief.key, p.ENROLL_TYP).split(".")
    problem(service.post(p.ENROLL_PATH, ".".join([stolen[0], own[1], own[2]])), 401, "bad_signature")
    assert phone.enroll(code).status_code == 201


def test_many_phones_enrol_at_once(world: World, service: Service) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 beside its use

    objects = [world.phone() for _ in range(20)]
    world.poll()
    codes = [invite(world.device(object_id)) for object_id in objects]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda code: Phone(service).enroll(code).status_code, codes))
    assert answers == [201] * 20
    with database.tenant(world.tenant_id):
        assert sorted(Event.objects.values_list("position", flat=True)) == list(
            range(1, Event.objects.count() + 1)
        )


def test_one_code_raced_by_two_phones_activates_one(world: World, service: Service) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 beside its use

    object_id = world.phone()
    world.poll()
    code = invite(world.device(object_id))
    # as many as Microsoft is asked about one person at once
    phones = [Phone(service) for _ in range(ASK_AT_ONCE)]
    with ThreadPoolExecutor(len(phones)) as pool:
        answers = sorted(pool.map(lambda phone: phone.enroll(code).status_code, phones))
    assert answers == [201, *[410] * (ASK_AT_ONCE - 1)]


def test_an_invitation_ends_after_four_weeks() -> None:
    assert dt.timedelta(weeks=4) == invitations.LIFETIME


def test_one_address_cannot_try_codes_without_end(
    world: World, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.tenant_id
    monkeypatch.setattr(service.app, "_strangers", Buckets(per_second=0.01, burst=2))
    assert [Phone(service).enroll("ABCD-EFGH-JKMN").status_code for _ in range(2)] == [404, 404]
    answer = Phone(service).enroll("ABCD-EFGH-JKMN")
    problem(answer, 429, "busy")
    assert int(answer.headers["retry-after"]) > 0
