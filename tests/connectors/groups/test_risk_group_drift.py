"""Groups at risk that another hand changed: members, name, kind, use."""

from collections.abc import Callable

import pytest
from tests.connectors.risk_groups import AtRisk

from vedette.connectors.groups.lines import lines
from vedette.foundation import database
from vedette.tenants import accounts
from vedette.tenants.models import Tenant

Clock = Callable[[float], None]


def test_who_was_taken_out_by_hand_is_put_back_and_who_was_put_in_is_flagged(
    phones: AtRisk, move_clock: Clock
) -> None:
    scene = phones.scene
    device = scene.activated()
    stranger = next(each for each in scene.devices() if each.pk != device.pk)
    scene.report_bad(device)
    phones.publish()
    phones.take_out_by_hand(device.entra_object_id)
    phones.put_in_by_hand(stranger.entra_object_id)
    assert phones.look()
    phones.publish()
    assert phones.in_entra() == {str(stranger.entra_object_id)}, (
        "too young to be judged: it may not be listed yet"
    )
    move_clock(3600)
    assert phones.look()
    with database.tenant(scene.tenant_id):
        (expected,) = lines(device)
        (found,) = lines(stranger)
    assert (expected.expected, expected.reported) == ("member", "no member")
    assert (found.expected, found.reported, found.outcome) == ("no member", "member", "differs")
    phones.publish()
    assert phones.in_entra() == {str(stranger.entra_object_id), str(device.entra_object_id)}
    codes = {error.code for error in scene.errors(resolved_at=None)}
    assert codes == {"members_put_back", "foreign_members"}
    assert (phones.row().foreign, phones.row().put_back) == (1, 1)
    move_clock(7200)
    phones.take_out_by_hand(stranger.entra_object_id)
    assert phones.look()
    assert scene.errors(resolved_at=None) == []
    with database.tenant(scene.tenant_id):
        (same,) = lines(device)
    assert same.outcome == "same"


def test_a_renamed_group_and_one_that_changed_its_kind_are_noticed(phones: AtRisk) -> None:
    scene = phones.scene
    path = f"{scene.path}/groups/{phones.group}"
    scene.lab.patch(path, {"display_name": "Renamed"})
    assert phones.look()
    assert phones.row().display_name == "Renamed"
    scene.lab.delete(path)
    assert phones.look()
    assert phones.row().missing_since is not None
    (error,) = scene.errors(resolved_at=None)
    assert error.code == "group_gone"
    assert "30 days" in error.next_step


@pytest.mark.parametrize("use", ["console", "enrollment"])
def test_a_group_that_gets_another_use_later_lets_everybody_go_and_takes_nobody(
    people: AtRisk, use: str
) -> None:
    """Whoever is at risk would be let into the console, or enrolled, by what was to keep them out."""
    scene = people.scene
    device = scene.activated()
    scene.report_bad(device)
    people.publish()
    assert people.in_entra() == {str(device.owner_oid)}
    if use == "console":
        with database.tenant(scene.tenant_id):
            tenant = Tenant.objects.get(pk=scene.tenant_id)
        accounts.set_groups(tenant, people.group, None, {})
    else:
        scene.add_group(people.row().display_name)
    assert people.look()
    people.publish()
    assert people.in_entra() == set()
    assert people.row().refused == "in_use"
    (error,) = scene.errors(resolved_at=None)
    assert error.code == "group_in_use"
