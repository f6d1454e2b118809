"""The poll by deltas against the lab: what changed is found, whatever Graph does with the telling (D1, D5)."""

from typing import Any
from uuid import UUID

import pytest
from tests.connectors.scene import Scene
from tests.support.world import ADA

from vedette.connectors.intune import delta_pass, directory_poll, settings_change
from vedette.devices.models import Device
from vedette.directory import delta_links
from vedette.directory.models import DirectoryDevice, DirectoryPass, DirectoryUser, StagedRow
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, Patience


def last_pass(scene: Scene) -> tuple[str, str]:
    with database.tenant(scene.tenant_id):
        newest = DirectoryPass.objects.order_by("-started_at")[0]
    assert newest.complete, newest.error
    return newest.kind, newest.why_full


def live(scene: Scene) -> set[UUID | None]:
    return {d.entra_object_id for d in scene.devices() if d.activation_status != "DEACTIVATED"}


def in_directory(scene: Scene) -> tuple[set[str], set[str]]:
    """Everybody and every device that the poll holds for the enrollment groups'."""
    with database.tenant(scene.tenant_id):
        people = DirectoryUser.objects.values_list("oid", flat=True)
        devices = DirectoryDevice.objects.values_list("object_id", flat=True)
        return {str(oid) for oid in people}, {str(key) for key in devices}


def as_read_in_full(scene: Scene) -> tuple[set[str], set[str]]:
    scene.forget_changes()
    scene.poll()
    return in_directory(scene)


def by_changes(scene: Scene) -> directory_poll.Polled:
    """Poll, and be sure that it went by deltas and found what a full pass finds."""
    polled = scene.poll()
    assert polled.error == ""
    assert last_pass(scene) == ("changes", "")
    found = in_directory(scene)
    assert found == as_read_in_full(scene)
    return polled


def members_path(scene: Scene, name: str = "Company Phones") -> str:
    return f"{scene.path}/groups/{scene.group(name)['id']}/members"


def test_nothing_changed(watched: Scene) -> None:
    before = in_directory(watched)
    polled = by_changes(watched)
    assert (polled.users, polled.appeared, polled.left) == (8, 0, 0)
    assert in_directory(watched) == before


def test_somebody_joins_and_brings_their_phones(watched: Scene) -> None:
    theo = watched.organisation.people["none"]
    phone = watched.lab.post(f"{watched.path}/devices", {"platform": "ANDROID", "owner": theo})
    assert by_changes(watched).appeared == 0
    watched.poll()
    watched.lab.post(members_path(watched), {"ids": [theo]})
    assert by_changes(watched).appeared == 1
    assert UUID(phone["id"]) in live(watched)


def test_a_new_phone_of_somebody_known(watched: Scene) -> None:
    owner = watched.device().owner_upn
    phone = watched.lab.post(f"{watched.path}/devices", {"platform": "IOS", "owner": owner})
    assert by_changes(watched).appeared == 1
    assert UUID(phone["id"]) in live(watched)


def test_somebody_leaves_the_group_inside_the_group(watched: Scene) -> None:
    inner = watched.group("Night Shift")
    gone = inner["members"][0]
    watched.lab.delete(f"{members_path(watched, 'Night Shift')}/{gone}")
    left = by_changes(watched).left
    assert left == sum(str(device.owner_oid) == gone for device in watched.devices())


def test_somebody_in_two_groups_leaves_one_and_stays(watched: Scene) -> None:
    both = watched.group("Night Shift")["members"][0]
    watched.lab.post(members_path(watched), {"ids": [both]})
    watched.poll()
    watched.lab.delete(f"{members_path(watched, 'Night Shift')}/{both}")
    assert by_changes(watched).left == 0


@pytest.mark.parametrize("act", ["in", "out"])
def test_a_group_that_comes_or_goes_inside_another_is_read_in_full(watched: Scene, act: str) -> None:
    if act == "in":
        body = {"display_name": "Drivers", "members": [watched.organisation.people["none"]]}
        group = watched.lab.post(f"{watched.path}/groups", body)["id"]
        watched.lab.post(members_path(watched, "Night Shift"), {"ids": [group]})
    else:
        inner = watched.group("Night Shift")["id"]
        watched.lab.delete(f"{members_path(watched)}/{inner}")
    polled = watched.poll()
    assert last_pass(watched) == ("full", "groups_nested")
    assert polled.users == (9 if act == "in" else 6)
    by_changes(watched)


