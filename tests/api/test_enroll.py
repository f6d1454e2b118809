"""Enrolment over real HTTP: codes, groups, confirmation, keys."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.api.conftest import Phone, Service
from tests.api.test_check_in import problem
from tests.support.world import ADA, World, facts

from vedette.api.device.enroll import ASK_AGAIN_SECONDS, ASK_AT_ONCE
from vedette.compliance import enroll, lifecycle
from vedette.compliance.assess import assess
from vedette.devices import invitations
from vedette.devices.models import Device, DeviceKey, Invitation, WaitingIdentity
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.foundation.graph import GraphError
from vedette.foundation.rates import Buckets
from vedette_facts import jose
from vedette_facts import protocol as p


def invite(device: Device) -> str:
    return invitations.invite_device(device, ADA).code


def invite_person(world: World, oid: uuid.UUID) -> str:
    person = world.people[oid]
    return invitations.invite_person(
        world.tenant_id, oid=oid, upn=person.upn, email=person.mail, actor=ADA
    ).code


def waiting(world: World) -> list[WaitingIdentity]:
    with database.tenant(world.tenant_id):
        return list(WaitingIdentity.objects.all())


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


def test_the_one_fitting_pending_phone_of_a_person_is_bound(world: World, service: Service) -> None:
    bo = world.person("bo")
    right = world.phone(bo, model="Pixel 8")
    world.phone(bo, model="Galaxy S24")
    world.phone(bo, operating_system="iOS", model="iPhone 15")
    world.poll()
    phone = Phone(service)
    assert phone.enroll(invite_person(world, bo)).status_code == 201
    assert phone.device_id == str(world.device(right).id)
    assert service.membership.asked == 1


def test_two_fitting_phones_need_an_administrators_word(world: World, service: Service) -> None:
    bo = world.person("bo")
    world.phone(bo)
    right = world.phone(bo)
    world.poll()
    phone, code = Phone(service), invite_person(world, bo)
    answer = phone.enroll(code)
    assert (answer.status_code, answer.json()["reason"]) == (202, "needs_confirmation")
    (row,) = waiting(world)
    assert row.claim["model"] == "Pixel 8"
    enroll.confirm(row, world.device(right), ADA)
    answer = phone.enroll(code)
    assert (answer.status_code, answer.json()["device_id"]) == (200, str(world.device(right).id))
    assert waiting(world) == []
    with database.tenant(world.tenant_id):
        assert Event.objects.get(action="enrollment.confirmed").actor_name == "Ada Admin"


def test_the_entra_device_id_tells_two_phones_of_a_person_apart(world: World, service: Service) -> None:
    bo = world.person("bo")
    world.phone(bo)
    right = world.phone(bo)
    world.poll()
    phone = Phone(service)
    answer = phone.enroll(
        invite_person(world, bo), entra_device_id=str(world.phones[right].entra_device_id).upper()
    )
    assert answer.status_code == 201
    assert phone.device_id == str(world.device(right).id)


def test_a_rejected_app_is_turned_away(world: World, service: Service) -> None:
    bo = world.person("bo")
    world.phone(bo)
    world.phone(bo)
    world.poll()
    phone, code = Phone(service), invite_person(world, bo)
    phone.enroll(code)
    enroll.reject(waiting(world)[0], ADA)
    problem(phone.enroll(code), 410, "expired_code")


def test_confirming_the_wrong_kind_or_a_taken_device_is_refused(world: World, service: Service) -> None:
    bo = world.person("bo")
    world.phone(bo)
    world.phone(bo)
    apple = world.phone(bo, operating_system="iOS", model="iPhone 15")
    world.poll()
    Phone(service).enroll(invite_person(world, bo))
    (row,) = waiting(world)
    with pytest.raises(lifecycle.Refused, match="another kind"):
        enroll.confirm(row, world.device(apple), ADA)
    (taken,) = world.activated()
    with pytest.raises(lifecycle.Refused, match="pending"):
        enroll.confirm(row, taken, ADA)


def test_confirming_an_app_whose_invitation_was_revoked_is_refused(world: World, service: Service) -> None:
    bo = world.person("bo")
    world.phone(bo)
    world.phone(bo)
    world.poll()
    device = world.devices()[0]
    Phone(service).enroll(invite_person(world, bo))
    (row,) = waiting(world)
    with database.tenant(world.tenant_id):
        Invitation.objects.update(revoked_at=clock.now())
    with pytest.raises(lifecycle.Refused, match="revoked"):
        enroll.confirm(row, device, ADA)
    assert world.fresh(device).activation_status == "PENDING"


def test_an_app_opened_before_its_person_is_in_a_group_keeps_its_identity(
    world: World, service: Service, move_clock: Callable[[float], None]
) -> None:
    """Requirement D3: told so, kept, and activated at the first opening after the group was added."""
    bo = world.person("bo")
    object_id = world.phone(bo)
    record, person = world.phones.pop(object_id), world.people.pop(bo)
    world.poll()
    code = invitations.invite_person(
        world.tenant_id, oid=bo, upn=person.upn, email=person.mail, actor=ADA
    ).code
    phone = Phone(service)
    answer = phone.enroll(code)
    assert (answer.status_code, answer.json()["reason"]) == (202, "not_in_enrollment_group")
    assert answer.json()["retry_seconds"] > 0
    assert [row.key_id for row in waiting(world)] == [jose.key_id(jose.public_jwk(phone.key))]
    assert phone.enroll(code).status_code == 202
    # weeks later the group is added; the code has expired, but this key presented it in time
    move_clock(29 * 86400)
    problem(Phone(service).enroll(code), 410, "expired_code")
    service.membership.members[bo] = (person, [record])
    answer = phone.enroll(code)
    assert answer.status_code == 201, answer.text
    device = world.device(object_id)
    assert (str(device.id), device.owner_upn) == (phone.device_id, "bo@example.test")
    assert waiting(world) == []


def test_a_member_whose_phone_is_not_supported_waits_for_a_word(world: World, service: Service) -> None:
    bo = world.person("bo")
    record = replace(world.phones[world.phone(bo)], unsupported_reason="os_too_old")
    world.phones.clear()
    service.membership.members[bo] = (world.people[bo], [record])
    answer = Phone(service).enroll(invite_person(world, bo))
    assert answer.json()["reason"] == "needs_confirmation"


def test_not_knowing_is_not_the_same_as_not_being_a_member(world: World, service: Service) -> None:
    bo = world.person("bo")
    service.membership.down = GraphError(429, "TooManyRequests", "slow down", "id", 5)
    answer = Phone(service).enroll(invite_person(world, bo))
    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert waiting(world) == []


@pytest.mark.parametrize("by_device", [True, False], ids=["device's code", "person's code"])
def test_who_left_the_group_since_the_poll_is_not_activated(
    world: World, service: Service, *, by_device: bool
) -> None:
    """The device row is still pending; only a live question can tell."""
    bo = world.person("bo")
    object_id = world.phone(bo)
    world.poll()
    phone, code = Phone(service), invite(world.device(object_id)) if by_device else invite_person(world, bo)
    service.membership.left.add(bo)
    answer = phone.enroll(code)
    assert (answer.status_code, answer.json()["reason"]) == (202, "not_in_enrollment_group")
    assert world.device(object_id).activation_status == "PENDING"
    assert [row.key_id for row in waiting(world)] == [jose.key_id(jose.public_jwk(phone.key))]
    service.membership.left.clear()
    assert phone.enroll(code).status_code == 201
    # an answer that got lost is repeated without asking again
    asked = service.membership.asked
    assert phone.enroll(code).status_code == 200
    assert service.membership.asked == asked


def test_a_pending_phone_is_not_activated_while_microsoft_does_not_answer(
    world: World, service: Service
) -> None:
    object_id = world.phone()
    world.poll()
    phone, code = Phone(service), invite(world.device(object_id))
    service.membership.down = GraphError(503, "ServiceUnavailable", "later", "id")
    answer = phone.enroll(code)
    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert world.device(object_id).activation_status == "PENDING"
    service.membership.down = None
    assert phone.enroll(code).status_code == 201


def test_an_answer_about_the_old_owner_does_not_activate_the_phone_of_a_new_one(
    world: World, service: Service
) -> None:
    object_id = world.phone(world.person("bo"))
    world.poll()
    phone, code = Phone(service), invite(world.device(object_id))

    def another_owner() -> None:
        service.membership.meanwhile = None
        world.phones[object_id] = replace(world.phones[object_id], owner_oid=world.person("cy"))
        world.poll()

    service.membership.meanwhile = another_owner
    problem(phone.enroll(code), 503, "unavailable")
    assert world.device(object_id).activation_status == "PENDING"
    assert phone.enroll(code).status_code == 201


def test_the_device_of_somebody_who_left_needs_the_group_again(world: World, service: Service) -> None:
    bo = world.person("bo")
    object_id = world.phone(bo)
    world.poll()
    issued = invitations.invite_device(world.device(object_id), ADA)
    record, person = world.phones.pop(object_id), world.people[bo]
    world.poll()
    problem(Phone(service).enroll(issued.code), 410, "expired_code")
    renewed = invitations.renew(issued.invitation, ADA)
    phone = Phone(service)
    assert phone.enroll(renewed.code).json()["reason"] == "not_in_enrollment_group"
    service.membership.members[bo] = (person, [record])
    assert phone.enroll(renewed.code).status_code == 201
    assert world.device(object_id).activation_status == "ACTIVATED"


def test_a_newer_key_of_the_same_code_takes_the_waiting_place(world: World, service: Service) -> None:
    bo = world.person("bo")
    code = invite_person(world, bo)
    Phone(service).enroll(code)
    second = Phone(service)
    second.enroll(code)
    assert [row.key_id for row in waiting(world)] == [jose.key_id(jose.public_jwk(second.key))]


def test_a_waiting_key_that_comes_with_a_newer_code_waits_with_that_one(
    world: World, service: Service
) -> None:
    bo = world.person("bo")
    world.phone(bo)
    right = world.phone(bo)
    world.poll()
    phone = Phone(service)
    phone.enroll(invite_person(world, bo))
    newer = invite_person(world, bo)
    phone.enroll(newer)
    (row,) = waiting(world)
    enroll.confirm(row, world.device(right), ADA)
    answer = phone.enroll(newer)
    assert (answer.status_code, answer.json()["device_id"]) == (200, str(world.device(right).id))


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


def test_microsoft_is_not_asked_at_every_repetition(world: World, service: Service) -> None:
    oid = world.person()
    code = invite_person(world, oid)
    phone = Phone(service)
    answers = [phone.enroll(code) for _ in range(ASK_AT_ONCE + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {202}
    problem(answers[-1], 429, "busy")
    assert 0 < int(answers[-1].headers["retry-after"]) <= ASK_AGAIN_SECONDS
    assert service.membership.asked == ASK_AT_ONCE
    assert len(waiting(world)) == 1
