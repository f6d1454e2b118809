"""Enrollment groups and membership against the lab: names to the letter, previews, the live check (C2, C3, D3)."""

from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from tests.connectors.scene import Scene
from tests.support.world import ADA

from vedette.connectors import entra_groups
from vedette.connectors.intune import group_tree, groups, membership, settings_change
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.settings_read import connector_of, limits
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, Patience


@pytest.fixture
def graph(scene: Scene) -> Graph:
    return Graph(scene.organisation.id)


def make(scene: Scene, name: str, **more: object) -> str:
    return str(scene.lab.post(f"{scene.path}/groups", {"display_name": name, **more})["id"])


@pytest.mark.parametrize("case_sensitive", [False, True])
def test_a_name_must_match_to_the_letter(scene: Scene, graph: Graph, case_sensitive: bool) -> None:
    """Whatever Graph's own eq does with case, which no document says (microsoft.md 2.5)."""
    scene.lab.post("/switches", {"case_sensitive_names": case_sensitive})
    right = entra_groups.resolve(graph, "Company Phones")
    assert right.exact is not None
    assert str(right.exact.id) == scene.group("Company Phones")["id"]
    wrong = entra_groups.resolve(graph, "company phones")
    assert wrong.exact is None
    assert [group.display_name for group in wrong.other_case] == ["Company Phones"]


def test_an_unknown_name_offers_what_is_alike(graph: Graph) -> None:
    found = entra_groups.resolve(graph, "Company Phone")
    assert (found.exact, list(found.other_case)) == (None, [])
    assert [group.display_name for group in found.similar] == ["Company Phones"]
    assert entra_groups.resolve(graph, "Nobody at all").similar == []


def test_several_of_one_name_are_all_shown(scene: Scene, graph: Graph) -> None:
    ids = {make(scene, "Twins"), make(scene, "Twins")}
    found = entra_groups.resolve(graph, "Twins")
    assert found.exact is None
    assert {str(group.id) for group in found.same_name} == ids


def test_an_apostrophe_is_no_trouble(scene: Scene, graph: Graph) -> None:
    made = make(scene, "O'Brien's team")
    found = entra_groups.resolve(graph, "O'Brien's team").exact
    assert found is not None
    assert str(found.id) == made


def test_a_group_that_is_no_security_group_is_not_taken(scene: Scene, graph: Graph) -> None:
    make(scene, "Newsletter", security_enabled=False, group_types=["Unified"])
    found = entra_groups.resolve(graph, "Newsletter")
    assert (found.exact, list(found.same_name)) == (None, [])
    assert found.unfit is not None
    assert found.unfit.kind == "Microsoft 365"
    wrong = entra_groups.resolve(graph, "NEWSLETTER")
    assert (list(wrong.other_case), wrong.unfit) == ([], None)
    assert wrong.unfit_case is not None
    assert entra_groups.search(graph, "newsletter") == []


@pytest.mark.parametrize("case_sensitive", [False, True])
def test_a_mailing_list_does_not_hide_the_security_group_of_its_name(
    scene: Scene, graph: Graph, case_sensitive: bool
) -> None:
    scene.lab.post("/switches", {"case_sensitive_names": case_sensitive})
    make(scene, "Drivers", security_enabled=False, mail_enabled=True)
    secure = make(scene, "DRIVERS")
    same = entra_groups.resolve(graph, "Drivers")
    assert same.exact is None
    assert same.unfit is not None
    assert same.unfit.kind == "distribution"
    assert [str(group.id) for group in same.other_case] == [secure]
    make(scene, "DRIVERS", security_enabled=False, mail_enabled=True)
    right = entra_groups.resolve(graph, "DRIVERS").exact
    assert right is not None
    assert str(right.id) == secure


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("comp", ["Company Phones"]),
        ("phones", ["Company Phones"]),
        ("mobile security", ["Mobile Security Admins", "Mobile Security Support"]),
        ("  ", []),
        ('"quoted', []),
        ("zzz", []),
    ],
)
def test_search_as_one_types(graph: Graph, text: str, names: list[str]) -> None:
    assert sorted(group.display_name for group in entra_groups.search(graph, text)) == names


