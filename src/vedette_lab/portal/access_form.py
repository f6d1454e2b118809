"""The conditional-access form: what somebody typed becomes Graph's JSON, checked as Graph would check it."""

from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from vedette_lab.conditional_access.policy import PolicyError, read
from vedette_lab.conditional_access.sign_in import APPLICATIONS
from vedette_lab.intune_model import Json
from vedette_lab.model import Tenant
from vedette_lab.portal import kit
from vedette_lab.portal.kit import FormError

STATES = {
    "enabledForReportingButNotEnforced": "Report-only",
    "enabled": "On",
    "disabled": "Off",
}
PLATFORMS = {
    "all": "Any device",
    "android": "Android",
    "iOS": "iOS",
    "windows": "Windows",
    "macOS": "macOS",
    "linux": "Linux",
}
CLIENTS = {
    "browser": "Browser",
    "mobileAppsAndDesktopClients": "Mobile apps and desktop clients",
    "exchangeActiveSync": "Exchange ActiveSync clients",
    "other": "Other clients",
}
CONTROLS = {
    "mfa": "Require multifactor authentication",
    "compliantDevice": "Require device to be marked as compliant",
    "domainJoinedDevice": "Require Microsoft Entra hybrid joined device",
}
FILTER_MODES = {
    "": "Not configured",
    "include": "Include filtered devices in policy",
    "exclude": "Exclude filtered devices from policy",
}


@dataclass
class Typed:
    """The form's content, to show it again as it was."""

    name: str = ""
    state: str = "enabledForReportingButNotEnforced"
    all_users: bool = False
    include_groups: list[str] = field(default_factory=list)
    include_users: str = ""
    exclude_groups: list[str] = field(default_factory=list)
    exclude_users: str = ""
    applications: str = "All"
    include_apps: list[str] = field(default_factory=list)
    exclude_apps: list[str] = field(default_factory=list)
    include_platforms: list[str] = field(default_factory=list)
    exclude_platforms: list[str] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    filter_mode: str = ""
    filter_rule: str = ""
    grant: str = "block"
    controls: list[str] = field(default_factory=list)
    operator: str = "AND"


_TEXTS = (
    "name",
    "state",
    "include_users",
    "exclude_users",
    "applications",
    "filter_mode",
    "filter_rule",
    "grant",
    "operator",
)
_LISTS = (
    "include_groups",
    "exclude_groups",
    "include_apps",
    "exclude_apps",
    "include_platforms",
    "exclude_platforms",
    "clients",
    "controls",
)


def from_form(form: FormData) -> Typed:
    """Read what was sent."""
    texts: dict[str, Any] = {name: kit.field(form, name) for name in _TEXTS}
    lists: dict[str, Any] = {name: kit.fields(form, name) for name in _LISTS}
    texts["operator"] = texts["operator"] or "AND"
    return Typed(**texts, **lists, all_users=kit.field(form, "all_users") == "on")


def from_body(body: Json, tenant: Tenant) -> Typed:
    """Fill the form from a policy's JSON."""
    conditions = body.get("conditions") or {}
    users, apps = conditions.get("users") or {}, conditions.get("applications") or {}
    platforms = conditions.get("platforms") or {}
    device_filter = (conditions.get("devices") or {}).get("deviceFilter") or {}
    grant = body.get("grantControls") or {}
    controls = list(grant.get("builtInControls") or [])
    included = list(apps.get("includeApplications") or [])
    clients = list(conditions.get("clientAppTypes") or [])
    whole = included[0] if included in (["All"], ["Office365"]) else "selected"
    return Typed(
        name=str(body.get("displayName", "")),
        state=str(body.get("state", "disabled")),
        all_users="All" in (users.get("includeUsers") or []),
        include_groups=list(users.get("includeGroups") or []),
        include_users=_names(tenant, users.get("includeUsers")),
        exclude_groups=list(users.get("excludeGroups") or []),
        exclude_users=_names(tenant, users.get("excludeUsers")),
        applications=whole,
        include_apps=included if whole == "selected" else [],
        exclude_apps=list(apps.get("excludeApplications") or []),
        include_platforms=list(platforms.get("includePlatforms") or []),
        exclude_platforms=list(platforms.get("excludePlatforms") or []),
        clients=[] if "all" in clients else clients,
        filter_mode=str(device_filter.get("mode", "")),
        filter_rule=str(device_filter.get("rule", "")),
        grant="block" if "block" in controls else "grant",
        controls=controls,
        operator=str(grant.get("operator", "OR")),
    )


