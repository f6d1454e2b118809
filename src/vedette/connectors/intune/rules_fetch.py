"""Reading the tenant's rules and threat-defense connectors from Graph, reduced to what is looked at.

Conditional access allows one call a second (foundation.throttle's policy gate): one listing is read, names are
looked up in the directory. Compliance policies are read from beta, where alone the policies of company-owned
Android phones are listed (microsoft.md 2.4).
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from vedette.connectors.intune import partner_warning, readings
from vedette.connectors.intune.readings import Kind
from vedette.foundation.graph import Graph, GraphError

RULES: Final = "rules"
COMPLIANCE: Final = "compliance"
CONNECTORS: Final = "mtd_connectors"
POLICIES_PATH: Final = "/identity/conditionalAccess/policies"
COMPLIANCE_PATH: Final = "/beta/deviceManagement/deviceCompliancePolicies"
CONNECTORS_PATH: Final = "/deviceManagement/mobileThreatDefenseConnectors"
MOST_NAMES: Final = 200
_KEPT: Final = ("id", "displayName", "state", "conditions", "grantControls")
_MOBILE: Final = ("android", "ios", "aosp")


def rules(graph: Graph, _tenant_id: uuid.UUID) -> dict[str, Any]:
    """Read the conditional-access policies with a device filter, and the names of whom they cover."""
    policies = list(graph.pages(POLICIES_PATH))
    kept = [{name: policy.get(name) for name in _KEPT} for policy in policies if _filtered(policy)]
    return {"policies": kept, "others": len(policies) - len(kept), "names": _names(graph, _people(kept))}


def _filtered(policy: Mapping[str, Any]) -> bool:
    devices = (policy.get("conditions") or {}).get("devices") or {}
    return bool((devices.get("deviceFilter") or {}).get("rule"))


def _people(policies: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for policy in policies:
        users = (policy.get("conditions") or {}).get("users") or {}
        for kind, path in (("Users", "/users"), ("Groups", "/groups")):
            for each in [*(users.get(f"include{kind}") or []), *(users.get(f"exclude{kind}") or [])]:
                if _is_guid(str(each)):
                    found[str(each)] = f"{path}/{each}?$select=id,displayName"
    return dict(list(found.items())[:MOST_NAMES])


def compliance(graph: Graph, _tenant_id: uuid.UUID) -> dict[str, Any]:
    """Read the compliance policies for phones with their assignments."""
    kept: list[dict[str, Any]] = []
    groups: dict[str, str] = {}
    for policy in graph.pages(COMPLIANCE_PATH):
        kind = str(policy.get("@odata.type", "")).rpartition(".")[2]
        if not kind.startswith(_MOBILE):
            continue
        targets = [
            row.get("target") or {} for row in graph.pages(f"{COMPLIANCE_PATH}/{policy['id']}/assignments")
        ]
        assigned = [str(t.get("groupId") or _everybody(t)) for t in targets if not _excludes(t)]
        groups |= {each: f"/groups/{each}?$select=id,displayName" for each in assigned if _is_guid(each)}
        level = "deviceThreatProtectionRequiredSecurityLevel"
        names = ("@odata.type", "id", "displayName", "deviceThreatProtectionEnabled", level)
        kept.append({name: policy.get(name) for name in names} | {"assigned": assigned})
    return {"policies": kept, "names": _names(graph, dict(list(groups.items())[:MOST_NAMES]))}


def _everybody(target: Mapping[str, Any]) -> str:
    kind = str(target.get("@odata.type", ""))
    return {"#microsoft.graph.allDevicesAssignmentTarget": "All devices"}.get(kind, "All users")


def _excludes(target: Mapping[str, Any]) -> bool:
    return str(target.get("@odata.type", "")).endswith("exclusionGroupAssignmentTarget")


def connectors(graph: Graph, _tenant_id: uuid.UUID) -> dict[str, Any]:
    """Read the tenant's threat-defense connectors."""
    return {"connectors": list(graph.pages(CONNECTORS_PATH))}


def _names(graph: Graph, paths: Mapping[str, str]) -> dict[str, str]:
    """Look names up; what may not be read keeps its ID."""
    try:
        return {key: str(row["displayName"]) for key, row in graph.batch_get(paths) if row.get("displayName")}
    except GraphError:
        return {}


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


readings.KINDS[RULES] = Kind(rules)
readings.KINDS[COMPLIANCE] = Kind(compliance)
readings.KINDS[CONNECTORS] = Kind(connectors, after=partner_warning.warn)
