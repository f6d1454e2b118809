"""Manage Enrollment: a person invited before their group (D3), codes renewed, revoked and retried, apps that wait."""

import re
import uuid
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from tests.connectors.conftest import cloud, microsoft, new_scene, scene, stages
from tests.connectors.scene import Scene
from tests.support.console import Member, audit, settings, sign_in, text
from tests.support.world import ADA, World

from vedette.compliance import enroll
from vedette.compliance.enroll import Activated, Outcome, Refused, Waiting
from vedette.compliance.enroll_wait import wait
from vedette.compliance.enrolment import NEEDS_CONFIRMATION, Attempt, ByConfiguration
from vedette.connectors.intune import membership
from vedette.console import invite_person
from vedette.devices import invitations, jobs
from vedette.devices.models import Device, Invitation, WaitingIdentity
from vedette.foundation import clock, database
from vedette.foundation.graph import Patience
from vedette_facts import jose
from vedette_facts.protocol import EnrollDevice, EnrollRequest

__all__ = [
    "cloud",
    "microsoft",
    "new_scene",
    "scene",
    "stages",
]  # the fixtures of the lab, taken over by their names

PERSON = "/system/enrollment/person"
LIST = "/system/enrollment/invitations/"
PAGE = "/system/enrollment/"


class App:
    """The app on a phone, which keeps its key."""

    def __init__(self) -> None:
        self.key = jose.new_key()
        self.device = EnrollDevice(
            platform="ANDROID", manufacturer="Google", model="Pixel 8", os_version="15"
        )

    def open(self, code: str) -> Outcome:
        """Open it with a code; whether its person is in a group is asked at the lab."""
        message = EnrollRequest(
            code=code, sent_at=clock.now(), audience="https://here", device=self.device, agent_version="1.0.0"
        )
        return enroll.redeem(message, jose.public_jwk(self.key), membership.LIVE)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invite_person, "PATIENCE", Patience(1, seconds=1.0))
    monkeypatch.setattr(membership, "PATIENCE", Patience(1, seconds=1.0))


def words(answer: Any) -> str:
    return unescape(text(answer))


def rows(world: World) -> list[Invitation]:
    with database.tenant(world.tenant_id):
        return list(Invitation.objects.order_by("created_at", "id"))


def waiting(world: World) -> list[WaitingIdentity]:
    with database.tenant(world.tenant_id):
        return list(WaitingIdentity.objects.all())


# -- a person, live from Entra --------------------------------------------------------------------------


@pytest.fixture
def at_lab(scene: Scene, tmp_path: Path) -> Iterator[Scene]:
    """The organisation is polled with its group; the pages are on."""
    scene.set_up()
    scene.add_group("Company Phones")
    scene.poll()
    with settings(tmp_path):
        yield scene


@pytest.fixture
def owner(at_lab: Scene) -> Member:
    return sign_in(at_lab.world, "full", "ada")


def newcomer(scene: Scene, given: str = "Nova") -> dict[str, Any]:
    """Somebody in no group."""
    return dict(scene.lab.post(f"{scene.path}/users", {"given_name": given, "surname": "Neu"}))


def code_to(scene: Scene, address: str) -> str:
    (mail,) = scene.mails(to=address)
    found = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", str(mail))
    assert found, mail
    return found[0]


def test_who_is_found_is_shown_before_anything_is_sent(at_lab: Scene, owner: Member) -> None:
    nova = newcomer(at_lab)
    assert "Invite a person" in words(owner.get(PAGE))
    shown = words(owner.post(PERSON, person=nova["upn"].upper()))
    assert nova["display_name"] in shown
    assert nova["upn"] in shown
    assert "waits" in shown
    assert f'value="{nova["id"]}"' in shown
    assert rows(at_lab.world) == []
    member = at_lab.devices()[0]
    inside = words(owner.post(PERSON, person=member.owner_upn))
    assert "Their supported phones" in inside
    assert "waits" not in inside


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("nobody@elsewhere.example", "There is no such person"),
        ("o'neil#EXT#@elsewhere.example", "There is no such person"),
        ("o'neil/../groups?$top=1@elsewhere.example", "There is no such person"),
        ("0b7c6f0e-5d5f-4b57-9a3c-2f6f3f9f9a01", "There is no such person"),
        ("just a name", "This is no sign-in name"),
        ("", "required"),
        ("a\0b@example.test", "Null characters"),
    ],
)
def test_who_is_not_found_is_explained(at_lab: Scene, owner: Member, typed: str, why: str) -> None:
    answer = owner.post(PERSON, person=typed, confirmed="1")
    assert (answer.status_code, why in words(answer)) == (200, True)
    assert rows(at_lab.world) == []


def test_a_person_of_another_tenant_is_not_found(
    at_lab: Scene, owner: Member, new_scene: Callable[[], Scene]
) -> None:
    theirs = newcomer(new_scene())
    for typed in (theirs["upn"], theirs["id"]):
        assert "There is no such person" in words(owner.post(PERSON, person=typed, confirmed="1"))
    assert rows(at_lab.world) == []