def test_a_soft_deleted_person_is_gone_and_comes_back(watched: Scene) -> None:
    device = watched.device()
    theirs = {d.entra_object_id for d in watched.devices() if d.owner_oid == device.owner_oid}
    watched.lab.delete(f"{watched.path}/users/{device.owner_oid}")
    watched.poll()
    assert last_pass(watched) == ("changes", "")
    gone = theirs - live(watched)
    assert gone, "the groups do not tell, the people do"
    watched.lab.post(f"{watched.path}/users/{device.owner_oid}/restore")
    watched.poll()
    assert last_pass(watched) == ("changes", "")
    assert theirs <= live(watched)


def test_a_device_is_put_into_the_group_and_taken_out(watched: Scene) -> None:
    theo = watched.organisation.people["none"]
    phone = watched.lab.post(f"{watched.path}/devices", {"platform": "ANDROID", "owner": theo})["id"]
    watched.lab.post(members_path(watched), {"ids": [phone]})
    assert by_changes(watched).appeared == 1
    watched.poll()
    watched.lab.delete(f"{members_path(watched)}/{phone}")
    assert by_changes(watched).left == 1


def test_names_of_people_and_phones_follow(watched: Scene) -> None:
    device = watched.device()
    watched.lab.patch(f"{watched.path}/users/{device.owner_oid}", {"display_name": "Zoë Neu"})
    watched.lab.patch(f"{watched.path}/devices/{device.entra_object_id}", {"display_name": "Neu"})
    watched.poll()
    after = watched.world.fresh(device)
    assert (after.owner_name, after.display_name) == ("Zoë Neu", "Neu")
    assert last_pass(watched) == ("changes", "")


def test_what_only_intune_knows_follows_the_next_sync(watched: Scene) -> None:
    device = watched.device()
    now = clock.now().isoformat()
    change = {"managed": {"serial_number": "SN-NEW", "last_sync": now}}
    watched.lab.patch(f"{watched.path}/devices/{device.entra_object_id}", change)
    watched.poll()
    assert watched.world.fresh(device).serial_number == "SN-NEW"
    assert last_pass(watched) == ("changes", "")


def test_a_device_row_deleted_by_hand_comes_back_pending(watched: Scene) -> None:
    with database.writer(watched.tenant_id):
        Device.objects.filter(id=watched.device().id).delete()
    assert watched.poll().appeared == 1
    assert last_pass(watched) == ("changes", "")


def test_replays_disorder_and_empty_pages_lead_to_the_same(watched: Scene) -> None:
    watched.lab.post("/switches", {"delta_quirks": True, "page_size": 2})
    try:
        people = watched.group("Company Phones")["members"]
        theo = watched.organisation.people["none"]
        for _ in range(2):
            watched.lab.post(members_path(watched), {"ids": [theo]})
            watched.lab.delete(f"{members_path(watched)}/{theo}")
        watched.lab.delete(f"{members_path(watched)}/{people[0]}")
        assert watched.poll().error == ""
        assert last_pass(watched) == ("changes", "")
        found = in_directory(watched)
        assert theo not in found[0]
        assert people[0] not in found[0]
        for _ in range(2):
            watched.poll()
            assert in_directory(watched) == found
    finally:
        watched.lab.post("/switches", {"delta_quirks": False, "page_size": None})
    assert as_read_in_full(watched) == found


@pytest.mark.parametrize("answer", ["gone", "syncStateNotFound", "resyncRequired"])
def test_an_expired_link_is_no_error_and_leads_to_a_full_pass(watched: Scene, answer: str) -> None:
    watched.lab.post(f"{watched.path}/delta/expire", {"kinds": ["users"], "answer": answer})
    gone = watched.group("Night Shift")["members"][0]
    watched.lab.delete(f"{members_path(watched, 'Night Shift')}/{gone}")
    polled = watched.poll()
    assert (polled.error, last_pass(watched)) == ("", ("full", "link_expired"))
    assert polled.left > 0
    assert watched.poll().left == 0
    assert last_pass(watched) == ("changes", "")


