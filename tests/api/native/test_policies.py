"""Policies as code: exported, compared, put in force with the counts as a guard, in the background when large."""

from typing import Any

import pytest
import yaml
from tests.api.native.conftest import Places
from tests.support.native_api import Program
from tests.support.world import World

from vedette.compliance import change_policy, policy_wish
from vedette.events.models import Event
from vedette.foundation import database, jobs
from vedette.threats.models import PolicyWish
from vedette.verdict.classifications import CLASSIFICATIONS


@pytest.fixture
def path(places: Places) -> str:
    return f"/groups/{places['group_id']}/policy"


def apply(
    ours: Program, path: str, policy: Any, threats: int = 100, devices: int = 100, match: str = ""
) -> Any:
    headers = {"If-Match": match or ours.get(path).headers["etag"]}
    return ours.ask(
        "PUT", path, policy, params={"most_threats": threats, "most_devices": devices}, headers=headers
    )


def lower(policy: Any, risk: str = "ADVISORY") -> Any:
    levels = policy["levels"] | {"TROJAN": {"risk": risk, "response": "alert"}}
    return policy | {"levels": levels}


def test_the_whole_policy_is_exported(ours: Program, path: str) -> None:
    policy = ours.read(path)
    assert set(policy["levels"]) == set(CLASSIFICATIONS)
    assert policy["levels"]["TROJAN"] == {"risk": "HIGH", "response": "alert"}
    assert policy["parameters"]["patch_age_days"] == 180
    assert policy["group"]["name"] == "Default"


def test_as_yaml_it_is_the_same_and_can_be_sent_back(ours: Program, path: str) -> None:
    policy = ours.read(path)
    answer = ours.ask("GET", path, headers={"Accept": "application/yaml"})
    assert answer.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(answer.text) == policy
    tag = answer.headers["etag"]
    assert tag != ours.get(path).headers["etag"]
    text = yaml.safe_dump(lower(policy))
    headers = {"Content-Type": "application/yaml"}
    seen = ours.ask("POST", f"{path}/diff", content=text, headers=headers).json()
    assert [change["classification"] for change in seen["levels"]] == ["TROJAN"]
    query = {"most_threats": seen["threats"], "most_devices": seen["devices"]}
    done = ours.ask("PUT", path, content=text, params=query, headers=headers | {"If-Match": tag})
    assert (done.status_code, done.json()["devices"]) == (200, 1)


def test_nothing_differs_from_what_was_exported(ours: Program, world: World, path: str) -> None:
    policy = ours.read(path)
    seen = ours.post(f"{path}/diff", policy).json()
    assert (seen["levels"], seen["parameters"], seen["threats"], seen["devices"]) == ([], [], 0, 0)
    done = apply(ours, path, policy, 0, 0)
    assert (done.status_code, done.json()["devices"], done.json()["policy"]) == (200, 0, policy)
    with database.tenant(world.tenant_id):
        assert not Event.objects.filter(action__startswith="policy.levels").exists()


def test_a_comparison_counts_and_changes_nothing(ours: Program, places: Places, path: str) -> None:
    policy = ours.read(path)
    seen = ours.post(f"{path}/diff", lower(policy)).json()
    assert seen["levels"] == [
        {
            "classification": "TROJAN",
            "before": {"risk": "HIGH", "response": "alert"},
            "after": {"risk": "ADVISORY", "response": "alert"},
        }
    ]
    assert (seen["threats"], seen["devices"], seen["better"], seen["worse"]) == (1, 1, 1, 0)
    assert seen["moves"] == [{"before": "high", "after": "secured", "devices": 1}]
    assert ours.read(path) == policy
    assert ours.read(f"/devices/{places['device_id']}")["state"] == "high"