def test_a_person_is_found_by_their_address_too(at_lab: Scene, owner: Member) -> None:
    """What cannot be a sign-in name is looked for among the addresses alone."""
    address = "nova+post@mail.example"
    body = {"given_name": "Nova", "surname": "Neu", "user_principal_name": address}
    nova = at_lab.lab.post(f"{at_lab.path}/users", body)
    assert f'value="{nova["id"]}"' in words(owner.post(PERSON, person=address))


@pytest.mark.parametrize("path", ["GET /v1.0/users", "POST /v1.0/users"])
def test_graph_that_does_not_answer_is_told_and_nothing_is_sent(
    at_lab: Scene, owner: Member, path: str
) -> None:
    nova = newcomer(at_lab)
    at_lab.fault(path, status=503)
    shown = words(owner.post(PERSON, person=nova["upn"], confirmed="1"))
    assert "Microsoft could not be asked: Microsoft Graph is not available at the moment." in shown
    assert nova["upn"] in shown, "what was typed stays"
    assert rows(at_lab.world) == []


def test_restricted_access_invites_nobody(at_lab: Scene) -> None:
    rita = sign_in(at_lab.world, "restricted", "rita")
    since = at_lab.mark()
    for answer in (rita.get(PERSON), rita.post(PERSON, person=newcomer(at_lab)["upn"], confirmed="1")):
        assert answer.status_code == 403
        assert "This needs full access" in words(answer)
    assert at_lab.requests("GET", "/users", since=since) == []
    assert rows(at_lab.world) == []


def test_an_app_opened_before_its_person_is_in_a_group_is_activated_at_its_next_opening(
    at_lab: Scene, owner: Member
) -> None:
    """Requirement D3, from the page to the phone."""
    nova = newcomer(at_lab)
    phone = at_lab.lab.post(
        f"{at_lab.path}/devices",
        {"platform": "ANDROID", "owner": nova["id"], "model": "Pixel 8"},
    )
    answer = owner.follow(PERSON, person=nova["id"], confirmed="1")
    assert f"The code is on its way to {nova['upn']}." in words(answer)
    code = code_to(at_lab, nova["upn"])
    (event,) = audit(at_lab.world, "enrollment.invited")
    assert event.actor_name == owner.administrator.upn
    app = App()
    assert isinstance(outcome := app.open(code), Waiting)
    assert outcome.reason == enroll.NOT_IN_GROUP
    assert "In no enrollment group yet" in words(owner.get(PAGE))
    group = at_lab.group("Company Phones")
    at_lab.lab.post(f"{at_lab.path}/groups/{group['id']}/members", {"ids": [nova["id"]]})
    activated = app.open(code)
    assert isinstance(activated, Activated), activated
    (device,) = at_lab.devices(id=activated.device_id)
    assert (str(device.entra_object_id), device.owner_upn) == (phone["id"], nova["upn"])
    assert device.activation_status == Device.Activation.ACTIVATED
    assert waiting(at_lab.world) == []


def test_a_mail_that_does_not_leave_is_told_and_stays_to_be_sent_again(at_lab: Scene, owner: Member) -> None:
    nova = newcomer(at_lab)
    with override_settings(EMAIL_PORT=1):
        shown = words(owner.follow(PERSON, person=nova["upn"], confirmed="1"))
    assert "cannot be reached" in shown
    (row,) = rows(at_lab.world)
    assert f"{LIST}{row.id}/renew" in shown
    owner.post(f"{LIST}{row.id}/renew")
    assert isinstance(App().open(code_to(at_lab, nova["upn"])), Waiting)


# -- codes sent before ----------------------------------------------------------------------------------


@pytest.fixture
def invited(world: World) -> Invitation:
    """A pending device whose person holds a code."""
    object_id = world.phone()
    world.poll()
    return invitations.invite_device(world.device(object_id), ADA).invitation


def test_a_code_is_sent_again_to_the_address_of_today(
    world: World, full: Member, invited: Invitation, mailbox: Any
) -> None:
    with database.writer(world.tenant_id):
        Device.objects.update(owner_email="new@example.test")
    path = f"{LIST}{invited.id}/renew"
    assert f'href="{path}"' in words(full.get(LIST))
    assert "Send a new code?" in words(full.get(path))
    assert rows(world)[0].code_hash == invited.code_hash
    assert "The code is on its way to new@example.test." in words(full.follow(path))
    (row,) = rows(world)
    assert row.code_hash != invited.code_hash
    assert [mail["To"] for mail in mailbox.messages] == ["new@example.test"]
    assert [event.actor_name for event in audit(world, "enrollment.code_renewed")] == [full.administrator.upn]


def test_a_device_taken_out_by_an_administrator_gets_no_code(
    world: World, full: Member, invited: Invitation, mailbox: Any
) -> None:
    full.post(f"/devices/{invited.device_id}/deactivate")
    assert world.devices()[0].activation_status == Device.Activation.DEACTIVATED
    assert "Reinstate it first" in words(full.follow(f"{LIST}{invited.id}/renew"))
    assert mailbox.messages == []