def test_preview_counts_people_and_devices_and_says_what_is_left_out(scene: Scene, graph: Graph) -> None:
    group = UUID(scene.group("Company Phones")["id"])
    with database.tenant(scene.tenant_id):
        bounds = limits(connector_of(scene.tenant_id))
    seen = groups.preview(graph, [(group, True)], bounds)
    assert (seen.users, seen.devices, seen.nested_groups) == (8, 13, 1)
    assert seen.unsupported == {"not_in_intune": 1, "os_too_old": 1}
    assert len(seen.names) == 8
    flat = groups.preview(graph, [(group, False)], bounds)
    assert (flat.users, flat.nested_groups) == (6, 1)
    # What the preview promises is what the poll does.
    scene.set_up()
    scene.add_group("Company Phones")
    assert scene.poll().appeared == seen.devices


def test_adding_and_removing_is_audited_and_polled_at_once(scene: Scene) -> None:
    scene.set_up()
    scene.poll()
    group = scene.add_group("Company Phones")
    scene.poll()
    assert len(scene.devices()) == 13
    settings_change.remove_group(scene.tenant_id, group, ADA)
    scene.poll()
    assert {device.activation_status for device in scene.devices()} == {"DEACTIVATED"}
    assert [name for name in scene.actions() if name.startswith("enrollment.")] == [
        "enrollment.group_added",
        "enrollment.group_removed",
    ]


def test_adding_a_group_twice_changes_its_nesting_only(scene: Scene) -> None:
    scene.set_up()
    scene.add_group("Company Phones")
    scene.add_group("Company Phones", nested=False)
    with database.tenant(scene.tenant_id):
        (row,) = EnrollmentGroup.objects.all()
    assert row.include_nested is False


# --- the live membership check (D3)


@pytest.fixture
def nested_person(scene: Scene) -> UUID:
    """Somebody of the group inside Company Phones."""
    return UUID(scene.group("Night Shift")["members"][0])


@pytest.mark.parametrize("nested", [True, False])
def test_membership_counts_nesting_as_the_group_says(scene: Scene, nested_person: UUID, nested: bool) -> None:
    scene.add_group("Company Phones", nested=nested)
    direct = next(
        m for m in scene.group("Company Phones")["members"] if m != scene.group("Night Shift")["id"]
    )
    found = membership.ask(scene.tenant_id, nested_person)
    assert (found is not None) == nested
    assert membership.ask(scene.tenant_id, UUID(direct)) is not None


def test_a_member_comes_with_their_devices_judged(scene: Scene, nested_person: UUID) -> None:
    scene.set_up()
    scene.add_group("Company Phones")
    scene.poll()
    found = membership.ask(scene.tenant_id, nested_person)
    assert found is not None
    person, devices = found
    assert person.oid == nested_person
    theirs = [phone for phone in scene.phones() if phone["owner_ids"] == [str(nested_person)]]
    assert {str(device.object_id) for device in devices} == {phone["id"] for phone in theirs}
    by_poll = {device.entra_object_id: device for device in scene.devices(owner_oid=nested_person)}
    supported = {device.object_id for device in devices if not device.unsupported_reason}
    assert supported == set(by_poll), "the live check and the poll agree"
    assert {device.owner_oid for device in devices} == {nested_person}
    assert all(device.managed_device_id for device in devices if device.managed)


def test_a_phone_that_intune_gives_to_another_is_not_taken_for_the_registrants(
    scene: Scene, nested_person: UUID
) -> None:
    scene.add_group("Company Phones")
    phone = next(p for p in scene.phones() if p["owner_ids"] == [str(nested_person)] and p["managed"])
    other = scene.person(scene.organisation.people["full"])["id"]
    scene.lab.patch(f"{scene.path}/devices/{phone['id']}", {"managed": {"user_id": other}})
    found = membership.ask(scene.tenant_id, nested_person)
    assert found is not None
    assert phone["id"] not in {str(device.object_id) for device in found[1]}


def test_who_is_in_no_group_or_unknown_is_no_member(scene: Scene) -> None:
    scene.add_group("Company Phones")
    theo = scene.person(scene.organisation.people["none"])
    assert membership.ask(scene.tenant_id, UUID(theo["id"])) is None
    assert membership.ask(scene.tenant_id, uuid4()) is None


def test_without_any_group_nobody_is_a_member(scene: Scene, nested_person: UUID) -> None:
    assert membership.ask(scene.tenant_id, nested_person) is None


def test_joining_counts_at_once_and_more_than_twenty_groups_are_asked(scene: Scene) -> None:
    theo = scene.person(scene.organisation.people["none"])
    names = [f"Team {number}" for number in range(22)]
    for name in names:
        make(scene, name)
        scene.add_group(name)
    assert membership.ask(scene.tenant_id, UUID(theo["id"])) is None
    scene.lab.post(f"{scene.path}/groups/{scene.group(names[-1])['id']}/members", {"ids": [theo["id"]]})
    found = membership.ask(scene.tenant_id, UUID(theo["id"]))
    assert found is not None
    assert found[0].upn == theo["upn"]


