"""Compliance policies and their assignments (microsoft.md 2.4)."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from starlette.routing import BaseRoute

from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import GraphError, not_found
from vedette_lab.graph.properties import iso
from vedette_lab.intune_model import ActionItem, Assignment, CompliancePolicy, Json, ScheduledAction
from vedette_lab.model import new_id

PATH: Final = "deviceManagement/deviceCompliancePolicies"
PREFIX: Final = "#microsoft.graph."
BETA_ONLY: Final = frozenset({"androidDeviceOwnerCompliancePolicy"})
PROPERTIES: Final[dict[str, dict[str, str | list[str]]]] = json.loads(
    files("vedette_lab.graph").joinpath("data/compliance_policies.json").read_text("utf-8")
)
"""Type to its own properties: a kind of value, or the members of an enumeration (Graph's metadata)."""

ACTIONS: Final = (
    "noAction",
    "notification",
    "block",
    "retire",
    "wipe",
    "removeResourceAccessProfiles",
    "pushNotification",
)
TARGETS: Final = (
    *("allDevicesAssignmentTarget", "allLicensedUsersAssignmentTarget"),
    *("groupAssignmentTarget", "exclusionGroupAssignmentTarget"),
)
GROUP_TARGETS: Final = TARGETS[2:]
COMMON: Final = frozenset(
    {
        "displayName",
        "description",
        "scheduledActionsForRule",
        "assignments",
        "roleScopeTagIds",
        "id",
        "version",
    }
)
KINDS: Final[dict[str, type]] = {"boolean": bool, "string": str, "integer": int}


def _bad(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)


def _policy(call: Call) -> CompliancePolicy:
    found = call.tenant.compliance_policies.get(call.param("policy"))
    if found is None:
        raise not_found(call.param("policy"))
    return found


def render_policy(policy: CompliancePolicy) -> Json:
    """Return a policy as Graph's JSON: every property of its type, null where it was never set."""
    own = dict.fromkeys(PROPERTIES[policy.odata_type.removeprefix(PREFIX)])
    own |= {name: False for name, kind in _typed(policy) if kind == "boolean"}
    level = "deviceThreatProtectionRequiredSecurityLevel"
    return {
        "@odata.type": policy.odata_type,
        "id": policy.id,
        "createdDateTime": iso(policy.created),
        "description": policy.description,
        "lastModifiedDateTime": iso(policy.modified),
        "displayName": policy.display_name,
        "version": policy.version,
        **own,
        level: "unavailable",
        **policy.settings,
    }


def _typed(policy: CompliancePolicy) -> list[tuple[str, str | list[str]]]:
    return list(PROPERTIES[policy.odata_type.removeprefix(PREFIX)].items())


def render_assignment(assignment: Assignment) -> Json:
    """Return an assignment as Graph's JSON."""
    return {"id": assignment.id, "target": assignment.target}


def render_action(action: ScheduledAction) -> Json:
    """Return a scheduled action with its configurations."""
    return {
        "id": action.id,
        "ruleName": action.rule_name,
        "scheduledActionConfigurations": [
            {
                "id": item.id,
                "gracePeriodHours": item.grace_period_hours,
                "actionType": item.action_type,
                "notificationTemplateId": item.notification_template_id,
                "notificationMessageCCList": item.notification_message_cc_list,
            }
            for item in action.configurations
        ],
    }


def check_settings(odata_type: Any, body: Mapping[str, Any], *, beta: bool) -> Json:
    """Return the settings of a body. GraphError 400 for a type, property or value that Graph does not have."""
    name = str(odata_type).removeprefix(PREFIX).removeprefix("microsoft.graph.")
    if name not in PROPERTIES or (name in BETA_ONLY and not beta):
        message = f"A type named '{odata_type}' could not be resolved by the model."
        raise _bad(message)
    settings: Json = {}
    for key, value in body.items():
        if key.startswith("@") or key in COMMON or "@odata" in key:
            continue
        kind = PROPERTIES[name].get(key)
        if kind is None:
            message = f"The property '{key}' does not exist on type 'microsoft.graph.{name}'."
            raise _bad(message)
        if value is not None and not _valid(value, kind):
            message = f"Cannot convert the value '{value}' of property '{key}'."
            raise _bad(message)
        settings[key] = value
    return settings


def _valid(value: Any, kind: str | list[str]) -> bool:
    if isinstance(kind, list):
        return value in kind
    return isinstance(value, KINDS[kind]) and not (kind == "integer" and isinstance(value, bool))


def read_actions(given: Any) -> list[ScheduledAction]:
    """Read `scheduledActionsForRule`. GraphError 400 unless there is one rule with a `block` action."""
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], dict):
        raise _bad("scheduledActionsForRule is required and must hold one rule.")
    rows = given[0].get("scheduledActionConfigurations")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _bad("scheduledActionConfigurations must be a collection.")
    items = [_action(row) for row in rows]
    if not any(item.action_type == "block" for item in items):
        raise _bad("A scheduled action of type 'block' is required.")
    return [ScheduledAction(new_id(), str(given[0].get("ruleName") or "PasswordRequired"), items)]