def test_a_revoked_code_activates_nothing_and_the_app_with_it_waits_no_more(
    world: World, full: Member
) -> None:
    bo = world.person("bo")
    for _ in range(2):
        world.phone(bo)
    world.poll()
    issued = invitations.invite_person(world.tenant_id, oid=bo, upn="bo", email="bo@example.test", actor=ADA)
    app = App()
    assert isinstance(app.open(issued.code), Waiting)
    path = f"{LIST}{issued.invitation.id}/revoke"
    assert "Revoke this invitation?" in words(full.get(path))
    assert len(waiting(world)) == 1
    assert "The invitation is revoked." in words(full.follow(path))
    assert waiting(world) == []
    outcome = app.open(issued.code)
    assert isinstance(outcome, Refused)
    assert outcome.code == "expired_code"
    assert "worthless already" in words(full.follow(path))
    assert len(audit(world, "enrollment.code_revoked")) == 1


@pytest.mark.parametrize("act", ["renew", "revoke"])
def test_a_used_code_stays_as_it_is(world: World, full: Member, act: str) -> None:
    world.activated()
    (row,) = rows(world)
    assert f"{row.id}/{act}" not in words(full.get(LIST))
    assert "This code has been used" in words(full.follow(f"{LIST}{row.id}/{act}"))
    assert rows(world)[0].revoked_at is None


@pytest.mark.parametrize("act", ["renew", "revoke"])
def test_codes_are_for_full_access_of_their_tenant_alone(
    world: World, restricted: Member, stranger: Member, invited: Invitation, mailbox: Any, act: str
) -> None:
    path = f"{LIST}{invited.id}/{act}"
    for member, status in ((restricted, 403), (stranger, 404)):
        assert (member.get(path).status_code, member.post(path).status_code) == (status, status)
    assert [(row.revoked_at, row.code_hash) for row in rows(world)] == [(None, invited.code_hash)]
    assert mailbox.messages == []


def test_what_failed_of_a_sending_is_sent_again(
    world: World, full: Member, restricted: Member, stranger: Member, mailbox: Any
) -> None:
    world.phone()
    world.phone(world.person("nobody"))
    world.poll()
    full.post(f"{PAGE}invite")
    batch = rows(world)[0].batch_id
    jobs.send_batch(str(world.tenant_id), str(batch))
    assert len(mailbox.messages) == 1
    shown = words(full.get(PAGE))
    assert "1 of 2 failed." in shown
    path = f"{PAGE}retry/{batch}"
    assert f'action="{path}"' in shown
    assert "550" in words(full.get(LIST, status="failed"))
    assert (restricted.post(path).status_code, stranger.post(path).status_code) == (403, 404)
    with database.writer(world.tenant_id):
        Device.objects.filter(owner_email="nobody@example.test").update(owner_email="somebody@example.test")
    assert "are being sent again" in words(full.follow(path))
    jobs.send_batch(str(world.tenant_id), str(batch))
    assert [mail["To"] for mail in mailbox.messages][1:] == ["somebody@example.test"]
    assert "Nothing of this sending is left" in words(full.follow(path))
    assert [event.detail["count"] for event in audit(world, "enrollment.invited")] == [2, 1]


# -- apps that wait -------------------------------------------------------------------------------------


def test_a_waiting_app_is_offered_its_persons_phones_however_many_others_are_pending(
    world: World, full: Member
) -> None:
    bo = world.person("bo")
    right, other = world.phone(bo, display_name="zz right"), world.phone(bo, display_name="zz other")
    apple = world.phone(
        bo, display_name="zz apple", operating_system="iOS", os_version="18.1", model="iPhone"
    )
    for _ in range(510):
        world.phone(display_name="aa somebody else's")
    world.poll()
    issued = invitations.invite_person(world.tenant_id, oid=bo, upn="bo", email="bo@example.test", actor=ADA)
    app = App()
    assert isinstance(app.open(issued.code), Waiting)
    shown = words(full.get(PAGE))
    offered = re.findall(r'<option value="([0-9a-f-]{36})"', shown)
    assert sorted(offered) == sorted(str(world.device(one).id) for one in (right, other))
    assert str(world.device(apple).id) not in shown
    (row,) = waiting(world)
    assert "Confirmed" in words(full.follow(f"{PAGE}waiting/{row.id}", device=str(world.device(right).id)))
    assert isinstance(app.open(issued.code), Activated)
    assert world.device(right).activation_status == Device.Activation.ACTIVATED


def test_two_apps_that_claim_one_phone_are_told(world: World, full: Member) -> None:
    claim = {"platform": "ANDROID", "manufacturer": "", "model": "Pixel 8", "agent_version": "1"}
    claim["entra_device_id"] = str(uuid.uuid4())
    for number in range(2):
        proof = ByConfiguration(uuid.UUID(claim["entra_device_id"]), "eve@example.test")
        wait(Attempt(world.tenant_id, proof, {}, f"key {number}", claim), NEEDS_CONFIRMATION)
    shown = words(full.get(PAGE))
    assert "the name is said by the app" in shown
    assert shown.count("2 apps claim this phone") == 2
