"""The simulated partner interface, over HTTP, with real tokens of the lab's Entra."""

from typing import Any
from uuid import uuid4

import pytest
from tests.support.lab import Lab
from tests.support.lab_scene import AT, SCOPE, Partner, health, threat, upload


@pytest.fixture
def partner(lab: Lab) -> Partner:
    made = Partner(lab)
    made.put("tenant", {"provisioned": True})
    return made


@pytest.fixture
def phone(lab: Lab) -> dict[str, Any]:
    devices = lab.get(f"/tenants/{lab.tenant()['id']}/devices")
    return next(each for each in devices if each["managed"] and each["platform"] == "ANDROID" and each["upn"])


def managed(lab: Lab, phone: dict[str, Any]) -> dict[str, Any]:
    return dict(lab.get(f"/tenants/{lab.tenant()['id']}/devices/{phone['id']}"))


def test_the_address_is_found_through_graph(lab: Lab) -> None:
    partner = Partner(lab, permissions=["Application.Read.All"], scope="https://graph.microsoft.com/.default")
    intune = "0000000a-0000-0000-c000-000000000000"
    answer = lab.client.get(
        f"/v1.0/servicePrincipals(appId='{intune}')/endpoints",
        headers={"Authorization": f"Bearer {partner.token}"},
    )
    assert answer.is_success, answer.text
    [found] = [
        each for each in answer.json()["value"] if each["providerName"] == "MobileThreatDefenseSimulation"
    ]
    assert found["uri"] == f"{lab.url}/partner"


def test_every_answer_says_that_it_is_a_simulation(lab: Lab, partner: Partner) -> None:
    assert partner.put("heartbeat", {"timestamp": AT})["simulation"] is True
    refused = lab.client.put(f"/partner/{partner.tenant}/heartbeat", json={})
    assert refused.status_code == 401
    assert refused.json()["simulation"] is True