def _action(row: Mapping[str, Any]) -> ActionItem:
    kind, hours = row.get("actionType"), row.get("gracePeriodHours", 0)
    if kind not in ACTIONS or not isinstance(hours, int) or hours < 0:
        raise _bad("A scheduled action needs an actionType that exists and gracePeriodHours of 0 or more.")
    return ActionItem(
        id=new_id(),
        action_type=kind,
        grace_period_hours=hours,
        notification_template_id=str(row.get("notificationTemplateId") or ""),
        notification_message_cc_list=[str(name) for name in row.get("notificationMessageCCList") or []],
    )


def read_assignments(call: Call, given: Any) -> list[Assignment]:
    """Read assignments. GraphError 400 for a target that is none or a group that does not exist."""
    if not isinstance(given, list):
        raise _bad("assignments must be a collection.")
    found = []
    for row in given:
        target = row.get("target") if isinstance(row, dict) else None
        name = str(target.get("@odata.type", "")).removeprefix(PREFIX) if isinstance(target, dict) else ""
        if not isinstance(target, dict) or name not in TARGETS:
            raise _bad("An assignment needs a target with a known @odata.type.")
        if name in GROUP_TARGETS and target.get("groupId") not in call.tenant.directory.groups:
            message = f"The group '{target.get('groupId')}' does not exist."
            raise _bad(message)
        kept = {key: target[key] for key in ("@odata.type", "groupId") if key in target}
        found.append(Assignment(f"{call.param('policy')}_{kept.get('groupId', name)}", kept))
    return found


async def list_policies(call: Call) -> Json:
    """GET /deviceManagement/deviceCompliancePolicies."""
    policies = list(call.tenant.compliance_policies.values())
    if call.version == "v1.0":
        policies = [p for p in policies if p.odata_type.removeprefix(PREFIX) not in BETA_ONLY]
    return call.intune_page(policies, PATH, render_policy)


async def get_policy(call: Call) -> Json:
    """GET /deviceManagement/deviceCompliancePolicies/{id}."""
    return {"@odata.context": call.context(PATH, entity=True), **render_policy(_policy(call))}


async def create_policy(call: Call) -> Json:
    """POST /deviceManagement/deviceCompliancePolicies."""
    body = call.body()
    name = body.get("displayName")
    if not isinstance(name, str) or not name:
        raise _bad("displayName is required.")
    settings = check_settings(body.get("@odata.type"), body, beta=call.version == "beta")
    now = call.cloud.now()
    policy = CompliancePolicy(
        id=new_id(),
        odata_type=PREFIX + str(body["@odata.type"]).removeprefix(PREFIX).removeprefix("microsoft.graph."),
        display_name=name,
        description=body.get("description"),
        created=now,
        modified=now,
        settings=settings,
        scheduled_actions=read_actions(body.get("scheduledActionsForRule")),
    )
    call.tenant.compliance_policies[policy.id] = policy
    return {"@odata.context": call.context(PATH, entity=True), **render_policy(policy)}


async def change_policy(call: Call) -> Json:
    """PATCH /deviceManagement/deviceCompliancePolicies/{id}."""
    policy = _policy(call)
    body = call.body()
    settings = check_settings(policy.odata_type, body, beta=True)
    if "scheduledActionsForRule" in body:
        policy.scheduled_actions = read_actions(body["scheduledActionsForRule"])
    policy.settings |= settings
    policy.display_name = str(body.get("displayName", policy.display_name))
    policy.description = body.get("description", policy.description)
    policy.version += 1
    policy.modified = call.cloud.now()
    return {"@odata.context": call.context(PATH, entity=True), **render_policy(policy)}


async def delete_policy(call: Call) -> None:
    """DELETE /deviceManagement/deviceCompliancePolicies/{id}."""
    del call.tenant.compliance_policies[_policy(call).id]


async def assign_policy(call: Call) -> Json:
    """POST /deviceManagement/deviceCompliancePolicies/{id}/assign: replaces the assignments."""
    policy = _policy(call)
    policy.assignments = read_assignments(call, (call.body()).get("assignments"))
    return _assignments(call, policy)


async def list_assignments(call: Call) -> Json:
    """GET /deviceManagement/deviceCompliancePolicies/{id}/assignments."""
    return _assignments(call, _policy(call))


def _assignments(call: Call, policy: CompliancePolicy) -> Json:
    return call.intune_page(policy.assignments, f"{PATH}('{policy.id}')/assignments", render_assignment)


async def list_actions(call: Call) -> Json:
    """GET /deviceManagement/deviceCompliancePolicies/{id}/scheduledActionsForRule."""
    policy = _policy(call)
    path = f"{PATH}('{policy.id}')/scheduledActionsForRule"
    return call.intune_page(policy.scheduled_actions, path, render_action)


routes: list[BaseRoute] = [
    *operation("GET", f"/{PATH}", list_policies),
    *operation("POST", f"/{PATH}", create_policy, status=201),
    *operation("GET", f"/{PATH}/{{policy}}", get_policy),
    *operation("PATCH", f"/{PATH}/{{policy}}", change_policy),
    *operation("DELETE", f"/{PATH}/{{policy}}", delete_policy),
    *operation("POST", f"/{PATH}/{{policy}}/assign", assign_policy),
    *operation("GET", f"/{PATH}/{{policy}}/assignments", list_assignments),
    *operation("GET", f"/{PATH}/{{policy}}/scheduledActionsForRule", list_actions),
]
