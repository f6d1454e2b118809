"""Each act does what the console's does, and leaves who did it, on what, and from and to."""

from typing import Any, NamedTuple

import pytest
from tests.api.native.conftest import Places
from tests.support.native_api import Program, Service
from tests.support.world import ADA, BAD_PACKAGE, World, facts

from vedette.compliance.assess import assess, reassess
from vedette.devices import jobs
from vedette.devices.models import Invitation
from vedette.events.models import Event
from vedette.foundation import database
from vedette.foundation import jobs as queue
from vedette.threats.models import Threat


class Act(NamedTuple):
    """A request, its status, and the audit row it leaves; `twice` is the answer to doing it again.

    In an order in which each still has something to do.
    """

    method: str
    path: str
    body: Any
    status: int
    action: str
    twice: int


BECAUSE = {"reason": "because of a test"}
ACTS = [
    Act("POST", "/invitations/{invitation_id}/withdraw", None, 200, "enrollment.code_revoked", 409),
    Act("POST", "/invitations", {"device_id": "{healthy}"}, 201, "enrollment.invited", 201),
    Act("POST", "/invitations", {"person": "bo@example.test"}, 201, "enrollment.invited", 201),
    Act("POST", "/devices/{away}/reinstate", None, 200, "device.reinstated", 409),
    Act("POST", "/devices/{device_id}/resync", None, 200, "device.resync_requested", 200),
    Act("POST", "/devices/{device_id}/check", None, 202, "device.check_requested", 202),
    Act("POST", "/devices/{device_id}/release", BECAUSE | {"hours": 8}, 201, "device.released", 409),
    Act("POST", "/threats/{threat_id}/ignore", BECAUSE, 200, "threat.ignored", 409),
    Act("POST", "/threats/{threat_id}/resolve", BECAUSE, 200, "threat.resolved", 409),
    Act("POST", "/threats/{ignored}/reopen", None, 200, "threat.reopened", 409),
    Act("POST", "/threats/{ignored}/resolve", BECAUSE, 200, "threat.resolved", 409),
    Act("POST", "/exceptions/apps", {"action": "allow", "subject": "package", "value": "a.b"}, 201,
        "policy.app_listed", 422),
    Act("DELETE", "/exceptions/apps/{entry_id}", None, 204, "policy.app_unlisted", 404),
    Act("POST", "/exceptions/rules", {"name": "R", "all_of": ["read_sms"]}, 201, "policy.rule_added", 422),
    Act("DELETE", "/exceptions/rules/{rule_id}", None, 204, "policy.rule_removed", 404),
    Act("POST", "/exceptions/people", {"person": "bo@example.test"}, 201, "connector.person_spared", 409),
    Act("DELETE", "/exceptions/people/{person_id}", None, 204, "connector.person_not_spared", 404),
    Act("POST", "/devices/{device_id}/deactivate", BECAUSE, 200, "device.deactivated", 409),
    Act("DELETE", "/devices/{device_id}", None, 204, "device.deleted", 404),
]  # fmt: skip


def filled(text: Any, places: Places) -> Any:
    if isinstance(text, dict):
        return {name: filled(value, places) for name, value in text.items()}
    return text.format(**places) if isinstance(text, str) else text


def events(world: World, action: str = "") -> list[Event]:
    with database.tenant(world.tenant_id):
        rows = Event.objects.filter(type=Event.Type.AUDIT).order_by("position")
        return list(rows.filter(action=action) if action else rows)


def test_each_act_is_done_and_audited_once(
    service: Service, ours: Program, world: World, places: Places
) -> None:
    service.entra.knows("bo@example.test", "bo@example.test")
    for act in ACTS:
        seen = {event.id for event in events(world)}
        path, body = filled(act.path, places), filled(act.body, places)
        answer = ours.ask(act.method, path, body)
        assert answer.status_code == act.status, (act, answer.text)
        # a release may end by what was done, which is the service's own act
        made = [
            event for event in events(world) if event.id not in seen and event.actor_id == str(ours.key_id)
        ]
        assert [event.action for event in made if event.action != "device.release_ended"] == [act.action], act
        assert (made[0].actor_type, made[0].actor_name.partition(" ")[0]) == ("SYSTEM", "Tests")
        assert made[0].target_id
        assert ours.ask(act.method, path, body).status_code == act.twice, act


