from typing import Any

import pytest
from tests.lab.conftest import App

ALL = (
    *("DeviceManagementManagedDevices.Read.All", "DeviceManagementServiceConfig.ReadWrite.All"),
    *("DeviceManagementConfiguration.ReadWrite.All", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"),
    *("Application.Read.All", "Organization.Read.All", "GroupMember.Read.All"),
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
)
DEVICES = "/deviceManagement/managedDevices"
CONNECTORS = "/deviceManagement/mobileThreatDefenseConnectors"
COMPLIANCE = "/deviceManagement/deviceCompliancePolicies"
RULES = "/identity/conditionalAccess/policies"


@pytest.fixture
def graph(app: App) -> App:
    app.consent(*ALL)
    return app


@pytest.fixture
def phone(graph: App) -> dict[str, Any]:
    return dict(graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0])


def test_managed_devices_point_to_their_entra_device_and_user(graph: App, phone: dict[str, Any]) -> None:
    found = graph.get(f"{DEVICES}/{phone['managed']['id']}")
    assert found["azureADDeviceId"] == phone["device_id"]
    assert (found["userId"], found["userPrincipalName"]) == (phone["owner_ids"][0], phone["upn"])
    mine = graph.get(f"/users/{phone['upn']}/managedDevices")["value"]
    assert phone["managed"]["id"] in {row["id"] for row in mine}


def test_unsupported_filters_are_ignored_as_in_the_field(graph: App, phone: dict[str, Any]) -> None:
    everything = len(graph.get(DEVICES)["value"])
    assert len(graph.get(DEVICES, filter="userId eq 'nobody'")["value"]) == everything
    one = f"azureADDeviceId eq '{phone['device_id']}'"
    assert [row["id"] for row in graph.get(DEVICES, filter=one)["value"]] == [phone["managed"]["id"]]
    other = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[1]["device_id"]
    both = f"{one} or azureADDeviceId eq '{other}'"
    assert len(graph.get(DEVICES, filter=both)["value"]) == 1


def test_a_notification_shows_in_company_portal_and_is_beta_only(graph: App, phone: dict[str, Any]) -> None:
    path = f"{DEVICES}/{phone['managed']['id']}/sendCustomNotificationToCompanyPortal"
    body = {"notificationTitle": "Blocked", "notificationBody": "Remove the app TheSpy."}
    assert graph.call("POST", path, json=body).status_code == 400, "v1.0 does not know it"
    url = f"{graph.lab.url}/beta{path}"
    assert graph.call("POST", url, json={**body, "notificationBody": " "}).status_code == 400
    assert graph.call("POST", url, json=body).status_code == 204
    page = graph.lab.client.get(f"/phone/{graph.tid}", params={"user": phone["upn"]}).text
    assert "Remove the app TheSpy." in page
    actions = graph.get(f"{DEVICES}/{phone['managed']['id']}")["deviceActionResults"]
    assert [row["actionName"] for row in actions] == ["sendCustomNotificationToCompanyPortal"]


def test_a_late_membership_reaches_compliance_late(graph: App, phone: dict[str, Any]) -> None:
    graph.consent(*ALL, "GroupMember.ReadWrite.All", "Device.ReadWrite.All")
    group = graph.lab.post(f"/tenants/{graph.tid}/groups", {"display_name": "At risk"})["id"]
    body = {
        "@odata.type": "#microsoft.graph.androidWorkProfileCompliancePolicy",
        "displayName": "Cannot be met",
        "osMinimumVersion": "99",
        "scheduledActionsForRule": [
            {
                "ruleName": "OsVersion",
                "scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}],
            }
        ],
    }
    made = graph.call("POST", COMPLIANCE, json=body).json()["id"]
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    graph.call("POST", f"{COMPLIANCE}/{made}/assign", json={"assignments": [{"target": target}]})
    graph.lab.post("/switches", {"membership_delay_seconds": 300})
    address = f"https://graph.microsoft.com/v1.0/directoryObjects/{phone['id']}"
    graph.call("POST", f"/groups/{group}/members/$ref", json={"@odata.id": address})
    sync = f"{DEVICES}/{phone['managed']['id']}"
    seen = []
    for seconds in (0, 400):
        graph.lab.post("/clock", {"offset_seconds": seconds})
        graph.call("POST", f"{sync}/syncDevice")
        seen.append(graph.get(sync)["complianceState"] == "noncompliant")
    assert seen == [False, True]