def test_not_knowing_is_not_the_same_as_not_being_a_member(
    scene: Scene, nested_person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "PATIENCE", Patience(1, seconds=1.0))
    scene.add_group("Company Phones")
    scene.fault("POST /v1.0/users", status=500)
    with pytest.raises(GraphError):
        membership.ask(scene.tenant_id, nested_person)


@pytest.mark.parametrize("nested", [True, False])
def test_a_device_that_is_a_member_itself_is_covered_without_its_owner(scene: Scene, nested: bool) -> None:
    """Requirement C3: device members count; nested ones as the group says."""
    direct, inner, stranger = (UUID(phone["id"]) for phone in scene.phones()[:3])
    scene.lab.post(f"{scene.path}/groups", {"display_name": "Drawer", "members": [str(inner)]})
    members = [str(direct), scene.group("Drawer")["id"]]
    scene.lab.post(f"{scene.path}/groups", {"display_name": "Kiosks", "members": members})
    scene.add_group("Kiosks", nested=nested)
    assert membership.covers(scene.tenant_id, None, direct)
    assert membership.covers(scene.tenant_id, None, inner) is nested
    assert not membership.covers(scene.tenant_id, None, stranger)
    assert not membership.covers(scene.tenant_id, uuid4(), uuid4()), "neither is in Entra"


def test_somebody_removed_since_the_poll_is_not_covered(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "PATIENCE", Patience(1, seconds=1.0))
    scene.set_up()
    scene.add_group("Company Phones")
    scene.poll()
    group = scene.group("Company Phones")
    device = next(one for one in scene.devices() if str(one.owner_oid) in group["members"])
    since = scene.mark()
    assert membership.covers(scene.tenant_id, device.owner_oid, device.entra_object_id)
    asked = [*scene.requests("POST", since=since), *scene.requests("GET", since=since)]
    assert len(asked) == 1, "one question is enough for who is a member"
    scene.lab.delete(f"{scene.path}/groups/{group['id']}/members/{device.owner_oid}")
    assert not membership.covers(scene.tenant_id, device.owner_oid, device.entra_object_id)
    scene.fault("POST /v1.0/users", status=500)
    with pytest.raises(GraphError):
        membership.covers(scene.tenant_id, device.owner_oid, device.entra_object_id)


def test_the_tree_says_which_group_brings_in_whom(scene: Scene, graph: Graph) -> None:
    """Level by level, through a circle, a group that is met twice and one whose members are hidden."""
    top, field, north = make(scene, "Tree"), make(scene, "Field"), make(scene, "Field North")
    hidden = make(scene, "Hidden", visibility="HiddenMembership")
    crew, person = make(scene, "Crew"), scene.group("Company Phones")["members"][0]
    for group, ids in (
        (top, [field, hidden]),
        (field, [person, north]),
        (north, [crew, top]),
        (crew, [field, person]),
    ):
        scene.lab.post(f"{scene.path}/groups/{group}/members", {"ids": ids})
    found, whole = group_tree.read(graph, UUID(top))
    tree = group_tree.tree(UUID(top), "Tree", found, {person: 2}, (), whole=whole)
    assert whole
    assert [(branch.name, branch.level, branch.remark, branch.people > 0) for branch in tree.branches] == [
        ("Tree", 0, "", False),
        ("Field", 1, "", True),
        ("Field North", 2, "", False),
        ("Crew", 3, "", True),
        ("Field", 4, "circle", False),
        ("Tree", 3, "circle", False),
        ("Hidden", 1, "hidden", False),
    ]
    assert tree.branches[1].phones == 2


def test_the_tree_is_bounded(scene: Scene, graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_tree, "MOST_GROUPS", 3)
    chain = [make(scene, f"Link {number}") for number in range(5)]
    for outer, inner in pairwise(chain):
        scene.lab.post(f"{scene.path}/groups/{outer}/members", {"ids": [inner]})
    found, whole = group_tree.read(graph, UUID(chain[0]))
    tree = group_tree.tree(UUID(chain[0]), "Link 0", found, {}, (), whole=whole)
    assert (whole, [(branch.name, branch.remark) for branch in tree.inside]) == (
        False,
        [("Link 1", ""), ("Link 2", ""), ("Link 3", "unread")],
    )