@pytest.mark.parametrize(
    ("permissions", "scope", "status", "code"),
    [
        ([], SCOPE, 403, "Authorization_RequestDenied"),
        (["update_device_health"], "https://graph.microsoft.com/.default", 401, "InvalidAuthenticationToken"),
    ],
    ids=["no consent to the role", "token for Graph"],
)
def test_wrong_tokens(lab: Lab, permissions: list[str], scope: str, status: int, code: str) -> None:
    answer = Partner(lab, permissions=permissions, scope=scope).send("PUT", "tenant", {"provisioned": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_token_of_another_tenant_is_refused(lab: Lab, partner: Partner) -> None:
    fabrikam = lab.tenant("Fabrikam")["id"]
    lab.post(f"/tenants/{fabrikam}/consents", {"client_id": partner.client_id})
    partner.token = partner.get_token(fabrikam, SCOPE)
    assert partner.send("PUT", "heartbeat", {}).status_code == 403


def test_nothing_works_before_provisioning(lab: Lab) -> None:
    partner = Partner(lab)
    for path in ("heartbeat", f"messages/{uuid4()}"):
        answer = partner.send("PUT", path, upload(partner.tenant))
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "TenantNotProvisioned")


def test_provisioning_and_withdrawal_move_the_connector(partner: Partner) -> None:
    again = partner.put("tenant", {"provisioned": True})
    assert again["partnerState"] == "available"
    assert partner.put("heartbeat", {"timestamp": AT})["partnerState"] == "available"
    assert partner.put("tenant", {"provisioned": False})["partnerState"] == "unavailable"


def test_a_report_is_applied_and_shown(lab: Lab, partner: Partner, phone: dict[str, Any]) -> None:
    guid = partner.upload(health(phone["device_id"], "highSeverity"), threat(phone["device_id"]))
    found = partner.outcome(guid)
    assert found["status"] == "Completed"
    assert [each["status"] for each in found["messages"]] == ["applied", "applied"]
    assert managed(lab, phone)["managed"]["partner_reported_threat_state"] == "highSeverity"
    page = lab.client.get(f"/portal/{partner.tenant}/devices/{phone['id']}").text
    assert "High severity" in page
    assert "sends what is typed" in page


def test_each_message_answers_for_itself(lab: Lab, partner: Partner, phone: dict[str, Any]) -> None:
    stranger, wrong = health(str(uuid4()), "secured"), health(phone["device_id"], "superb")
    good = health(phone["device_id"], "lowSeverity")
    found = partner.outcome(
        partner.upload(stranger, wrong, good, threat(phone["device_id"], severity="enormous"))
    )
    assert found["status"] == "Failed"
    assert [each["errorCode"] for each in found["messages"]] == [
        "DeviceNotFound",
        "InvalidMessage",
        None,
        "InvalidMessage",
    ]
    assert "superb" in found["messages"][1]["errorDetail"]
    assert managed(lab, phone)["managed"]["partner_reported_threat_state"] == "lowSeverity"


def test_the_object_id_is_not_the_device_id(partner: Partner, phone: dict[str, Any]) -> None:
    found = partner.outcome(partner.upload(health(phone["id"], "secured")))
    assert found["messages"][0]["errorCode"] == "DeviceNotFound"


def test_an_older_report_does_not_replace_a_newer(lab: Lab, partner: Partner, phone: dict[str, Any]) -> None:
    partner.outcome(partner.upload(health(phone["device_id"], "highSeverity", "2026-01-02T00:00:00Z")))
    found = partner.outcome(partner.upload(health(phone["device_id"], "secured", "2026-01-01T00:00:00Z")))
    assert found["status"] == "Completed"
    assert found["messages"][0]["status"] == "superseded"
    assert managed(lab, phone)["managed"]["partner_reported_threat_state"] == "highSeverity"


@pytest.mark.parametrize(
    "change",
    [
        {"tenantId": "another"},
        {"uploadTime": "yesterday"},
        {"uploadTime": "2026-01-01T00:00:00"},
        {"messages": {}},
        {"messages": [1]},
        {"messages": [{}] * 1001},
    ],
    ids=["tenant", "time", "no zone", "no list", "no objects", "too many"],
)
def test_a_200_may_hide_an_error(partner: Partner, change: dict[str, Any]) -> None:
    answer = partner.put(f"messages/{uuid4()}", upload(partner.tenant) | change)
    assert (answer["status"], answer["httpStatusCode"]) == ("Failed", 400)
    assert answer["errorDetail"]


def test_a_repeated_upload_changes_nothing_and_another_body_is_refused(
    partner: Partner, phone: dict[str, Any]
) -> None:
    guid, body = str(uuid4()), upload(partner.tenant, health(phone["device_id"], "secured"))
    assert partner.put(f"messages/{guid}", body)["httpStatusCode"] == 202
    assert partner.put(f"messages/{guid}", body)["httpStatusCode"] == 202
    assert partner.put(f"messages/{guid}", upload(partner.tenant))["httpStatusCode"] == 400
    assert len(partner.outcome(guid)["messages"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "messages/00000000-0000-4000-8000-000000000000", None, 404),
        ("GET", "messages/first", None, 400),
        ("PUT", "tenant", {"provisioned": "yes"}, 400),
        ("PUT", "heartbeat", [], 400),
    ],
)
def test_bad_calls(partner: Partner, method: str, path: str, body: Any, status: int) -> None:
    answer = partner.send(method, path, body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_a_resync_is_asked_for_until_it_is_done(lab: Lab, partner: Partner) -> None:
    connector = partner.put("tenant", {"provisioned": True})["connectorId"]
    assert partner.put("heartbeat", {})["resync"] is False
    lab.client.post(f"/portal/{partner.tenant}/connectors/{connector}/resync")
    assert partner.put("heartbeat", {})["resync"] is True
    partner.upload()
    assert partner.put("heartbeat", {})["resync"] is True
    partner.upload(resync=True)
    assert partner.put("heartbeat", {})["resync"] is False


def test_silence_makes_the_connector_unresponsive(lab: Lab, partner: Partner) -> None:
    partner.put("heartbeat", {})
    lab.post("/clock", {"offset_seconds": 8 * 86400})
    page = lab.client.get(f"/portal/{partner.tenant}/connectors").text
    assert "Unresponsive" in page
    assert partner.put("heartbeat", {})["partnerState"] == "available"


def test_withdrawal_forgets_what_was_reported(lab: Lab, partner: Partner, phone: dict[str, Any]) -> None:
    partner.outcome(partner.upload(health(phone["device_id"], "highSeverity")))
    partner.put("tenant", {"provisioned": False})
    assert managed(lab, phone)["managed"]["partner_reported_threat_state"] == "unknown"