def _names(tenant: Tenant, ids: list[str] | None) -> str:
    """Return users as principal names, one a line; ids of deleted users stay ids."""
    users = tenant.directory.users
    shown = [users[each].user_principal_name if each in users else each for each in ids or []]
    return "\n".join(each for each in shown if each not in {"All", "None"})


def body(typed: Typed, tenant: Tenant) -> Json:
    """Return Graph's JSON; FormError says what to change."""
    made: Json = {
        "displayName": typed.name,
        "state": typed.state,
        "conditions": {
            "clientAppTypes": typed.clients or ["all"],
            "applications": _applications(typed),
            "users": _users(typed, tenant),
            "platforms": _platforms(typed),
            "devices": _devices(typed),
        },
        "grantControls": _grant(typed),
        "sessionControls": None,
    }
    if not typed.name:
        raise FormError("The policy needs a name.")
    try:
        read("new", made)
    except PolicyError as error:
        raise FormError(str(error)) from error
    return made


def _users(typed: Typed, tenant: Tenant) -> Json:
    users: Json = {
        "includeUsers": ["All"] if typed.all_users else _ids(typed.include_users, tenant),
        "excludeUsers": _ids(typed.exclude_users, tenant),
        "includeGroups": [] if typed.all_users else typed.include_groups,
        "excludeGroups": typed.exclude_groups,
        "includeRoles": [],
        "excludeRoles": [],
    }
    if not users["includeUsers"] and not users["includeGroups"]:
        raise FormError("Choose whom the policy is for: all users, groups or single users.")
    return users


def _ids(text: str, tenant: Tenant) -> list[str]:
    found = []
    for key in text.replace(",", "\n").split():
        user = tenant.directory.user(key)
        if user is None:
            raise FormError(f"“{key}” is no user of {tenant.name}.")
        found.append(user.id)
    return found


def _applications(typed: Typed) -> Json:
    included = typed.include_apps if typed.applications == "selected" else [typed.applications]
    if not included:
        raise FormError("Choose the applications that the policy protects.")
    return {"includeApplications": included, "excludeApplications": typed.exclude_apps}


def _platforms(typed: Typed) -> Json | None:
    if not typed.include_platforms and not typed.exclude_platforms:
        return None
    if not typed.include_platforms:
        raise FormError("Platforms: choose what to include before you exclude some.")
    return {"includePlatforms": typed.include_platforms, "excludePlatforms": typed.exclude_platforms}


def _devices(typed: Typed) -> Json | None:
    if not typed.filter_mode:
        if typed.filter_rule:
            raise FormError("Filter for devices: choose whether devices that match the rule are included.")
        return None
    return {"deviceFilter": {"mode": typed.filter_mode, "rule": typed.filter_rule}}


def _grant(typed: Typed) -> Json:
    if typed.grant == "block":
        return {"operator": "OR", "builtInControls": ["block"]}
    controls = [each for each in typed.controls if each in CONTROLS]
    if not controls:
        raise FormError("Grant access: choose at least one control that must be met.")
    return {"operator": typed.operator, "builtInControls": controls}


def application_choices(tenant: Tenant, names: dict[str, str]) -> dict[str, str]:
    """Return applications by id: Microsoft's, and those consented to in this tenant (`names` by client id)."""
    known = {each.id: each.name for each in APPLICATIONS.values()}
    return known | {app_id: names.get(app_id, app_id) for app_id in tenant.consents}