def test_what_is_done_to_a_device_shows(ours: Program, places: Places) -> None:
    path = f"/devices/{places['device_id']}"
    assert ours.post(f"{path}/deactivate", BECAUSE).json()["activation"] == "DEACTIVATED"
    assert ours.post(f"{path}/reinstate").json()["state"] == "pending"
    deleted = ours.ask("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert ours.get(path).status_code == 404


def test_a_release_is_seen_and_ended(ours: Program, places: Places) -> None:
    path = f"/devices/{places['device_id']}"
    assert ours.read(path)["release"] is None
    made = ours.post(f"{path}/release", {"hours": 1, "reason": "exam"}).json()
    assert (made["reason"], made["state"]) == ("exam", "high")
    device = ours.read(path)
    assert (device["state"], device["told"], device["release"]) == ("high", "secured", made)
    assert ours.read("/releases")["items"] == [made]
    assert ours.ask("DELETE", f"{path}/release").status_code == 204
    assert ours.read(path)["told"] == "high"
    assert ours.ask("DELETE", f"{path}/release").status_code == 409


def test_a_threat_that_is_called_mended_but_still_shows_is_opened_again(
    ours: Program, world: World, places: Places
) -> None:
    """A word proves nothing (missing is not clean): what the phone reported last is judged anew."""
    ours.post(f"/threats/{places['threat_id']}/resolve", BECAUSE)
    device = f"/devices/{places['device_id']}"
    assert ours.read(device)["state"] == "secured"
    assert ours.read(f"/threats/{places['threat_id']}")["resolution"] == BECAUSE["reason"]
    reassess(world.tenant_id)
    assert ours.read(device)["state"] == "high"
    (again,) = ours.read("/threats", status="open", classification="TROJAN")["items"]
    assert again["id"] != places["threat_id"]


def test_a_threat_that_is_mended_stays_so(ours: Program, world: World, places: Places) -> None:
    (phone,) = [phone for phone in world.devices() if str(phone.id) == places["device_id"]]
    ours.post(f"/threats/{places['threat_id']}/resolve", BECAUSE)
    world.report(phone, facts())
    assess(world.tenant_id)
    reassess(world.tenant_id)
    assert ours.read(f"/devices/{places['device_id']}")["state"] == "secured"


def test_a_device_that_is_checked_again_is_judged_with_what_is_in_force(
    ours: Program, world: World, places: Places
) -> None:
    while reassess(world.tenant_id).devices:
        pass
    with database.writer(world.tenant_id):
        Threat.objects.filter(id=places["threat_id"]).delete()
    assert not reassess(world.tenant_id).devices
    assert ours.post(f"/devices/{places['device_id']}/check").status_code == 202
    assert reassess(world.tenant_id).devices
    (found,) = ours.read("/threats", classification="TROJAN", status="open")["items"]
    assert BAD_PACKAGE in found["summary"]
    refused = ours.post(f"/devices/{places['away']}/check")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_a_test_threat_is_ended_as_a_test(ours: Program, world: World, places: Places) -> None:
    from vedette.compliance import simulate  # noqa: PLC0415 needs Django

    (phone,) = [phone for phone in world.devices() if str(phone.id) == places["healthy"]]
    simulated = simulate.start(phone, "TROJAN", ADA)
    refused = ours.post(f"/threats/{simulated.id}/resolve", BECAUSE)
    assert (refused.status_code, "test" in refused.json()["detail"]) == (409, True)


def test_an_invitation_is_mailed_by_a_job_and_its_code_told_to_nobody(
    ours: Program, world: World, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    deferred: list[Any] = []
    monkeypatch.setattr(queue, "defer", lambda job, **given: deferred.append((job, given)))
    made = ours.post("/invitations", {"device_id": places["healthy"], "language": "fr"}).json()
    assert (made["status"], made["language"], made["email"]) == ("waiting", "fr", "p1@example.test")
    with database.tenant(world.tenant_id):
        row = Invitation.objects.get(id=made["id"])
    ((job, given),) = deferred
    assert job == jobs.send_batch
    assert given["batch_id"] == str(row.batch_id)
    assert ours.read(f"/invitations/{places['invitation_id']}")["status"] == "withdrawn"
    withdrawn = ours.post(f"/invitations/{made['id']}/withdraw").json()
    assert withdrawn["status"] == "withdrawn"
    assert ours.read("/invitations", status="waiting", email="p1@example.test")["items"] == []


NO_INVITATIONS: list[tuple[Any, int, str]] = [
    ({}, 422, "either"),
    ({"device_id": "{device_id}", "person": "bo@example.test"}, 422, "either"),
    ({"person": "nobody@example.test"}, 422, "knows nobody"),
    ({"person": "mute@example.test"}, 409, "no e-mail address"),
    ({"device_id": "{group_id}"}, 422, "no device"),
    ({"device_id": "{away}"}, 409, "deactivated"),
]


def test_invitations_that_cannot_be(service: Service, ours: Program, places: Places) -> None:
    service.entra.knows("mute@example.test")
    for body, status, words in NO_INVITATIONS:
        answer = ours.post("/invitations", filled(body, places))
        assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
        assert answer.json()["next_step"]


def test_when_entra_does_not_answer_nothing_is_done(
    service: Service, ours: Program, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vedette.api.native.problems import Problem  # noqa: PLC0415 needs Django

    seen = len(events(world))
    monkeypatch.setattr(service.entra, "fails", Problem("unavailable", "Microsoft could not be asked."))
    answer = ours.post("/exceptions/people", {"person": "bo@example.test"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert len(events(world)) == seen
