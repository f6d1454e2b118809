"""Check-in with Intune over HTTP, and the way from a partner's toggle to a blocked sign-in."""

import time
from typing import Any

import pytest
from tests.support.lab import Lab
from tests.support.lab_scene import Partner, Scene, health


@pytest.fixture
def scene(lab: Lab) -> Scene:
    return Scene(lab)


def check_in(scene: Scene, **body: Any) -> dict[str, Any]:
    return dict(
        scene.lab.post(f"/tenants/{scene.tenant}/intune/check-in", {"device_id": scene.phone["id"], **body})
    )


def compliance_policy(scene: Scene, **changes: Any) -> None:
    form = {
        "name": "MTD",
        "kind": "androidWorkProfileCompliancePolicy",
        "level": "low",
        "grace_days": "0",
        "all_users": "on",
    } | changes
    answer = scene.lab.client.post(f"/portal/{scene.tenant}/compliance/new", data=form)
    assert answer.status_code == 303, answer.text


def test_a_phone_says_what_it_is_and_is_judged(scene: Scene) -> None:
    compliance_policy(scene, level="", minimum_os="15", password="on")
    bad = check_in(scene, osVersion="14", hasPasscode=True)
    assert (bad["complianceState"], bad["isCompliant"]) == ("noncompliant", False)
    assert "at least 15 required" in str(bad["policies"])
    good = check_in(scene, osVersion="15", hasPasscode=True)
    assert (good["complianceState"], good["isCompliant"]) == ("compliant", True)


@pytest.mark.parametrize("key", ["id", "device_id"])
def test_both_ids_of_entra_are_taken(scene: Scene, key: str) -> None:
    assert check_in(scene, device_id=scene.phone[key])["complianceState"] == "compliant"


def test_everybody_checks_in(scene: Scene) -> None:
    answer = scene.lab.post(f"/tenants/{scene.tenant}/intune/check-in", {"all": True})
    assert answer["checked_in"] > 20


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"device_id": "nothing"}, 404), ({"osVersion": 15}, 400), ({"isEncrypted": "yes"}, 400)],
)
def test_bad_check_ins(scene: Scene, body: dict[str, Any], status: int) -> None:
    whole = body if "device_id" in body or not body else {"device_id": scene.phone["id"], **body}
    answer = scene.lab.client.post(f"/lab/tenants/{scene.tenant}/intune/check-in", json=whole)
    assert answer.status_code == status


def test_a_threat_level_blocks_mail_and_lets_it_in_again(scene: Scene) -> None:
    """Way 3: partner's report, Intune's compliance, conditional access."""
    partner = Partner(scene.lab)
    connector = partner.put("tenant", {"provisioned": True})["connectorId"]
    toggles = {"android_enabled": "on", "partner_unresponsiveness_threshold_in_days": "7"}
    scene.lab.client.post(f"/portal/{scene.tenant}/connectors/{connector}", data=toggles)
    compliance_policy(scene)
    scene.policy(filter_mode="", filter_rule="", grant="grant", controls=["compliantDevice"])
    partner.outcome(partner.upload(health(scene.phone["device_id"], "secured", "2026-01-01T00:00:00Z")))
    assert scene.decide()["allowed"]
    partner.outcome(partner.upload(health(scene.phone["device_id"], "highSeverity", "2026-01-01T00:01:00Z")))
    blocked = scene.decide()
    assert (blocked["allowed"], blocked["error_code"]) == (False, 53000)
    partner.outcome(partner.upload(health(scene.phone["device_id"], "secured", "2026-01-01T00:02:00Z")))
    assert scene.decide()["allowed"]


def test_the_clockwork_ends_a_grace_period_without_a_check_in(scene: Scene) -> None:
    compliance_policy(scene, level="", minimum_os="99", grace_days="1")
    assert check_in(scene)["complianceState"] == "inGracePeriod"
    assert scene.decide()["allowed"]
    scene.lab.post("/clock", {"offset_seconds": 86_401})
    state = ""
    deadline = time.monotonic() + 5
    while state != "noncompliant" and time.monotonic() < deadline:
        device = scene.lab.get(f"/tenants/{scene.tenant}/devices/{scene.phone['id']}")
        state = device["managed"]["compliance_state"]
        time.sleep(0.05)
    assert state == "noncompliant"