def test_detected_apps_are_named_only_and_per_phone_in_beta(graph: App, phone: dict[str, Any]) -> None:
    managed = phone["managed"]
    app = {"name": "TheSpy", "publisher": "", "version": "9"}
    change = {"managed": {"apps": [*managed["apps"], app]}}
    graph.lab.patch(f"/tenants/{graph.tid}/devices/{phone['id']}", change)
    listed = graph.get("/deviceManagement/detectedApps", filter="displayName eq 'nothing'")["value"]
    (found,) = [row for row in listed if row["displayName"] == "TheSpy"]
    assert (found["deviceCount"], found["publisher"]) == (1, "")
    assert len(listed) > 1, "the filter is ignored"
    (owner,) = graph.get(f"/deviceManagement/detectedApps/{found['id']}/managedDevices")["value"]
    assert (owner["id"], owner["userId"]) == (managed["id"], "")
    assert owner["azureADDeviceId"] != phone["device_id"]
    path = f"{DEVICES}/{managed['id']}/detectedApps"
    assert graph.call("GET", path).status_code == 400
    assert "TheSpy" in {row["displayName"] for row in graph.call("GET", f"/beta{path}").json()["value"]}


def test_intune_pages_hold_a_thousand(graph: App) -> None:
    assert graph.call("GET", DEVICES, params={"$top": "1000"}).status_code == 200
    page = graph.get(DEVICES, top="5")
    assert len(page["value"]) == 5
    assert graph.call("GET", page["@odata.nextLink"]).json()["value"][0]["id"] not in {
        row["id"] for row in page["value"]
    }


def test_hidden_properties_come_when_selected(graph: App, phone: dict[str, Any]) -> None:
    path = f"{DEVICES}/{phone['managed']['id']}"
    assert "udid" not in graph.get(path)
    assert set(graph.get(path, select="id,udid")) == {"@odata.context", "id", "udid"}


def policy(**more: Any) -> dict[str, Any]:
    action = {"actionType": "block", "gracePeriodHours": 0}
    return {
        "@odata.type": "#microsoft.graph.androidWorkProfileCompliancePolicy",
        "displayName": "Threat level",
        "deviceThreatProtectionEnabled": True,
        "deviceThreatProtectionRequiredSecurityLevel": "medium",
        "scheduledActionsForRule": [{"ruleName": "x", "scheduledActionConfigurations": [action]}],
        **more,
    }


def test_a_compliance_policy_from_birth_to_death(graph: App) -> None:
    made = graph.call("POST", COMPLIANCE, json=policy())
    assert made.status_code == 201
    path = f"{COMPLIANCE}/{made.json()['id']}"
    group = graph.tenant["groups"]["enrollment"]
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    assigned = graph.call("POST", f"{path}/assign", json={"assignments": [{"target": target}]})
    assert assigned.json()["value"][0]["target"] == target
    assert graph.get(f"{path}/assignments")["value"] == assigned.json()["value"]
    action = graph.get(f"{path}/scheduledActionsForRule")["value"][0]
    assert action["scheduledActionConfigurations"][0]["actionType"] == "block"
    changed = graph.call("PATCH", path, json={"deviceThreatProtectionRequiredSecurityLevel": "low"})
    assert changed.json()["deviceThreatProtectionRequiredSecurityLevel"] == "low"
    assert graph.get(path)["version"] == 2
    assert graph.call("DELETE", path).status_code == 204
    assert graph.get(COMPLIANCE)["value"] == []


