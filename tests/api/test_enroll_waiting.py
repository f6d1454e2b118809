"""Enrolment over real HTTP where the code alone does not decide: people, groups asked live, an administrator's word."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.api.answers import problem
from tests.api.conftest import Phone, Service
from tests.api.enrolling import invite, invite_person, waiting
from tests.support.world import ADA, World

from vedette.api.device.enroll import ASK_AGAIN_SECONDS, ASK_AT_ONCE
from vedette.compliance import enroll, lifecycle
from vedette.devices import invitations
from vedette.devices.models import Device, Invitation
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.foundation.graph import GraphError
from vedette_facts import jose


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


def test_a_code_of_the_former_owner_is_refused_even_where_nothing_revoked_it(
    world: World, service: Service
) -> None:
    object_id = world.phone(world.person("bo"))
    world.poll()
    code = invite(world.device(object_id))
    with database.tenant(world.tenant_id):
        Device.objects.update(owner_oid=world.person("cy"))
    problem(Phone(service).enroll(code), 410, "expired_code")


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
    problem(phone.enroll(code), 410, "expired_code")
    assert world.device(object_id).activation_status == "PENDING"
    assert phone.enroll(invite(world.device(object_id))).status_code == 201


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
