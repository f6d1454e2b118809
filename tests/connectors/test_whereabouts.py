"""Where a person or device stands, asked of the lab's Entra: groups, nested ones, limits, owners."""

import datetime as dt
from typing import Any
from uuid import UUID

from tests.connectors.scene import Scene

from vedette.connectors.intune import whereabouts
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.settings_read import connector_of, limits
from vedette.connectors.intune.whereabouts import Asked, Found
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph


def ask(scene: Scene, words: str) -> Found:
    with database.tenant(scene.tenant_id):
        groups = list(EnrollmentGroup.objects.values_list("object_id", "include_nested"))
        asked = Asked(groups, limits(connector_of(scene.tenant_id)), clock.now())
    return whereabouts.look(Graph(scene.organisation.id), words, asked)


def newcomer(scene: Scene, **more: Any) -> dict[str, Any]:
    body = {"given_name": "Zora", "surname": "Newcomer", **more}
    return dict(scene.lab.post(f"{scene.path}/users", body))


def test_a_person_is_found_by_name_address_and_id_with_their_phones(enrolled: Scene) -> None:
    scene = enrolled
    person = newcomer(scene)
    upn = person["upn"]
    (outside,) = ask(scene, upn).people
    assert (outside.user.upn, outside.member, outside.phones) == (upn, False, [])
    group = scene.group("Company Phones")["id"]
    scene.lab.post(f"{scene.path}/groups/{group}/members", {"ids": [person["id"]]})
    for platform in ("ANDROID", "IOS"):
        scene.lab.post(f"{scene.path}/devices", {"platform": platform, "owner": upn})
    for words in (upn, "zora newc", person["id"]):
        (inside,) = ask(scene, words).people
        assert inside.member, words
        assert [phone.unsupported_reason for phone in inside.phones] == ["", ""]


def test_a_device_is_found_with_its_owner_and_why_it_is_not_protected(enrolled: Scene) -> None:
    scene = enrolled
    person = newcomer(scene)
    made = scene.lab.post(f"{scene.path}/devices", {"owner": person["upn"]})
    long_ago = (clock.now() - dt.timedelta(days=400)).isoformat()
    scene.lab.patch(
        f"{scene.path}/devices/{made['id']}", {"last_sign_in": long_ago, "display_name": "Lost one"}
    )
    for words in (made["id"], made["device_id"], "lost o"):
        (thing,) = ask(scene, words).devices
        assert thing.record.object_id == UUID(made["id"])
        assert thing.record.unsupported_reason == "not_seen"
        assert thing.owner
        assert (thing.owner.display_name, thing.owner_member, thing.member) == ("Zora Newcomer", False, False)


def test_a_shared_device_counts_by_its_own_membership(enrolled: Scene) -> None:
    scene = enrolled
    made = scene.lab.post(f"{scene.path}/devices", {"platform": "ANDROID"})
    (alone,) = ask(scene, made["id"]).devices
    assert (alone.owner, alone.member) == (None, False)
    group = scene.group("Company Phones")["id"]
    scene.lab.post(f"{scene.path}/groups/{group}/members", {"ids": [made["id"]]})
    (inside,) = ask(scene, made["id"]).devices
    assert inside.member
    assert scene.poll().error == ""
    assert made["id"] in {str(device.entra_object_id) for device in scene.devices()}


def test_a_group_within_a_group_that_does_not_count_is_said(scene: Scene) -> None:
    scene.set_up()
    person = newcomer(scene)
    inner = scene.lab.post(f"{scene.path}/groups", {"display_name": "Inner", "members": [person["id"]]})
    scene.lab.post(f"{scene.path}/groups", {"display_name": "Outer", "members": [inner["id"]]})
    scene.add_group("Outer", nested=False)
    (found,) = ask(scene, person["upn"]).people
    assert (found.member, found.nested_only) == (False, True)


def test_quotes_and_strangers_are_nobody(enrolled: Scene) -> None:
    for words in (
        "O'Nobody",
        "nobody@nowhere.example",
        "00000000-0000-0000-0000-000000000001",
        "a & b/c?d#e",
    ):
        found = ask(enrolled, words)
        assert (found.people, found.devices) == ([], [])
