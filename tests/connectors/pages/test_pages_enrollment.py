"""The tab Enrollment management: groups by name and object ID, limits, polls."""

import datetime as dt
import re
from typing import Any

import pytest
from tests.connectors.pages.addresses import (
    ENROLLMENT,
    INTUNE,
    NOBODY,
    TABS,
)
from tests.connectors.scene import Scene
from tests.support.console import Member, sign_in, text

from vedette.connectors.intune.models import EnrollmentGroup
from vedette.foundation import database


def test_a_group_is_found_previewed_and_added(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    found = text(owner.get(f"{INTUNE}enrollment/search", name="night"))
    group = ready.group("Night Shift")["id"]
    assert "Night Shift" in found
    assert group in found
    page = text(owner.post(f"{INTUNE}enrollment/add", name="Night Shift", include_nested="on"))
    assert "Enroll the devices of Night Shift?" in page
    assert re.search(r"People</dt>\s*<dd>2</dd>", page)
    with database.tenant(ready.tenant_id):
        assert EnrollmentGroup.objects.count() == 1, "nothing is added before it is confirmed"
    page = text(owner.follow(f"{INTUNE}enrollment/add", object_id=group, confirmed="1"))
    assert "Night Shift is enrolled" in page
    with database.tenant(ready.tenant_id):
        assert EnrollmentGroup.objects.get(object_id=group).include_nested is False


def test_what_each_group_inside_brings_in_is_shown_before_and_after_it_is_added(ready: Scene) -> None:
    owner, night = sign_in(ready.world, "full"), ready.group("Night Shift")["id"]
    outer = ready.lab.post(f"{ready.path}/groups", {"display_name": "Everybody"})["id"]
    ready.lab.post(f"{ready.path}/groups/{outer}/members", {"ids": [night]})
    page = text(owner.post(f"{INTUNE}enrollment/add", name="Everybody", include_nested="on"))
    assert re.search(r"↳ Night Shift</dt>\s*<dd>2 people, \d devices?</dd>", page)
    owner.follow(f"{INTUNE}enrollment/add", object_id=outer, include_nested="on", confirmed="1")
    inside = f"{INTUNE}enrollment/{outer}/inside"
    assert inside in text(owner.get(f"{INTUNE}enrollment/"))
    ready.poll()
    page = text(owner.get(inside))
    assert "Groups inside Everybody" in page
    assert re.search(r"↳ </span>Night Shift.*?People\"> ?2</td> ?<td[^>]*> ?[1-9]</td>", page)
    ready.fault("POST /v1.0/$batch", status=500)
    assert "Microsoft could not be asked" in text(owner.get(inside))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("company phones", "Did you mean this one?"),
        ("Nobody at all", "No such group"),
        ("", "Type the group&#x27;s display name"),
        ("x" * 257, "at most 256 characters"),
        ("<script>alert(1)</script>", "No such group"),
    ],
)
def test_a_name_that_fits_nothing_is_answered_in_place(owner: Member, name: str, answer: str) -> None:
    page = owner.post(f"{INTUNE}enrollment/add", name=name)
    assert page.status_code == 422
    assert answer in text(page)
    assert "<script>alert" not in text(page)


def test_several_groups_of_a_name_are_chosen_by_object_id(scene: Scene, owner: Member) -> None:
    ids = [scene.lab.post(f"{scene.path}/groups", {"display_name": "Twins"})["id"] for _ in range(2)]
    page = text(owner.post(f"{INTUNE}enrollment/add", name="Twins"))
    assert "Several groups have this name" in page
    assert all(f'name="object_id" value="{one}"' in page for one in ids)


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"mail_enabled": True}, "is a mailing list (distribution group), not a security group"),
    ({"group_types": ["Unified"]}, "is a Microsoft 365 group that is not security-enabled"),
    ({}, "is not a security group"),
]
FIT: list[tuple[dict[str, Any], str]] = [
    ({"mail_enabled": True}, "This is a mail-enabled security group"),
    ({"group_types": ["Unified"]}, "This is a Microsoft 365 group that is security-enabled"),
    ({"group_types": ["DynamicMembership"]}, "Its membership is dynamic"),
    ({"is_assignable_to_role": True}, "Entra roles can be assigned to it"),
    ({}, "Their phones appear under Devices as pending"),
]


def test_each_kind_of_group_gets_its_true_message(scene: Scene, owner: Member) -> None:
    """However it is chosen: by its exact name, in the wrong case, or by object ID."""
    add = f"{INTUNE}enrollment/add"
    for number, (kind, words) in enumerate(UNFIT):
        name = f"Unfit {number}"
        body = {"display_name": name, "security_enabled": False, **kind}
        object_id = scene.lab.post(f"{scene.path}/groups", body)["id"]
        for chosen in ({"name": name}, {"object_id": object_id}, {"name": name.upper()}):
            for confirmed in ({}, {"confirmed": "1"}):
                answer = owner.post(add, **chosen, **confirmed)
                assert answer.status_code == 422
                page = text(answer)
                assert f"“{name}” {words}" in page, chosen
                assert "No such group" not in page
                assert ("the name is case-sensitive too" in page) == (chosen == {"name": name.upper()})
    for number, (kind, words) in enumerate(FIT):
        body = {"display_name": f"Fit {number}", **kind}
        object_id = scene.lab.post(f"{scene.path}/groups", body)["id"]
        for chosen in ({"name": f"Fit {number}"}, {"object_id": object_id}):
            answer = owner.post(add, **chosen)
            assert answer.status_code == 200
            assert words in text(answer), chosen
    with database.tenant(scene.tenant_id):
        assert not EnrollmentGroup.objects.exists()


