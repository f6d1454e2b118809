"""Activation by app configuration over real HTTP: what the MDM told, checked against the directory."""

import uuid
from typing import Any

import pytest
from tests.api.conftest import Phone, Service
from tests.api.enrolling import invite, invite_person, waiting
from tests.support.world import ADA, World, make_world

from vedette.compliance import enroll, enroll_wait, lifecycle
from vedette.compliance.enroll_wait import MOST_RIVALS
from vedette.devices import enrollment_policy
from vedette.devices.enrollment_policy import Ways
from vedette.devices.models import Device, DeviceKey, EnrollmentPolicy
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.foundation.rates import Buckets
from vedette_facts import jose
from vedette_facts import protocol as p


@pytest.fixture
def code(world: World) -> str:
    """The organisation's code, which its app configuration carries."""
    enrollment_policy.change_ways(world.tenant_id, Ways(by_configuration=True), ADA)
    with database.tenant(world.tenant_id):
        return enrollment_policy.code()


def told(world: World, phone: uuid.UUID, code: str, **more: Any) -> dict[str, Any]:
    values = {"enrollment_code": code, "entra_device_id": str(world.phones[phone].entra_device_id), **more}
    return {"code": None, "configuration": p.AppConfiguration(**values)}


def enroll_by(phone: Phone, given: dict[str, Any], **more: Any) -> Any:
    return phone.enroll(**given, **more)


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", "")


def a_phone(world: World, who: str = "bo", **more: Any) -> uuid.UUID:
    found = world.phone(world.person(who), **{"model": "Pixel 8", **more})
    world.poll()
    return found


def test_the_phone_that_the_mdm_named_is_activated(world: World, service: Service, code: str) -> None:
    right = a_phone(world)
    phone = Phone(service)
    given = told(world, right, code.lower(), user_principal_name="BO@contoso.example")
    given = told(world, right, code.lower(), user_principal_name=world.device(right).owner_upn.upper())
    answer = enroll_by(phone, given)
    assert (answer.status_code, answer.json()["binding"]) == (201, "mdm")
    assert phone.device_id == str(world.device(right).id)
    again = enroll_by(phone, given)
    assert (again.status_code, again.json()["device_id"]) == (200, phone.device_id)
    assert service.membership.asked == 1


def test_a_stolen_code_takes_no_phone_that_is_in_use(world: World, service: Service, code: str) -> None:
    right = a_phone(world)
    first, thief = Phone(service), Phone(service)
    assert enroll_by(first, told(world, right, code)).status_code == 201
    answer = enroll_by(thief, told(world, right, code))
    assert (answer.status_code, answer.json()["reason"]) == (202, "needs_confirmation")
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(retired_at=None).key_id == jose.key_id(jose.public_jwk(first.key))
    (row,) = waiting(world)
    enroll.confirm(row, world.device(right), ADA)
    assert enroll_by(thief, told(world, right, code)).status_code == 200
    assert world.device(right).binding == Device.Binding.ASSERTED, "it stands on the administrator's word"
    assert said(enroll_by(first, told(world, right, code))) == (410, "retired_identity")


def test_a_phone_that_left_and_came_back_is_still_its_apps_own(
    world: World, service: Service, code: str
) -> None:
    right = a_phone(world)
    first = Phone(service)
    assert enroll_by(first, told(world, right, code)).status_code == 201
    record = world.phones.pop(right)
    world.poll()
    world.phones[right] = record
    world.poll()
    assert world.device(right).activation_status == Device.Activation.PENDING
    answer = enroll_by(Phone(service), told(world, right, code))
    assert (answer.status_code, answer.json().get("reason")) == (202, "needs_confirmation")
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(retired_at=None).key_id == jose.key_id(jose.public_jwk(first.key))


@pytest.mark.parametrize(
    ("claim", "device", "reason"),
    [
        pytest.param({"user_principal_name": "eve@contoso.example"}, {}, "needs_confirmation", id="owner"),
        pytest.param({}, {"model": "Galaxy S24"}, "needs_confirmation", id="model"),
    ],
)
def test_what_does_not_fit_the_directory_waits_for_an_administrator(
    world: World, service: Service, code: str, claim: dict[str, Any], device: dict[str, Any], reason: str
) -> None:
    answer = enroll_by(Phone(service), told(world, a_phone(world), code, **claim), device=device)
    assert (answer.status_code, answer.json()["reason"]) == (202, reason)


@pytest.mark.parametrize(
    ("claim", "device", "error"),
    [
        pytest.param({"enrollment_code": "AAAA-BBBB-CCCC-DDDD-EEEE"}, {}, (404, "unknown_code"), id="code"),
        pytest.param({"entra_device_id": "{{aaddeviceid}}"}, {}, (404, "unknown_device"), id="not-filled-in"),
        pytest.param(
            {"entra_device_id": str(uuid.UUID(int=0))}, {}, (404, "unknown_device"), id="unregistered"
        ),
        pytest.param({}, {"platform": "IOS", "model": "iPhone15,4"}, (404, "unknown_device"), id="platform"),
        pytest.param({"enrollment_code": ""}, {}, (400, "malformed"), id="empty"),
    ],
)
def test_what_cannot_be_is_refused(
    world: World, service: Service, code: str, claim: dict[str, Any], device: dict[str, Any], error: Any
) -> None:
    answer = enroll_by(Phone(service), told(world, a_phone(world), code, **claim), device=device)
    assert said(answer) == error
    assert waiting(world) == []


