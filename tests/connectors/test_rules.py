"""Rules, compliance policies and other partners read back from the lab's Microsoft over HTTP."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.connectors.conftest import PARTNER
from tests.connectors.scene import Scene
from tests.support.microsoft import PERMISSIONS
from tests.support.world import ADA

from vedette.compliance import mode
from vedette.connectors.intune import enforcement, partner_warning, readings
from vedette.connectors.intune.enforcement import Enforcement
from vedette.connectors.intune.rules_fetch import COMPLIANCE, CONNECTORS, RULES
from vedette.connectors.intune.rules_read import demand
from vedette.foundation import config, database, throttle
from vedette.foundation.graph import Graph

READ_BACK = [*PERMISSIONS, *PARTNER, "Policy.Read.All"]
WRITE = ["DeviceManagementConfiguration.ReadWrite.All", "DeviceManagementServiceConfig.ReadWrite.All"]
LOOKOUT, DEFENDER = "2c7790de-8b02-4814-85cf-e0c59380dee8", "fc780465-2017-40d4-a0c5-307022471b92"


@pytest.fixture
def readable(scene: Scene) -> Iterator[Scene]:
    grant(scene, [*READ_BACK, *WRITE])
    scene.set_up()
    scene.add_group("Company Phones")
    yield scene
    grant(scene, [*PERMISSIONS, *PARTNER])


def grant(scene: Scene, permissions: list[str]) -> None:
    body = {"client_id": scene.microsoft.client_id, "permissions": permissions}
    scene.lab.post(f"{scene.path}/consents", body)


def make_rule(scene: Scene, text: str, state: str = "enabled") -> None:
    body = {
        "displayName": "MTD - block",
        "state": state,
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": ["All"]},
            "users": {
                "includeGroups": [str(scene.group("Company Phones")["id"])],
                "excludeGroups": [str(scene.organisation.groups["full"])],
            },
            "platforms": {"includePlatforms": ["android", "iOS"]},
            "devices": {"deviceFilter": {"mode": "include", "rule": text}},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    }
    scene.lab.post(f"{scene.path}/ca-policies", body)


def enforced(scene: Scene) -> Enforcement:
    with database.tenant(scene.tenant_id):
        return enforcement.of(scene.connector())


def test_a_rule_is_read_back_with_names_and_judged(readable: Scene) -> None:
    assert enforced(readable).source == "unknown"
    readings.read(readable.tenant_id, RULES)
    assert enforced(readable).nothing_enforces
    make_rule(readable, 'device.extensionAttribute1 -eq "mtd:high"', "enabledForReportingButNotEnforced")
    readings.read(readable.tenant_id, RULES)
    assert (enforced(readable).state, enforced(readable).nothing_enforces) == ("report_only", True)
    make_rule(readable, 'device.extensionAttribute1 -notIn ["mtd:secured","mtd:low"]')
    make_rule(readable, 'device.model -eq "Pixel"')
    known = readings.read(readable.tenant_id, RULES)
    found = enforced(readable)
    assert (found.source, found.state, found.minimum, found.fail_closed) == (
        "read",
        "enabled",
        "medium",
        True,
    )
    with database.tenant(readable.tenant_id):
        rules = enforcement.rules(readable.connector(), known)
    assert [rule.covers for rule in rules] == [("Company Phones",)] * 2
    assert all(len(rule.excludes) == 1 and "-" not in rule.excludes[0][:9] for rule in rules)
    readable.save(attribute_number=2)
    assert enforced(readable).nothing_enforces, "the rules look at another attribute now"


def test_without_the_permission_the_administrator_says_what_holds(readable: Scene) -> None:
    make_rule(readable, 'device.extensionAttribute1 -eq "mtd:high"')
    readings.read(readable.tenant_id, RULES)
    readable.fault("GET /v1.0/identity", status=503)
    readings.read(readable.tenant_id, RULES)
    assert enforced(readable).enforces, "an outage keeps what is known"
    readable.mend()
    grant(readable, PERMISSIONS)
    Graph(readable.organisation.id).fresh_token()
    known = readings.read(readable.tenant_id, RULES)
    assert known.problem["status"] == 403
    assert enforced(readable).source == "unknown"
    readable.save(declared_minimum="medium")
    found = enforced(readable)
    assert (found.source, found.enforces, found.minimum) == ("declared", True, "medium")
    readable.save(declared_minimum="none")
    assert (enforced(readable).enforces, enforced(readable).nothing_enforces) == (False, False)


def test_rules_are_due_daily_and_after_arming(readable: Scene, move_clock: Any) -> None:
    readable.beat()
    readings.read_due(readable.tenant_id)
    assert RULES not in readings.read_due(readable.tenant_id)
    move_clock(25 * 3600)
    assert {RULES, COMPLIANCE, CONNECTORS} <= set(readings.read_due(readable.tenant_id))
    mode.arm(readable.tenant_id, ADA)
    assert set(readings.read_due(readable.tenant_id)) == {RULES, COMPLIANCE}


def test_conditional_access_is_asked_once_a_second(readable: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VEDETTE_GRAPH_LIMITS")
    config.current.cache_clear()
    throttle.forget()
    since, began = readable.mark(), time.monotonic()
    for _ in range(3):
        readings.read(readable.tenant_id, RULES)
    took = time.monotonic() - began
    asked = readable.requests("GET", "/identity/conditionalAccess", since=since)
    assert len(asked) == 3
    assert took >= 2


@pytest.mark.parametrize(
    ("required", "minimum"), [("medium", "high"), ("low", "medium"), ("secured", "low"), ("high", "")]
)
def test_compliance_policies_are_read_with_their_minimum_level(
    readable: Scene, required: str, minimum: str
) -> None:
    graph = Graph(readable.organisation.id)
    graph.fresh_token()
    made = graph.post("/beta/deviceManagement/deviceCompliancePolicies", body_of(required))
    group = str(readable.group("Company Phones")["id"])
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    path = f"/beta/deviceManagement/deviceCompliancePolicies/{made['id']}/assign"
    graph.post(path, {"assignments": [{"target": target}]})
    known = readings.read(readable.tenant_id, COMPLIANCE)
    (found,) = [demand(row, known.data["names"]) for row in known.data["policies"] if row["id"] == made["id"]]
    assert (found.name, found.required, found.minimum) == ("MTD", required, minimum)
    assert (found.platform, found.assigned) == ("android", ("Company Phones",))


def body_of(required: str) -> dict[str, Any]:
    rule = {
        "ruleName": "x",
        "scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}],
    }
    return {
        "@odata.type": "#microsoft.graph.androidDeviceOwnerCompliancePolicy",
        "displayName": "MTD",
        "deviceThreatProtectionEnabled": True,
        "deviceThreatProtectionRequiredSecurityLevel": required,
        "scheduledActionsForRule": [rule],
    }


def test_the_tenants_connectors_are_read(readable: Scene) -> None:
    graph = Graph(readable.organisation.id)
    graph.fresh_token()
    for identifier in (LOOKOUT, DEFENDER):
        body = {"@odata.type": "#microsoft.graph.mobileThreatDefenseConnector", "androidEnabled": True}
        graph.post("/deviceManagement/mobileThreatDefenseConnectors", {**body, "id": identifier})
    known = readings.read(readable.tenant_id, CONNECTORS)
    assert {row["id"] for row in known.data["connectors"]} >= {LOOKOUT, DEFENDER}


def test_two_partners_on_one_platform_are_told_once_and_end(scene: Scene) -> None:
    def partner(identifier: str, *, android: bool) -> dict[str, Any]:
        return {"id": identifier, "partnerState": "enabled", "androidEnabled": android}

    both = {"connectors": [partner(LOOKOUT, android=True), partner(DEFENDER, android=True)]}
    for _ in range(2):
        partner_warning.warn(scene.tenant_id, both)
    (error,) = scene.errors(source="partners", resolved_at=None)
    assert (error.code, error.words["platform"]) == ("two_partners:android", "Android")
    assert len(scene.notifications(kind="error")) == 1, "told once"
    one = {"connectors": [partner(LOOKOUT, android=True), partner(DEFENDER, android=False)]}
    partner_warning.warn(scene.tenant_id, one)
    assert scene.errors(source="partners", resolved_at=None) == []
