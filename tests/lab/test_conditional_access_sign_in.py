"""Sign-ins over HTTP: decision, log, token, and the pages of a phone."""

from typing import Any

import pytest
from tests.support.lab import Lab
from tests.support.lab_scene import Scene


@pytest.fixture
def scene(lab: Lab) -> Scene:
    return Scene(lab)


def test_an_attribute_blocks_a_phone_and_lets_it_in_again(scene: Scene) -> None:
    scene.policy()
    assert scene.decide()["allowed"]
    scene.attribute("mtd:high")
    blocked = scene.decide()
    assert (blocked["allowed"], blocked["error_code"], blocked["token"]) == (False, 53003, None)
    assert blocked["policies"][0]["name"] == "Block phones at risk"
    assert 'extensionAttribute1 is "mtd:high"' in blocked["policies"][0]["why"]
    scene.attribute(None)
    admitted = scene.decide()
    assert admitted["allowed"]
    assert admitted["token"]["expires_at"] > admitted["evaluated_at"]


def test_a_browser_without_identity_slips_through_positive_operators(scene: Scene) -> None:
    scene.policy()
    scene.attribute("mtd:high")
    assert not scene.decide(client="mailApp")["allowed"]
    assert scene.decide(client="browser", device_id=None, platform="android")["allowed"]
    scene.policy(
        name="Compliant only", filter_mode="", filter_rule="", grant="grant", controls=["compliantDevice"]
    )
    caught = scene.decide(client="browser", device_id=None, platform="android")
    assert (caught["allowed"], caught["error_code"]) == (False, 53000)
    assert scene.decide(client="browser", device_id=None, platform="windows")["allowed"]


def test_a_nested_group_counts(scene: Scene) -> None:
    lab, tenant = scene.lab, scene.tenant
    inner = lab.post(f"/tenants/{tenant}/groups", {"display_name": "Inner"})
    outer = lab.post(f"/tenants/{tenant}/groups", {"display_name": "Outer"})
    members = f"/portal/{tenant}/groups/{{}}/members"
    assert lab.client.post(members.format(inner["id"]), data={"member": scene.upn}).status_code == 303
    assert lab.client.post(members.format(outer["id"]), data={"member": inner["id"]}).status_code == 303
    scene.policy(all_users="", include_groups=[outer["id"]])
    scene.attribute("mtd:high")
    assert not scene.decide()["allowed"]


def test_disabled_accounts_and_devices_do_not_come_in(scene: Scene) -> None:
    tenant, device = scene.tenant, scene.phone["id"]
    scene.lab.client.post(f"/portal/{tenant}/devices/{device}/enable", data={"enabled": "no"})
    assert scene.decide()["error_code"] == 50097
    scene.lab.client.post(f"/portal/{tenant}/devices/{device}/enable", data={"enabled": "yes"})
    assert scene.decide()["allowed"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"tenant": "nowhere"}, 404),
        ({"tenant": None}, 400),
        ({"user_id": "nobody@example.test"}, 404),
        ({"device_id": "nothing"}, 404),
        ({"app": "fax"}, 404),
        ({"client": "fax"}, 400),
        ({"platform": "fax"}, 400),
    ],
)
def test_bad_questions_get_a_clear_answer(scene: Scene, change: dict[str, Any], status: int) -> None:
    body = {"tenant": scene.tenant, "user_id": scene.upn, "device_id": scene.phone["id"]} | change
    answer = scene.lab.client.post("/lab/decision", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_bodies_that_are_no_json_object(scene: Scene) -> None:
    for content in (b"{", b"[]", b"x" * (1 << 21)):
        assert scene.lab.client.post("/lab/decision", content=content).status_code in {400, 413}


def test_the_blocked_page_names_policy_and_reason(scene: Scene) -> None:
    scene.policy()
    scene.attribute("mtd:high")
    answer = scene.page()
    assert answer.status_code == 403
    assert (
        "You can&#39;t get there from here" in answer.text or "You can't get there from here" in answer.text
    )
    assert "Block phones at risk" in answer.text
    assert "mtd:high" in answer.text


def test_a_session_outlives_the_block_until_it_expires_or_is_revoked(scene: Scene) -> None:
    scene.policy()
    assert scene.page("session").status_code == 401
    assert scene.page().status_code == 200
    scene.attribute("mtd:high")
    blocked = scene.page()
    assert blocked.status_code == 403
    assert "session from before is still alive" in blocked.text
    assert "existing session goes on" in scene.page("session").text
    scene.lab.post("/clock", {"offset_seconds": 3700})
    assert scene.page("session").status_code == 403, "its renewal asks conditional access"


def test_a_session_renews_itself_without_asking_anybody(scene: Scene) -> None:
    assert scene.page("session").status_code == 401
    assert scene.page().status_code == 200
    scene.lab.post("/clock", {"offset_seconds": 3700})
    assert scene.page("session").status_code == 200


@pytest.mark.parametrize("at_once", [False, True])
def test_ended_sessions_need_a_sign_in_once_their_token_has_run_out_or_at_once(
    scene: Scene, *, at_once: bool
) -> None:
    scene.lab.post("/switches", {"continuous_access_evaluation": at_once})
    assert scene.page().status_code == 200
    owner = scene.phone["owner_ids"][0]
    scene.lab.client.post(f"/portal/{scene.tenant}/users/{owner}/revoke")
    assert scene.page("session").status_code == (401 if at_once else 200)
    scene.lab.post("/clock", {"offset_seconds": 3700})
    assert scene.page("session").status_code == 401, "the refresh token holds no longer"
    assert scene.page().status_code == 200


@pytest.mark.parametrize(
    "change", [{"user": "nobody"}, {"device": "", "client": "mailApp"}, {"client": "fax"}, {"app": "fax"}]
)
def test_half_filled_forms(scene: Scene, change: dict[str, str]) -> None:
    assert scene.page(**change).status_code == 400


def test_the_log_keeps_every_decision(scene: Scene) -> None:
    scene.policy()
    scene.attribute("mtd:high")
    made = scene.decide()
    page = scene.lab.client.get(f"/portal/{scene.tenant}/sign-ins/{made['sign_in_id']}").text
    assert "Block phones at risk" in page
    assert "53003" in page
