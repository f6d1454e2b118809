"""The compliance policy's form: what somebody typed becomes a policy, or a sentence why not."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from starlette.datastructures import FormData

from vedette_lab.intune.compliance import policy_platform
from vedette_lab.intune.settings import LEVELS, version_key
from vedette_lab.intune_model import ActionItem, Assignment, CompliancePolicy, Json, ScheduledAction
from vedette_lab.model import Tenant, new_id
from vedette_lab.portal import kit
from vedette_lab.portal.kit import FormError

KINDS = {
    "androidWorkProfileCompliancePolicy": "Android Enterprise: work profile",
    "androidCompliancePolicy": "Android device administrator",
    "iosCompliancePolicy": "iOS/iPadOS",
}
LEVEL_NAMES = {"secured": "Secured", "low": "Low", "medium": "Medium", "high": "High"}
HOURS_PER_DAY = 24
MOST_HOURS = 8760
GROUP_TARGET = "#microsoft.graph.groupAssignmentTarget"
EXCLUSION_TARGET = "#microsoft.graph.exclusionGroupAssignmentTarget"
ALL_USERS_TARGET = "#microsoft.graph.allLicensedUsersAssignmentTarget"
ALL_DEVICES_TARGET = "#microsoft.graph.allDevicesAssignmentTarget"


@dataclass
class Typed:
    """The form's content, to show it again as it was."""

    name: str = ""
    description: str = ""
    kind: str = "androidWorkProfileCompliancePolicy"
    level: str = ""
    minimum_os: str = ""
    maximum_os: str = ""
    patch_level: str = ""
    block_root: bool = False
    encryption: bool = False
    password: bool = False
    grace_days: str = "0"
    groups: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    all_users: bool = False
    all_devices: bool = False


def from_form(form: FormData) -> Typed:
    """Read what was sent."""
    names = ("name", "description", "kind", "level", "minimum_os", "maximum_os", "patch_level", "grace_days")
    switches = ("block_root", "encryption", "password", "all_users", "all_devices")
    values: dict[str, Any] = {name: kit.field(form, name) for name in names}
    values |= {name: kit.field(form, name) == "on" for name in switches}
    return Typed(**values, groups=kit.fields(form, "groups"), excluded=kit.fields(form, "excluded"))


def from_policy(policy: CompliancePolicy) -> Typed:
    """Fill the form from a policy."""
    settings = policy.settings
    targets: dict[str, list[str]] = {}
    for assignment in policy.assignments:
        kind = str(assignment.target.get("@odata.type"))
        targets.setdefault(kind, []).append(str(assignment.target.get("groupId", "")))
    hours = [item.grace_period_hours for each in policy.scheduled_actions for item in each.configurations]
    required = settings.get("deviceThreatProtectionRequiredSecurityLevel")
    return Typed(
        name=policy.display_name,
        description=policy.description or "",
        kind=policy.odata_type.rpartition(".")[2],
        level=str(required) if settings.get("deviceThreatProtectionEnabled") and required in LEVELS else "",
        minimum_os=settings.get("osMinimumVersion") or "",
        maximum_os=settings.get("osMaximumVersion") or "",
        patch_level=settings.get("minAndroidSecurityPatchLevel") or "",
        block_root=bool(settings.get("securityBlockJailbrokenDevices")),
        encryption=bool(settings.get("storageRequireEncryption")),
        password=bool(settings.get("passwordRequired") or settings.get("passcodeRequired")),
        grace_days=f"{min(hours, default=0) / HOURS_PER_DAY:g}",
        groups=targets.get(GROUP_TARGET, []),
        excluded=targets.get(EXCLUSION_TARGET, []),
        all_users=ALL_USERS_TARGET in targets,
        all_devices=ALL_DEVICES_TARGET in targets,
    )


def apply(typed: Typed, tenant: Tenant, now: datetime, existing: CompliancePolicy | None) -> CompliancePolicy:
    """Make or change a policy; FormError leaves everything as it was."""
    if not typed.name:
        raise FormError("The policy needs a name.")
    if typed.kind not in KINDS:
        raise FormError("Choose a platform.")
    settings, actions, assignments = _settings(typed), _actions(typed), _assignments(typed, tenant)
    policy = existing or CompliancePolicy(
        id=new_id(), odata_type=f"#microsoft.graph.{typed.kind}", display_name="", created=now, modified=now
    )
    if existing:
        policy.version += 1
    policy.display_name, policy.description, policy.modified = typed.name, typed.description or None, now
    policy.settings, policy.scheduled_actions, policy.assignments = settings, actions, assignments
    return policy


def _settings(typed: Typed) -> Json:
    ios = typed.kind == "iosCompliancePolicy"
    if typed.level and typed.level not in LEVELS:
        raise FormError("Choose one of the threat levels.")
    for version in (typed.minimum_os, typed.maximum_os):
        if version and not version_key(version):
            raise FormError(f"“{version}” is not a version such as 14 or 17.4.")
    settings: Json = {
        "deviceThreatProtectionEnabled": bool(typed.level),
        "deviceThreatProtectionRequiredSecurityLevel": typed.level or "unavailable",
        "osMinimumVersion": typed.minimum_os or None,
        "osMaximumVersion": typed.maximum_os or None,
        "securityBlockJailbrokenDevices": typed.block_root,
        "passcodeRequired" if ios else "passwordRequired": typed.password,
    }
    if not ios:
        settings["storageRequireEncryption"] = typed.encryption
        settings["minAndroidSecurityPatchLevel"] = _patch(typed.patch_level)
    return settings


def _patch(text: str) -> str | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise FormError(f"“{text}” is not a patch level such as 2026-01-05.") from None


def _actions(typed: Typed) -> list[ScheduledAction]:
    try:
        hours = round(float(typed.grace_days or "0") * HOURS_PER_DAY)
    except (ValueError, OverflowError):
        hours = -1
    if not 0 <= hours <= MOST_HOURS:
        raise FormError("The grace period is a number of days from 0 to 365; quarters of a day are allowed.")
    return [ScheduledAction(new_id(), "PasswordRequired", [ActionItem(new_id(), "block", hours)])]


def _assignments(typed: Typed, tenant: Tenant) -> list[Assignment]:
    targets: list[Json] = [{"@odata.type": GROUP_TARGET, "groupId": group} for group in typed.groups]
    targets += [{"@odata.type": EXCLUSION_TARGET, "groupId": group} for group in typed.excluded]
    for group in (*typed.groups, *typed.excluded):
        if group not in tenant.directory.groups:
            raise FormError(f"The group {group} does not exist any more.")
    if typed.all_users:
        targets.append({"@odata.type": ALL_USERS_TARGET})
    if typed.all_devices:
        targets.append({"@odata.type": ALL_DEVICES_TARGET})
    return [Assignment(new_id(), target) for target in targets]


def platform_name(policy: CompliancePolicy) -> str:
    """Return the platform in the portal's words."""
    kind = policy.odata_type.rpartition(".")[2]
    return KINDS.get(kind, policy_platform(policy) or kind)