def test_more_or_less_than_one_proof_is_malformed(world: World, code: str) -> None:
    given = told(world, a_phone(world), code)
    with pytest.raises(ValueError, match="exactly one"):
        p.EnrollRequest(**{**_rest(), **given, "code": "X"})
    with pytest.raises(ValueError, match="exactly one"):
        p.EnrollRequest(**_rest())


def _rest() -> dict[str, Any]:
    device = p.EnrollDevice(platform="ANDROID", manufacturer="", model="", os_version="15")
    return {
        "sent_at": clock.now(),
        "audience": "https://x",
        "device": device,
        "agent_version": "1",
    }


def test_a_phone_that_the_poll_has_not_seen_is_looked_up_at_once(
    world: World, service: Service, code: str
) -> None:
    bo = world.person("bo")
    new = world.phone(bo, model="Pixel 8")
    given = told(world, new, code)
    device_id = world.phones[new].entra_device_id
    phone = Phone(service)
    assert said(enroll_by(phone, given)) == (404, "unknown_device"), "Entra knows no owner"
    assert waiting(world) == []
    service.membership.owners[device_id] = bo
    assert enroll_by(phone, given).json()["reason"] == "not_in_enrollment_group", "who is in no group"
    service.membership.members[bo] = (world.people[bo], [world.phones[new]])
    assert enroll_by(phone, given).status_code == 201
    assert world.device(new).binding == Device.Binding.MDM


def test_apps_that_claim_one_phone_do_not_push_each_other_out(
    world: World, service: Service, code: str
) -> None:
    given = told(world, a_phone(world), code, user_principal_name="eve@contoso.example")
    apps = [Phone(service) for _ in range(MOST_RIVALS + 2)]
    keys = [jose.key_id(jose.public_jwk(app.key)) for app in apps]
    for app in apps[:2]:
        assert enroll_by(app, given).status_code == 202
    assert {row.key_id for row in waiting(world)} == set(keys[:2])
    for app in apps[2:]:
        assert enroll_by(app, given).status_code == 202
    assert {row.key_id for row in waiting(world)} == set(keys[2:]), "the newest few"


def test_rows_of_app_configuration_are_bounded(
    world: World, service: Service, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enroll_wait, "MOST_BY_CONFIGURATION", 2)
    for _ in range(3):
        given = told(world, a_phone(world), code, user_principal_name="eve@contoso.example")
        assert enroll_by(Phone(service), given).status_code == 202
    assert len(waiting(world)) == 2


def test_guessed_device_ids_do_not_use_up_microsoft(world: World, service: Service, code: str) -> None:
    right = a_phone(world)
    guesses = [told(world, right, code, entra_device_id=str(uuid.uuid4())) for _ in range(3)]
    service.app._enroll._named = Buckets(1 / 3600, 2)
    answers = [said(enroll_by(Phone(service), given)) for given in guesses]
    assert [status for status, _ in answers] == [404, 404, 429]
    assert service.membership.asked == 2


def test_a_key_that_comes_another_way_waits_with_that_alone(
    world: World, service: Service, code: str
) -> None:
    bo = world.person("bo")
    right, _other = world.phone(bo), world.phone(bo)
    world.poll()
    phone = Phone(service)
    assert phone.enroll(invite_person(world, bo)).status_code == 202
    given = told(world, right, code, user_principal_name="eve@contoso.example")
    assert enroll_by(phone, given).status_code == 202
    (row,) = waiting(world)
    assert (row.way, row.invitation_id, row.owner_oid) == ("configuration", None, None)


def test_a_device_that_an_administrator_took_out_stays_out(world: World, service: Service, code: str) -> None:
    right = a_phone(world)
    lifecycle.deactivate(world.device(right), "lost", ADA)
    answer = enroll_by(Phone(service), told(world, right, code))
    assert said(answer) == (404, "unknown_device")
    assert "administrator" in answer.json()["message"]


def test_ways_that_are_closed_activate_nobody(world: World, service: Service, code: str) -> None:
    right = a_phone(world)
    enrollment_policy.replace_code(world.tenant_id, ADA)
    assert said(enroll_by(Phone(service), told(world, right, code))) == (404, "unknown_code")
    with database.tenant(world.tenant_id):
        new = enrollment_policy.code()
    enrollment_policy.change_ways(world.tenant_id, Ways(by_code=False), ADA)
    assert said(enroll_by(Phone(service), told(world, right, new))) == (404, "unknown_code")
    assert said(Phone(service).enroll(invite(world.device(right)))) == (403, "way_not_allowed")


def test_the_code_is_sealed_and_in_no_event(world: World, code: str) -> None:
    with database.tenant(world.tenant_id):
        row = EnrollmentPolicy.objects.get()
        told_events = str(list(Event.objects.values("detail", "changes", "target_name")))
    assert code not in row.sealed_code
    assert code not in told_events
    assert code.replace("-", "") not in told_events


def test_a_code_opens_its_own_tenant_only(world: World, service: Service, code: str) -> None:
    assert world
    other = make_world("Other")
    theirs = a_phone(other, "cy")
    answer = enroll_by(Phone(service), told(other, theirs, code))
    assert said(answer) == (404, "unknown_device"), "of another tenant's phones nothing is known"
    assert other.device(theirs).activation_status == Device.Activation.PENDING
