"""The poll against the lab: who is enrolled, who is not and why, and that an error takes nobody out (D1, D5)."""

from collections import Counter
from typing import Any

import pytest
from tests.connectors.scene import CONTACT, Scene

from vedette.connectors.intune import directory_poll, full_pass
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.devices.models import Device
from vedette.directory.models import DirectoryDevice, DirectoryPass
from vedette.foundation import database, http, tokens
from vedette.foundation.graph import Graph, Patience
from vedette.foundation.graph_call import Call, Caller


def unsupported(scene: Scene) -> dict[str, int]:
    with database.tenant(scene.tenant_id):
        rows = DirectoryDevice.objects.exclude(unsupported_reason="")
        return dict(Counter(rows.values_list("unsupported_reason", flat=True)))


def live(scene: Scene) -> list[Device]:
    return [device for device in scene.devices() if device.activation_status != "DEACTIVATED"]


def test_phones_of_the_group_and_of_the_group_inside_it_appear_as_pending(scene: Scene) -> None:
    scene.set_up()
    scene.add_group("Company Phones")
    polled = scene.poll()
    assert (polled.users, polled.error) == (8, "")
    devices = scene.devices()
    assert len(devices) == polled.appeared == 13
    assert {device.activation_status for device in devices} == {"PENDING"}
    assert {device.state_row.state for device in devices} == {"pending"}
    at_microsoft = {phone["id"]: phone for phone in scene.phones()}
    for device in devices:
        phone = at_microsoft[str(device.entra_object_id)]
        assert str(device.entra_device_id) == phone["device_id"]
        assert (device.platform, device.owner_upn) == (phone["platform"], phone["upn"])
        assert device.serial_number == phone["managed"]["serial_number"]
    assert unsupported(scene) == {"not_in_intune": 1, "os_too_old": 1}
    assert scene.connector().last_synchronised_at is not None


def test_without_nested_groups_only_direct_members_count(scene: Scene) -> None:
    scene.set_up()
    scene.add_group("Company Phones", nested=False)
    assert scene.poll().users == 6


def test_a_second_poll_changes_nothing(watched: Scene) -> None:
    before = {(device.id, device.created_at) for device in watched.devices()}
    polled = watched.poll()
    assert (polled.appeared, polled.left) == (0, 0)
    assert {(device.id, device.created_at) for device in watched.devices()} == before


def test_scope_of_every_registered_device_takes_the_unmanaged_phone_too(watched: Scene) -> None:
    watched.save(scope="registered")
    assert watched.poll().appeared == 1
    assert unsupported(watched) == {"os_too_old": 1}
    (unmanaged,) = [phone for phone in watched.phones() if not phone["managed"]]
    assert unmanaged["id"] in {str(device.entra_object_id) for device in live(watched)}
    watched.save(scope="intune")
    assert watched.poll().left == 1
    (left,) = watched.devices(activation_status="DEACTIVATED")
    assert (str(left.entra_object_id), left.deactivation_reason) == (unmanaged["id"], "unsupported")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"account_enabled": False}, "disabled"),
        ({"operating_system_version": "9"}, "os_too_old"),
        ({"last_sign_in": "2020-01-01T00:00:00Z"}, "not_seen"),
        ({"operating_system": "Windows"}, "platform"),
    ],
)
def test_a_phone_that_stops_being_supported_leaves_with_the_reason(
    watched: Scene, change: dict[str, Any], reason: str
) -> None:
    before, device = unsupported(watched), watched.device()
    watched.lab.patch(f"{watched.path}/devices/{device.entra_object_id}", change)
    assert watched.poll().left == 1
    after = Counter(unsupported(watched))
    after.subtract(before)
    assert +after == Counter({reason: 1})
    assert watched.world.fresh(device).activation_status == "DEACTIVATED"


def test_a_laptop_of_an_enrolled_person_is_listed_with_its_reason(watched: Scene) -> None:
    hugo = watched.organisation.people["full"]
    watched.lab.post(
        f"{watched.path}/groups/{watched.group('Company Phones')['id']}/members", {"ids": [hugo]}
    )
    watched.poll()
    assert unsupported(watched)["platform"] == 1


def test_a_device_that_is_a_member_itself_is_enrolled_without_its_owner(scene: Scene) -> None:
    phone = scene.phones()[0]
    body = {"display_name": "Kiosks", "members": [phone["id"]]}
    scene.lab.post(f"{scene.path}/groups", body)
    scene.set_up()
    scene.add_group("Kiosks")
    polled = scene.poll()
    assert polled.users == 0
    assert [str(device.entra_object_id) for device in scene.devices()] == [phone["id"]]


def test_small_pages_bring_the_same(scene: Scene) -> None:
    scene.lab.post("/switches", {"page_size": 3})
    scene.set_up()
    scene.add_group("Company Phones")
    polled = scene.poll()
    assert (polled.users, polled.appeared) == (8, 13)


def test_no_request_per_device_is_needed(watched: Scene) -> None:
    since = watched.mark()
    watched.forget_changes()
    watched.poll()
    group = f"/v1.0/groups/{watched.group('Company Phones')['id']}"
    assert [entry["path"] for entry in watched.requests("GET", since=since)] == [
        group,
        f"{group}/transitiveMembers/microsoft.graph.group",
        "/v1.0/groups/delta",
        "/v1.0/users/delta",
        "/v1.0/devices/delta",
        f"{group}/transitiveMembers",
        "/v1.0/deviceManagement/managedDevices",
        "/v1.0/devices",
    ]
    assert watched.requests("POST", since=since) == []