@pytest.mark.parametrize(
    "body",
    [
        policy(scheduledActionsForRule=None),
        policy(scheduledActionsForRule=[{"scheduledActionConfigurations": [{"actionType": "noAction"}]}]),
        policy(displayName=""),
        policy(deviceThreatProtectionRequiredSecurityLevel="severe"),
        policy(deviceThreatProtectionEnabled="yes"),
        policy(noSuchSetting=True),
        policy(**{"@odata.type": "#microsoft.graph.windowsPhonePolicy"}),
        policy(**{"@odata.type": "#microsoft.graph.androidDeviceOwnerCompliancePolicy"}),
    ],
)
def test_a_compliance_policy_that_graph_refuses(graph: App, body: dict[str, Any]) -> None:
    assert graph.call("POST", COMPLIANCE, json=body).status_code == 400
    assert graph.get(COMPLIANCE)["value"] == []


def test_a_device_owner_policy_exists_in_beta(graph: App) -> None:
    body = policy(**{"@odata.type": "#microsoft.graph.androidDeviceOwnerCompliancePolicy"})
    assert graph.call("POST", f"/beta{COMPLIANCE}", json=body).status_code == 201


def test_an_assignment_needs_a_group_that_exists(graph: App) -> None:
    path = f"{COMPLIANCE}/{graph.call('POST', COMPLIANCE, json=policy()).json()['id']}/assign"
    for target in (
        {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": "nobody"},
        {"@odata.type": "#microsoft.graph.wish"},
        None,
    ):
        assert graph.call("POST", path, json={"assignments": [{"target": target}]}).status_code == 400


def test_a_phone_is_judged_when_it_syncs(graph: App, phone: dict[str, Any]) -> None:
    body = policy(**{"@odata.type": "#microsoft.graph.androidCompliancePolicy"})
    body |= {"deviceThreatProtectionEnabled": False, "osMinimumVersion": "99"}
    path = f"{COMPLIANCE}/{graph.call('POST', COMPLIANCE, json=body).json()['id']}"
    target = {
        "@odata.type": "#microsoft.graph.groupAssignmentTarget",
        "groupId": graph.tenant["groups"]["enrollment"],
    }
    graph.call("POST", f"{path}/assign", json={"assignments": [{"target": target}]})
    managed = f"{DEVICES}/{phone['managed']['id']}"
    assert graph.get(managed)["complianceState"] == "compliant"
    assert graph.call("POST", f"{managed}/syncDevice").status_code == 204
    assert graph.get(managed)["complianceState"] == "noncompliant"
    states = graph.get(f"{managed}/deviceCompliancePolicyStates")["value"]
    assert "Threat level" in {state["displayName"] for state in states}


def test_a_connector_from_birth_to_death(graph: App) -> None:
    key = "2c7790de-8b02-4814-85cf-e0c59380dee8"
    made = graph.call("POST", CONNECTORS, json={"id": key, "androidEnabled": True})
    assert made.status_code == 201
    assert graph.call("POST", CONNECTORS, json={"id": key}).status_code == 400
    assert graph.call("POST", CONNECTORS, json={"id": "x"}).status_code == 400
    body = {"iosEnabled": True, "partnerUnresponsivenessThresholdInDays": 3, "partnerState": "enabled"}
    assert graph.call("PATCH", f"{CONNECTORS}/{key}", json=body).status_code == 200
    found = graph.get(f"{CONNECTORS}/{key}")
    assert (found["androidEnabled"], found["iosEnabled"]) == (True, True)
    assert (found["partnerUnresponsivenessThresholdInDays"], found["partnerState"]) == (3, "unavailable")
    for wrong in ({"iosEnabled": "yes"}, {"partnerUnresponsivenessThresholdInDays": 0}, {"color": "red"}):
        assert graph.call("PATCH", f"{CONNECTORS}/{key}", json=wrong).status_code == 400
    assert graph.call("DELETE", f"{CONNECTORS}/{key}").status_code == 204
    assert graph.call("GET", f"{CONNECTORS}/{key}").status_code == 404


def rule(**more: Any) -> dict[str, Any]:
    return {
        "displayName": "Block at risk",
        "state": "enabledForReportingButNotEnforced",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": ["All"]},
            "users": {"includeUsers": ["All"]},
            "platforms": {"includePlatforms": ["android", "iOS"]},
            "devices": {
                "deviceFilter": {"mode": "include", "rule": 'device.extensionAttribute1 -in ["mtd:high"]'}
            },
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
        **more,
    }


def test_a_rule_from_birth_to_death(graph: App) -> None:
    made = graph.call("POST", RULES, json=rule())
    assert made.status_code == 201
    path = f"{RULES}/{made.json()['id']}"
    assert graph.call("PATCH", path, json={"state": "enabled"}).status_code == 204
    found = graph.get(path)
    assert (found["state"], found["conditions"]) == ("enabled", rule()["conditions"])
    assert found["modifiedDateTime"] is not None
    assert graph.call("DELETE", path).status_code == 204
    assert graph.call("GET", path).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        rule(state="on"),
        rule(displayName=None),
        rule(conditions=None),
        rule(surprise=1),
        rule(
            conditions={
                **rule()["conditions"],
                "devices": {"deviceFilter": {"mode": "include", "rule": "x ="}},
            }
        ),
    ],
)
def test_a_rule_that_graph_refuses(graph: App, body: dict[str, Any]) -> None:
    assert graph.call("POST", RULES, json=body).status_code == 400