@pytest.mark.parametrize("path", ["groups/delta", "users/delta", "devices/delta", "$batch"])
def test_an_interrupted_pass_retires_nobody_and_is_told_again(
    watched: Scene, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        directory_poll, "Graph", lambda tenant: Graph(tenant, patience=Patience(1, seconds=2.0))
    )
    everybody = live(watched)
    gone = watched.group("Night Shift")["members"][0]
    watched.lab.delete(f"{members_path(watched, 'Night Shift')}/{gone}")
    watched.fault(f"* /v1.0/{path}", status=503)
    assert watched.poll().error != ""
    assert live(watched) == everybody
    watched.mend()
    assert watched.poll().left > 0
    assert last_pass(watched) == ("changes", "")


def test_a_full_pass_that_is_interrupted_starts_again_and_retires_nobody(
    watched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        directory_poll, "Graph", lambda tenant: Graph(tenant, patience=Patience(1, seconds=2.0))
    )
    everybody = live(watched)
    gone = watched.group("Night Shift")["members"][0]
    watched.lab.delete(f"{members_path(watched, 'Night Shift')}/{gone}")
    watched.forget_changes()
    watched.fault("GET /v1.0/deviceManagement/managedDevices", status=503)
    assert watched.poll().error != ""
    assert live(watched) == everybody
    with database.tenant(watched.tenant_id):
        assert delta_links.standing() is None
        assert not StagedRow.objects.exists()
    watched.mend()
    assert watched.poll().left > 0
    assert last_pass(watched) == ("full", "no_links")


def test_changed_settings_and_the_day_ask_for_a_full_pass(
    watched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.save(minimum_android="14")
    watched.poll()
    assert last_pass(watched) == ("full", "settings")
    watched.poll()
    assert last_pass(watched) == ("changes", "")
    monkeypatch.setattr(delta_pass, "DAILY", delta_pass.SLACK * 0)
    watched.poll()
    assert last_pass(watched) == ("full", "daily")


def test_a_look_asked_for_by_hand_is_at_everything(watched: Scene) -> None:
    settings_change.poll_now(watched.tenant_id, ADA)
    watched.poll()
    assert last_pass(watched) == ("full", "no_links")


def test_many_changes_are_read_in_full(watched: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_pass, "FEWEST_TO_READ_ALL", 3)
    for phone in watched.phones()[:5]:
        watched.lab.patch(f"{watched.path}/devices/{phone['id']}", {"display_name": "New"})
    watched.poll()
    assert last_pass(watched) == ("full", "many_changes")


def test_without_the_permission_for_changes_each_poll_reads_everything(watched: Scene) -> None:
    watched.forget_changes()
    watched.fault("GET /v1.0/devices/delta", status=403)
    for _ in range(2):
        assert watched.poll().error == ""
        assert last_pass(watched) == ("full", "no_links")


def test_a_time_that_intune_alone_moves_is_noted_without_a_look(watched: Scene) -> None:
    device = watched.device()
    now = clock.now()
    change: dict[str, Any] = {"managed": {"last_sync": now.isoformat()}}
    watched.lab.patch(f"{watched.path}/devices/{device.entra_object_id}", change)
    since = watched.mark()
    watched.poll()
    assert len(watched.requests("GET", since=since)) == 4
    assert watched.requests("POST", since=since) == []
    assert device.entra_object_id
    with database.tenant(watched.tenant_id):
        row = DirectoryDevice.objects.get(object_id=device.entra_object_id)
    assert row.last_sign_in_at == now


def test_a_phone_nobody_has_seen_for_long_leaves_without_a_change(watched: Scene) -> None:
    phone = watched.device().entra_object_id
    assert phone
    with database.writer(watched.tenant_id):
        DirectoryDevice.objects.filter(object_id=phone).update(
            last_sign_in_at=clock.now() - delta_pass.DAILY * 100
        )
    assert watched.poll().left == 1
    assert last_pass(watched) == ("changes", "")