def test_where_nothing_changed_four_requests_are_enough(watched: Scene) -> None:
    since = watched.mark()
    watched.poll()
    assert [entry["path"] for entry in watched.requests("GET", since=since)] == [
        "/v1.0/groups/delta",
        "/v1.0/users/delta",
        "/v1.0/devices/delta",
        "/v1.0/deviceManagement/managedDevices",
    ]
    assert watched.requests("POST", since=since) == []


def test_a_renamed_group_is_followed(watched: Scene) -> None:
    group = watched.group("Company Phones")
    watched.lab.patch(f"{watched.path}/groups/{group['id']}", {"display_name": "Phones of the Company"})
    assert watched.poll().left == 0
    with database.tenant(watched.tenant_id):
        assert EnrollmentGroup.objects.get().display_name == "Phones of the Company"


def test_a_deleted_group_is_noticed_told_once_and_takes_nobody_out(watched: Scene) -> None:
    group = watched.group("Company Phones")
    watched.lab.delete(f"{watched.path}/groups/{group['id']}")
    for _ in range(2):
        assert watched.poll().left == 0
    assert len(live(watched)) == 13
    (error,) = watched.errors()
    assert (error.code, error.count, error.source) == (f"group_missing:{group['id']}", 2, "poll")
    watched.send_mail()
    (mail,) = watched.mails()
    assert "Company Phones" in mail["text"]
    assert "take it out under Enrollment management" in " ".join(mail["text"].split())


def test_leaving_every_group_deactivates(watched: Scene) -> None:
    group = watched.group("Company Phones")
    device = next(one for one in live(watched) if str(one.owner_oid) in group["members"])
    person = watched.person(device.owner_upn)
    watched.lab.delete(f"{watched.path}/groups/{group['id']}/members/{person['id']}")
    theirs = [one for one in live(watched) if one.owner_oid == device.owner_oid]
    assert watched.poll().left == len(theirs)
    gone = watched.world.fresh(device)
    assert (gone.activation_status, gone.deactivation_reason) == ("DEACTIVATED", "left_enrollment_groups")
    watched.lab.post(f"{watched.path}/groups/{group['id']}/members", {"ids": [person["id"]]})
    watched.poll()
    assert watched.world.fresh(device).activation_status == "PENDING"


def test_with_the_switch_leaving_deletes_the_row(watched: Scene) -> None:
    watched.save(delete_on_unenrollment=True)
    phone = watched.device()
    watched.lab.delete(f"{watched.path}/devices/{phone.entra_object_id}")
    assert watched.poll().left == 1
    assert watched.devices(id=phone.id) == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 429, "retry_after": 1}, "TooManyRequests"),
        ({"status": 500}, "InternalServerError"),
        ({"status": 403}, "Authorization_RequestDenied"),
        ({"drop": True}, "unreachable"),
    ],
)
def test_a_poll_that_fails_half_way_retires_nobody_and_is_told_once(
    watched: Scene, fault: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    everybody = {device.id for device in live(watched)}
    # Somebody has left meanwhile, and the listing of devices breaks off.
    group = watched.group("Company Phones")
    watched.lab.delete(f"{watched.path}/groups/{group['id']}/members/{group['members'][0]}")
    watched.fault("GET /v1.0/devices", **fault)
    for _ in range(2):
        polled = watched.poll()
        assert polled.error == code
    assert {device.id for device in live(watched)} == everybody
    (error,) = watched.errors()
    assert (error.code, error.count, error.source) == (code, 2, "poll")
    assert error.next_step
    with database.tenant(watched.tenant_id):
        last = DirectoryPass.objects.order_by("-started_at")[0]
    assert (last.complete, last.error_code) == (False, code)
    watched.send_mail()
    (mail,) = watched.mails(CONTACT)
    assert code in mail["subject"]
    assert "no device was taken out" in " ".join(mail["text"].split())
    watched.mend()
    assert watched.poll().left > 0
    (error,) = watched.errors()
    assert error.resolved_at is not None, "a poll that succeeds makes the error past"


def test_a_second_page_that_never_comes_retires_nobody(
    watched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    watched.lab.post("/switches", {"page_size": 5})
    watched.forget_changes()
    reads = 0
    real = Caller.attempt

    def second_page_hangs(caller: Caller, call: Call, until: float) -> Any:
        nonlocal reads
        if "/v1.0/devices" in call.url and "/delta" not in call.url:
            reads += 1
            if reads == 2:
                watched.fault("GET /v1.0/devices", delay=5.0)
        return real(caller, call, until)

    monkeypatch.setattr(Caller, "attempt", second_page_hangs)
    tokens.shared.cache_clear()
    with http.client(timeout=1.0) as quick:
        monkeypatch.setattr(tokens, "shared", lambda settings: (tokens.Tokens(settings, quick), quick))
        assert watched.poll().error == "timeout"
    assert len(live(watched)) == 13


def test_what_microsoft_never_sends_is_an_error_and_no_crash(
    watched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing: dict[str, str] = {}
    watched.forget_changes()
    monkeypatch.setattr(full_pass, "by_device_id", lambda *_: [nothing["deviceId"]])
    assert watched.poll().error == "unreadable"
    assert len(live(watched)) == 13
    assert watched.connector().poll_running_since is None


def test_the_phone_of_a_new_owner_follows_them(watched: Scene) -> None:
    device = watched.device()
    other = next(one for one in live(watched) if one.owner_oid != device.owner_oid)
    watched.lab.patch(f"{watched.path}/devices/{device.entra_object_id}", {"owner": other.owner_upn})
    watched.poll()
    assert watched.world.fresh(device).owner_oid == other.owner_oid


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up at once instead of after half a minute."""
    monkeypatch.setattr(
        directory_poll, "Graph", lambda tenant: Graph(tenant, patience=Patience(1, seconds=2.0))
    )