def test_it_is_put_in_force_and_audited(ours: Program, world: World, places: Places, path: str) -> None:
    policy = lower(ours.read(path))
    policy["parameters"] |= {"minimum_android": "14", "minimum_agent": "2.0"}
    done = apply(ours, path, policy, 1, 1)
    assert (done.status_code, done.json()["policy"], done.json()["devices"]) == (200, policy, 1)
    assert done.headers["etag"] == ours.get(path).headers["etag"]
    assert [change["name"] for change in done.json()["parameters"]] == ["minimum_android", "minimum_agent"]
    assert ours.read(f"/devices/{places['device_id']}")["state"] == "secured"
    with database.tenant(world.tenant_id):
        levels, parameters = (
            Event.objects.get(action=f"policy.{name}_changed") for name in ("levels", "parameters")
        )
    assert levels.changes == [{"attribute": "TROJAN.risk", "from": "HIGH", "to": "ADVISORY"}]
    assert levels.actor_id == parameters.actor_id == str(ours.key_id)


def test_a_part_leaves_the_rest_as_it_is(ours: Program, path: str) -> None:
    before = ours.read(path)
    done = apply(ours, path, {"levels": {"ADWARE": {"risk": "HIGH", "response": "silent"}}})
    assert done.json()["policy"] == before | {
        "levels": before["levels"] | {"ADWARE": {"risk": "HIGH", "response": "silent"}}
    }


def test_more_than_was_expected_is_not_done(ours: Program, path: str) -> None:
    policy = ours.read(path)
    wanted = lower(policy) | {"parameters": policy["parameters"] | {"minimum_ios": "18"}}
    for threats, devices in ((0, 1), (1, 0)):
        answer = apply(ours, path, wanted, threats, devices)
        assert (answer.status_code, answer.json()["code"]) == (409, "counts_exceeded")
    assert ours.read(path) == policy


def test_a_policy_that_changed_meanwhile_is_not_overwritten(ours: Program, path: str) -> None:
    policy = ours.read(path)
    seen = ours.get(path).headers["etag"]
    assert apply(ours, path, lower(policy)).status_code == 200
    late = apply(ours, path, lower(policy, "LOW"), match=seen)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    blind = ours.ask("PUT", path, policy, params={"most_threats": 9, "most_devices": 9})
    assert (blind.status_code, blind.json()["code"]) == (428, "precondition_required")


NO_POLICIES: list[tuple[Any, int, str]] = [
    ({"levels": {"NO_SUCH": {"risk": "LOW", "response": "alert"}}}, 422, "NO_SUCH"),
    ({"levels": {"TROJAN": {"risk": "LOW", "response": "block_and_alert"}}}, 422, "web content"),
    ({"levels": {"TROJAN": {"risk": "WORST", "response": "alert"}}}, 400, "$.levels"),
    ({"level": {}}, 400, "level"),
    ({"parameters": {"minimum_android": "new", "minimum_ios": "17", "patch_age_days": 9}}, 422, "new"),
    ({"parameters": {"minimum_android": "13", "minimum_ios": "17", "patch_age_days": 0}}, 400, "$.param"),
]


def test_what_cannot_be_a_policy_is_named(ours: Program, path: str) -> None:
    before = ours.read(path)
    for policy, status, words in NO_POLICIES:
        answer = apply(ours, path, policy)
        assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    assert ours.read(path) == before


def test_a_large_change_is_applied_by_a_job(
    ours: Program, world: World, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_policy, "LARGEST", 0)
    monkeypatch.setattr(jobs, "defer", lambda *_job, **_given: True)
    policy = ours.read(path)
    assert ours.post(f"{path}/diff", lower(policy)).json()["in_background"] is True
    begun = apply(ours, path, lower(policy))
    assert begun.status_code == 202
    place = begun.headers["location"].removeprefix("/api/v1")
    assert ours.read(place) == begun.json()
    assert (begun.json()["status"], begun.json()["threats"]) == ("applying", 1)
    assert ours.read(path) == policy
    again = apply(ours, path, lower(policy, "LOW"))
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    taken_back = apply(ours, path, policy)
    assert taken_back.status_code == 409, (
        "it is not in force to stay: the change that is on its way comes after it"
    )
    with database.tenant(world.tenant_id):
        wish = PolicyWish.objects.get(finished_at=None)
    policy_wish.apply_wish(str(world.tenant_id), str(wish.id))
    assert ours.read(place)["status"] == "applied"
    assert ours.read(path) == lower(policy)
    with database.tenant(world.tenant_id):
        made = Event.objects.get(action="policy.levels_changed")
    assert (made.actor_type, made.actor_id) == ("SYSTEM", str(ours.key_id)), "the key stays who did it"