def test_a_group_with_hidden_membership_names_the_missing_permission(scene: Scene, owner: Member) -> None:
    body = {"display_name": "Secret", "visibility": "HiddenMembership"}
    scene.lab.post(f"{scene.path}/groups", body)
    answer = owner.post(f"{INTUNE}enrollment/add", name="Secret")
    assert answer.status_code == 422
    assert "The membership of “Secret” is hidden" in text(answer)
    assert "Member.Read.Hidden" in text(answer)


@pytest.mark.parametrize("object_id", ["7", "not-a-guid", NOBODY])
def test_an_object_id_that_is_none_is_answered(owner: Member, object_id: str) -> None:
    assert owner.post(f"{INTUNE}enrollment/add", object_id=object_id).status_code == 422


def test_while_microsoft_does_not_answer_the_page_says_so(scene: Scene, owner: Member) -> None:
    scene.fault("GET /v1.0/groups", status=500)
    page = owner.post(f"{INTUNE}enrollment/add", name="Company Phones")
    assert page.status_code == 422
    assert "Microsoft could not be asked" in text(page)
    assert "Microsoft could not be asked" in text(owner.get(f"{INTUNE}enrollment/search", name="comp"))
    assert owner.get(f"{INTUNE}enrollment/search", name="a\0b").status_code == 200


def test_taking_a_group_out_says_how_many_devices_leave(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    company, night = (ready.group(name)["id"] for name in ("Company Phones", "Night Shift"))
    ready.add_group("Night Shift")
    page = text(owner.get(f"{INTUNE}enrollment/{company}/remove"))
    theirs = [d for d in ready.devices() if str(d.owner_oid) not in ready.group("Night Shift")["members"]]
    assert re.search(rf"Devices that leave</dt>\s*<dd>{len(theirs)}</dd>", page)
    assert re.search(
        r"Devices that leave</dt>\s*<dd>0</dd>", text(owner.get(f"{INTUNE}enrollment/{night}/remove"))
    )
    ready.fault("GET /v1.0/groups", status=500)
    assert "could not be counted" in text(owner.get(f"{INTUNE}enrollment/{company}/remove"))
    ready.mend()
    assert "no longer enrolled" in text(owner.follow(f"{INTUNE}enrollment/{company}/remove"))
    with database.tenant(ready.tenant_id):
        assert [str(row.object_id) for row in EnrollmentGroup.objects.all()] == [night]


def test_limits_that_take_devices_out_are_asked_about(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    values = {**ENROLLMENT, "minimum_ios": "99"}
    page = text(owner.post(TABS["enrollment"], **values))
    apples = len(ready.devices(platform="IOS"))
    assert "Protect fewer devices?" in page
    assert re.search(rf"Devices that leave</dt>\s*<dd>{apples}</dd>", page)
    assert ready.connector().minimum_ios == "16.0"
    assert "Saved" in text(owner.follow(TABS["enrollment"], **values, confirmed="1"))
    assert ready.poll().left == apples
    wider = {**ENROLLMENT, "scope": "registered", "poll_minutes": "7"}
    assert "Saved" in text(owner.follow(TABS["enrollment"], **wider)), (
        "what takes nobody out is not asked about"
    )
    assert (ready.connector().scope, ready.connector().poll_minutes) == ("registered", 7)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("poll_minutes", "0"),
        ("poll_minutes", "1441"),
        ("minimum_android", "new"),
        ("minimum_ios", ""),
        ("seen_within_days", "0"),
        ("scope", "everything"),
    ],
)
def test_enrollment_settings_that_make_no_sense_are_refused(
    scene: Scene, owner: Member, field: str, value: str
) -> None:
    page = owner.post(TABS["enrollment"], **{**ENROLLMENT, field: value})
    assert page.status_code == 200
    assert "v-error" in text(page)
    assert scene.connector().scope == "intune"


def test_a_failed_reading_is_shown_with_the_last_good_one(ready: Scene) -> None:
    ready.fault("GET /v1.0/devices", status=403)
    ready.poll()
    page = text(sign_in(ready.world, "full").get(TABS["enrollment"]))
    assert "Failed" in page
    assert "Nobody was taken out because of it" in page
    assert re.search(r"Devices to protect</dt>\s*<dd>13</dd>", page)


def test_reading_the_directory_now_makes_the_poll_due(ready: Scene) -> None:
    assert "The directory is read now" in text(
        sign_in(ready.world, "full").follow(f"{INTUNE}enrollment/poll")
    )
    connector = ready.connector()
    assert connector.next_poll_at is not None
    assert connector.last_synchronised_at is not None
    assert connector.next_poll_at - connector.last_synchronised_at < dt.timedelta(minutes=4)
