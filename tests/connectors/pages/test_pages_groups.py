"""The pages of the groups at risk, the acts and the people left out: chosen, previewed, switched, refused."""

import re
from typing import Any

import pytest
from tests.connectors.pages.addresses import ACTIONS, GROUPS, PHONES, SPARED
from tests.connectors.risk_groups import AtRisk
from tests.connectors.scene import Scene
from tests.support.console import Member, sign_in, text

from vedette.connectors.actions.settings_read import choice_of, settings_row
from vedette.connectors.groups.models import RiskGroup
from vedette.connectors.groups.settings_read import rule_of
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP
from vedette.connectors.models import SparedPerson
from vedette.foundation import database


@pytest.fixture
def member(grouped: Scene) -> Member:
    return sign_in(grouped.world, "full", "ada")


def make(scene: Scene, name: str, **more: Any) -> str:
    return str(scene.lab.post(f"{scene.path}/groups", {"display_name": name, **more})["id"])


def fact(page: str, name: str) -> str:
    found = re.search(rf"{re.escape(name)}</dt>\s*<dd>(.*?)</dd>", page)
    assert found, name
    return found[1].strip()


def test_a_group_is_chosen_previewed_and_the_way_switched_on_and_off(grouped: Scene, member: Member) -> None:
    device = grouped.activated()
    grouped.report_bad(device)
    key = make(grouped, "MTD phones")
    assert key in text(member.get(f"{GROUPS}search", name="mtd"))
    asked = text(member.post(f"{PHONES}add", name="MTD phones", levels=["high"]))
    assert "Let Vedette keep the members of MTD phones?" in asked
    assert fact(asked, "Members already in it") == "0"
    with database.tenant(grouped.tenant_id):
        assert not RiskGroup.objects.exists(), "nothing is kept before it is confirmed"
    page = text(member.follow(f"{PHONES}add", object_id=key, levels=["high"], confirmed="1"))
    assert "is kept from now on" in page
    assert device.display_name in page.partition('id="preview"')[2].partition('id="beyond"')[0]
    question = text(member.get(f"{PHONES}on"))
    assert fact(question, "Phones that would be blocked") == "1"
    assert "It is on" in text(member.follow(f"{PHONES}on"))
    grouped.publish(DEVICE_GROUP)
    assert fact(text(member.get(f"{PHONES}off")), "Members that are taken out") == "1"
    assert "It is off" in text(member.follow(f"{PHONES}off"))


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"group_types": ["DynamicMembership"]}, "Its membership is dynamic"),
        ({"is_assignable_to_role": True}, "Entra roles can be assigned to it"),
        ({"mail_enabled": True}, "It is mail-enabled"),
        ({"on_premises_sync_enabled": True}, "synchronised from a directory on premises"),
    ],
    ids=["dynamic", "role", "mail", "synced"],
)
def test_unfit_groups_are_refused_with_the_reason_and_the_way_out(
    grouped: Scene, member: Member, more: dict[str, Any], answer: str
) -> None:
    page = member.post(f"{PHONES}add", object_id=make(grouped, "Unfit", **more), levels=["high"])
    assert page.status_code == 422
    assert answer in text(page)
    assert "membership type Assigned" in text(page)


def test_groups_that_mean_something_already_are_refused(grouped: Scene, member: Member) -> None:
    console, enrolled = grouped.organisation.groups["full"], grouped.group("Company Phones")["id"]
    for key, use in ((console, "access to this console"), (enrolled, "enrolling phones")):
        page = member.post(f"{GROUPS}people/add", object_id=str(key), levels=["high"])
        assert page.status_code == 422
        assert use in text(page)


def test_a_missing_permission_is_found_before_a_group_is_kept(grouped: Scene, member: Member) -> None:
    key = make(grouped, "MTD phones")
    grouped.fault(f"DELETE /v1.0/groups/{key}/members", status=403)
    page = member.post(f"{PHONES}add", object_id=key, levels=["high"])
    assert page.status_code == 422
    assert "GroupMember.ReadWrite.All is not granted" in text(page)


def test_one_state_belongs_to_one_group_and_a_wrong_name_is_answered_in_place(
    grouped: Scene, member: Member
) -> None:
    AtRisk(grouped, DEVICE_GROUP)
    other = make(grouped, "Second")
    page = member.post(f"{PHONES}add", object_id=other, levels=["high"], confirmed="1")
    assert page.status_code == 422
    assert "Another group has one of these states" in text(page)
    assert "Did you mean this one?" in text(member.post(f"{PHONES}add", name="second", levels=["low"]))
    assert "No such group" in text(member.post(f"{PHONES}add", name="Nothing at all", levels=["low"]))
    assert member.get(f"{GROUPS}fax/").status_code == 404


def test_states_are_changed_after_saying_what_that_does(grouped: Scene, member: Member) -> None:
    risk = AtRisk(grouped, DEVICE_GROUP)
    risk.switch(on=True)
    device = grouped.activated()
    grouped.report_bad(device)
    path = f"{PHONES}{risk.group}/levels"
    question = text(member.post(path, levels=["medium"]))
    assert fact(question, "Phones taken out now") == "1"
    member.post(path, levels=["medium"], confirmed="1")
    with database.tenant(grouped.tenant_id):
        assert rule_of(grouped.tenant_id, DEVICE_GROUP).groups == {"medium": str(risk.group)}
    assert fact(text(member.get(f"{PHONES}{risk.group}/remove")), "Phones put in now") == "0"


def test_emergency_accounts_are_looked_up_and_left_out(grouped: Scene, member: Member) -> None:
    assert "Entra knows nobody" in text(member.post(f"{SPARED}add", person="nobody@nowhere.example"))
    upn = grouped.organisation.people["none"]
    assert upn in text(member.follow(f"{SPARED}add", person=upn))
    with database.tenant(grouped.tenant_id):
        row = SparedPerson.objects.get()
        assert row.oid in rule_of(grouped.tenant_id, USER_GROUP).spared
    assert "treated as everybody else" in text(member.follow(f"{SPARED}{row.pk}/remove"))


def test_an_act_is_switched_on_after_saying_whom_it_reaches(grouped: Scene, member: Member) -> None:
    form = {
        "notify_enabled": "on",
        "sync_minutes": "5",
        "notify_minutes": "30",
        "revoke_minutes": "60",
        "levels": ["high"],
    }
    question = text(member.post(ACTIONS, **form))
    reached = fact(question, "Notification in Company Portal: phones it reaches")
    assert int(reached) == len(grouped.devices())
    with database.tenant(grouped.tenant_id):
        assert choice_of(settings_row(grouped.tenant_id)).on == frozenset()
    assert "Saved." in text(member.follow(ACTIONS, **form, confirmed="1"))
    with database.tenant(grouped.tenant_id):
        assert choice_of(settings_row(grouped.tenant_id)).on == {"notify"}
    wrong = member.post(ACTIONS, **form, revoke_enabled="on")
    assert wrong.status_code == 422
    assert "Choose at least one, or switch it off." in text(wrong)
