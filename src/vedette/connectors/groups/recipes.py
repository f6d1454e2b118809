"""Pure: the rules that act on the groups, ready to paste (microsoft.md 2.4, 4.2, 4.7).

A compliance policy that cannot be met asks for an operating system that does not exist. It is assigned to the group
of phones, which Intune allows for everything but the device threat level.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vedette.connectors.microsoft_apps import ENROLLMENT_APPS

NO_SUCH_VERSION: Final = "99"
KINDS: Final[Mapping[str, str]] = {
    "androidWorkProfileCompliancePolicy": "Android work profile",
    "androidDeviceOwnerCompliancePolicy": "Android, company-owned (Graph beta)",
    "iosCompliancePolicy": "iOS and iPadOS",
}
BREAK_GLASS: Final = "OBJECT-ID-OF-YOUR-EMERGENCY-ACCOUNTS-GROUP"


def cannot_be_met(kind: str) -> str:
    """Return a compliance policy of a Graph type that no phone meets, at once noncompliant."""
    rule = {
        "ruleName": "OsVersion",
        "scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}],
    }
    return _json(
        {
            "@odata.type": f"#microsoft.graph.{kind}",
            "displayName": f"MTD - phones at risk - {KINDS[kind]}",
            "description": "Cannot be met: assigned to the group of phones at risk only.",
            "osMinimumVersion": NO_SUCH_VERSION,
            "scheduledActionsForRule": [rule],
        }
    )


def assignment(groups: Sequence[str]) -> str:
    """Return the body that assigns such a policy to the groups of phones."""
    target = "#microsoft.graph.groupAssignmentTarget"
    return _json({"assignments": [{"target": {"@odata.type": target, "groupId": group}} for group in groups]})


def block_people(groups: Sequence[str], spared: Sequence[str], client_id: str) -> str:
    """Return the conditional-access policy that blocks the groups of people, in report-only."""
    ours = [client_id] if client_id else []
    conditions: dict[str, Any] = {
        "clientAppTypes": ["all"],
        "applications": {"includeApplications": ["All"], "excludeApplications": [*ENROLLMENT_APPS, *ours]},
        "users": {
            "includeGroups": list(groups),
            "excludeGroups": [BREAK_GLASS],
            "excludeUsers": list(spared),
        },
    }
    return _json(
        {
            "displayName": "MTD - block people whose phone is at risk",
            "state": "enabledForReportingButNotEnforced",
            "conditions": conditions,
            "grantControls": {"operator": "OR", "builtInControls": ["block"]},
        }
    )


def _json(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)
