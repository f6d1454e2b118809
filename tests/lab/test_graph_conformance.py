"""Every property that the lab emits exists in Graph's metadata with a value of its type."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lab.conftest import App
from tests.lab.test_graph_intune import ALL as INTUNE
from tests.lab.test_graph_intune import COMPLIANCE, CONNECTORS, DEVICES, RULES, policy, rule

from vedette_lab.graph.properties import DEVICE, GROUP, USER, managed_kind

NOT_IN_V1_METADATA = {("device", "extensionAttributes")}
"""Documented and accepted in v1.0, absent from its metadata (microsoft.md 0, 3)."""

CHECKS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "date-time": lambda value: bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", str(value))),
    "guid": lambda value: bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(value))),
}


class Metadata:
    """Types of Graph as extracted, with inherited properties."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _read(self, name: str) -> dict[str, Any] | None:
        for folder in ("json-v1.0", "json-beta"):
            path = self._folder / folder / f"{name[0].lower()}{name[1:]}.json"
            if path.exists():
                return dict(json.loads(path.read_text()))
        return None

    def properties(self, name: str) -> dict[str, Any]:
        found = self._read(name)
        assert found is not None, name
        mine: dict[str, Any] = {"id": {"type": "string"}} if name in {"entity", "Entity"} else {}
        for base in found.get("base", ()):
            if self._read(base):
                mine |= self.properties(base)
        return {**mine, "id": {"type": "string"}, **found["properties"]}

    def members(self, name: str) -> set[str] | None:
        """Return the members of an enumeration, None for one that was not extracted."""
        found = self._read(name)
        return {row["value"] for row in found["members"]} if found else None

    def complaints(self, value: dict[str, Any], name: str) -> Iterator[str]:
        """Yield what of a JSON object is not in the type."""
        known = self.properties(name)
        for key, item in value.items():
            if key.startswith("@odata") or item is None or (name, key) in NOT_IN_V1_METADATA:
                continue
            if key not in known:
                yield f"{name}.{key} does not exist"
            else:
                yield from self._value(f"{name}.{key}", item, known[key])

    def _value(self, where: str, value: Any, row: dict[str, Any]) -> Iterator[str]:
        kind = row["type"]
        if kind.startswith("array"):
            if not isinstance(value, list):
                yield f"{where} is no list"
                return
            inner = {"type": kind.removeprefix("array<").removesuffix(">"), "of": row.get("of")}
            for item in value:
                yield from self._value(where, item, inner)
        elif kind == "enum":
            members = self.members(row["of"])
            if members is not None and value not in members:
                yield f"{where}: '{value}' is no member of {row['of']}"
        elif kind == "object":
            if isinstance(value, dict) and self._read(row["of"]):
                actual = str(value.get("@odata.type", "")).rpartition(".")[2] or row["of"]
                yield from self.complaints(value, actual)
        elif kind in CHECKS and not CHECKS[kind](value):
            yield f"{where}: '{value}' is no {kind}"


@pytest.fixture(scope="module")
def metadata(shared_dir: Path) -> Metadata:
    return Metadata(shared_dir / "specs/graph")


@pytest.fixture
def graph(app: App) -> App:
    app.consent(*INTUNE, "User.Read.All", "Device.ReadWrite.All")
    return app


def check(metadata: Metadata, rows: list[dict[str, Any]], name: str) -> None:
    assert rows, name
    assert [complaint for row in rows for complaint in metadata.complaints(row, name)] == []


def test_every_property_of_the_directory(graph: App, metadata: Metadata) -> None:
    for path, kind in (("/users", USER), ("/groups", GROUP), ("/devices", DEVICE)):
        rows = graph.get(path, select=",".join(kind.getters), top="999")["value"]
        assert set(rows[0]) == set(kind.getters)
        check(metadata, rows, kind.name.rpartition(".")[2])


def test_every_property_of_managed_devices(graph: App, metadata: Metadata) -> None:
    names = ",".join(managed_kind({}).getters)
    check(metadata, graph.get(DEVICES, select=names)["value"], "managedDevice")


def test_members_carry_their_type(graph: App, metadata: Metadata) -> None:
    path = f"/groups/{graph.tenant['groups']['enrollment']}/transitiveMembers"
    for row in graph.get(path, top="999")["value"]:
        check(metadata, [row], row["@odata.type"].rpartition(".")[2])


def test_compliance_policies(graph: App, metadata: Metadata) -> None:
    for name in ("android", "androidWorkProfile", "ios"):
        body = policy(**{"@odata.type": f"#microsoft.graph.{name}CompliancePolicy"})
        made = graph.call("POST", COMPLIANCE, json=body).json()
        check(metadata, [made], f"{name}CompliancePolicy")
        target = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
        path = f"{COMPLIANCE}/{made['id']}"
        assigned = graph.call("POST", f"{path}/assign", json={"assignments": [{"target": target}]})
        check(metadata, assigned.json()["value"], "deviceCompliancePolicyAssignment")
        actions = graph.get(f"{path}/scheduledActionsForRule")["value"]
        check(metadata, actions, "deviceComplianceScheduledActionForRule")


def test_states_of_compliance(graph: App, metadata: Metadata) -> None:
    phone = graph.lab.get(f"/tenants/{graph.tid}/devices", story=1)[0]
    body = policy(**{"@odata.type": "#microsoft.graph.androidCompliancePolicy", "osMinimumVersion": "99"})
    made = graph.call("POST", COMPLIANCE, json=body).json()
    target = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    graph.call("POST", f"{COMPLIANCE}/{made['id']}/assign", json={"assignments": [{"target": target}]})
    path = f"{DEVICES}/{phone['managed']['id']}"
    graph.call("POST", f"{path}/syncDevice")
    states = graph.get(f"{path}/deviceCompliancePolicyStates")["value"]
    check(metadata, states, "deviceCompliancePolicyState")
    check(metadata, [graph.get(path)], "managedDevice")


def test_connectors_rules_principals_and_the_organisation(graph: App, metadata: Metadata) -> None:
    body = {"id": "2c7790de-8b02-4814-85cf-e0c59380dee8", "androidEnabled": True}
    check(metadata, [graph.call("POST", CONNECTORS, json=body).json()], "mobileThreatDefenseConnector")
    check(metadata, [graph.call("POST", RULES, json=rule()).json()], "conditionalAccessPolicy")
    principals = graph.get("/servicePrincipals")["value"]
    check(metadata, principals, "servicePrincipal")
    own = f"/servicePrincipals(appId='{graph.client_id}')/appRoleAssignments"
    check(metadata, graph.get(own)["value"], "appRoleAssignment")
    intune = "/servicePrincipals(appId='0000000a-0000-0000-c000-000000000000')/endpoints"
    check(metadata, graph.get(intune)["value"], "endpoint")
    check(metadata, graph.get("/organization")["value"], "organization")
    settings = graph.get("/deviceManagement")["settings"]
    check(metadata, [settings], "deviceManagementSettings")


def test_the_check_itself_finds_what_is_wrong(metadata: Metadata) -> None:
    wrong = {"id": 5, "complianceState": "fine", "isEncrypted": "yes", "colour": "red"}
    assert len(list(metadata.complaints(wrong, "managedDevice"))) == 4