def test_what_was_granted_can_be_read(graph: App) -> None:
    principal = graph.get(f"/servicePrincipals(appId='{graph.client_id}')")
    by_filter = graph.get("/servicePrincipals", filter=f"appId eq '{graph.client_id}'")["value"]
    assert by_filter[0]["id"] == principal["id"]
    granted = graph.get(f"/servicePrincipals(appId='{graph.client_id}')/appRoleAssignments")["value"]
    resource = graph.get(f"/servicePrincipals/{granted[0]['resourceId']}")
    names = {role["id"]: role["value"] for role in resource["appRoles"]}
    assert {names[row["appRoleId"]] for row in granted} == set(ALL)


def test_the_organisation(graph: App) -> None:
    found = graph.get("/organization")["value"][0]
    assert (found["id"], found["verifiedDomains"][0]["name"]) == (graph.tid, graph.tenant["domain"])
    assert graph.get(f"/organization/{graph.tid}")["displayName"] == graph.tenant["name"]


def test_tenant_wide_settings(graph: App) -> None:
    changed = graph.call("PATCH", "/deviceManagement", json={"settings": {"secureByDefault": True}})
    assert changed.json()["settings"]["secureByDefault"] is True
    wrong = {"settings": {"secureByDefault": "yes"}}
    assert graph.call("PATCH", "/deviceManagement", json=wrong).status_code == 400


JSON = {"Content-Type": "application/json"}


def test_a_batch_answers_each_request_by_itself(graph: App) -> None:
    requests = [
        {"id": "1", "method": "GET", "url": "/groups?$top=1"},
        {"id": "2", "method": "GET", "url": "/groups/nobody", "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": "/groups", "dependsOn": ["2"]},
        {"id": "4", "method": "POST", "url": CONNECTORS, "body": {"id": "x"}, "headers": JSON},
        {"id": "5", "method": "GET", "url": "/users"},
    ]
    graph.lab.post("/faults", {"match": "GET /v1.0/users", "status": 429, "retry_after": 7})
    answer = graph.call("POST", "/$batch", json={"requests": requests})
    found = {row["id"]: row for row in answer.json()["responses"]}
    assert {key: row["status"] for key, row in found.items()} == {
        "1": 200,
        "2": 404,
        "3": 424,
        "4": 400,
        "5": 429,
    }
    assert len(found["1"]["body"]["value"]) == 1
    assert found["5"]["headers"]["retry-after"] == "7"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"requests": [{"id": str(n), "method": "GET", "url": "/groups"} for n in range(21)]},
        {"requests": [{"id": "a", "method": "GET", "url": "/x"}, {"id": "A", "method": "GET", "url": "/x"}]},
        {"requests": [{"id": "a"}]},
        {"requests": ["x"]},
    ],
)
def test_a_batch_that_is_refused(graph: App, body: dict[str, Any]) -> None:
    assert graph.call("POST", "/$batch", json=body).status_code == 400
