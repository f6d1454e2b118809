"""A conditional-access policy read from Graph's JSON, refused with a reason where it cannot be honoured.

Shapes: Graph v1.0 `conditionalAccessPolicy`. A condition or control that the lab does not evaluate is an
error at creation: a policy that is stored but ignored would decide wrongly in silence.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from vedette_lab.conditional_access.rule import Rule, parse
from vedette_lab.conditional_access.rule_syntax import RuleError

ENABLED = "enabled"
DISABLED = "disabled"
REPORT_ONLY = "enabledForReportingButNotEnforced"
STATES = (ENABLED, DISABLED, REPORT_ONLY)

PLATFORMS = ("android", "iOS", "windows", "windowsPhone", "macOS", "linux")
CLIENT_APP_TYPES = ("browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "easSupported", "other")
CONTROLS = ("block", "mfa", "compliantDevice", "domainJoinedDevice")
_CONDITIONS = ("users", "applications", "clientAppTypes", "platforms", "devices")


class PolicyError(ValueError):
    """The policy cannot be taken; the message says which property and why."""


@dataclass(frozen=True)
class Scope:
    """Ids (or All, None, …) that are included and excluded; exclusion wins."""

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DeviceFilter:
    """`mode` is include or exclude."""

    mode: str
    text: str
    rule: Rule


@dataclass(frozen=True)
class Policy:
    """A policy ready to be evaluated."""

    id: str
    name: str
    state: str
    users: Scope
    groups: Scope
    roles: Scope
    applications: Scope
    client_app_types: frozenset[str]
    platforms: Scope | None
    device_filter: DeviceFilter | None
    operator: str
    controls: tuple[str, ...]


def read(policy_id: str, body: Mapping[str, Any]) -> Policy:
    """Read Graph's JSON; raises PolicyError."""
    name = body.get("displayName")
    if not isinstance(name, str) or not name.strip():
        raise PolicyError("displayName is required")
    state = _member("state", body.get("state", ENABLED), STATES)
    conditions = _object("conditions", body.get("conditions"))
    _refuse_unknown(conditions)
    users = _object("conditions.users", conditions.get("users"))
    applications = _object("conditions.applications", conditions.get("applications"))
    operator, controls = _grant(body.get("grantControls"))
    return Policy(
        id=policy_id,
        name=name,
        state=state,
        users=_scope("conditions.users", users, "Users"),
        groups=_scope("conditions.users", users, "Groups"),
        roles=_scope("conditions.users", users, "Roles"),
        applications=_applications(applications),
        client_app_types=_client_app_types(conditions.get("clientAppTypes")),
        platforms=_platforms(conditions.get("platforms")),
        device_filter=_device_filter(conditions.get("devices")),
        operator=operator,
        controls=controls,
    )


def _refuse_unknown(conditions: Mapping[str, Any]) -> None:
    for name, value in conditions.items():
        if name not in _CONDITIONS and not name.startswith("@") and value:
            raise PolicyError(f"conditions.{name} is not evaluated by the lab, so it is refused")


def _object(name: str, value: object, *, required: bool = True) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if value is None and not required:
        return {}
    raise PolicyError(f"{name} is required and must be an object")


def _member(name: str, value: object, allowed: Collection[str]) -> str:
    if isinstance(value, str) and value in allowed:
        return value
    raise PolicyError(f"{name} {value!r} is not one of {', '.join(allowed)}")


def _strings(name: str, value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return frozenset(value)
    raise PolicyError(f"{name} must be a list of strings")


def _scope(path: str, value: Mapping[str, Any], kind: str) -> Scope:
    include, exclude = f"include{kind}", f"exclude{kind}"
    return Scope(
        _strings(f"{path}.{include}", value.get(include)),
        _strings(f"{path}.{exclude}", value.get(exclude)),
    )


def _applications(value: Mapping[str, Any]) -> Scope:
    if value.get("includeUserActions") or value.get("includeAuthenticationContextClassReferences"):
        raise PolicyError("The lab evaluates applications only, no user actions and no contexts")
    scope = _scope("conditions.applications", value, "Applications")
    if not scope.include:
        raise PolicyError("conditions.applications.includeApplications is required")
    return scope


def _client_app_types(value: object) -> frozenset[str]:
    name = "conditions.clientAppTypes"
    types = _strings(name, value)
    if not types:
        raise PolicyError(f"{name} is required; use all for every kind of client")
    for each in types:
        _member(name, each, ("all", *CLIENT_APP_TYPES))
    return types


def _platforms(value: object) -> Scope | None:
    platforms = _scope(
        "conditions.platforms", _object("conditions.platforms", value, required=False), "Platforms"
    )
    for each in platforms.include | platforms.exclude:
        _member("conditions.platforms", each, ("all", *PLATFORMS))
    return platforms if platforms.include or platforms.exclude else None


def _device_filter(value: object) -> DeviceFilter | None:
    devices = _object("conditions.devices", value, required=False)
    if devices.get("deviceFilter") is None:
        return None
    name = "conditions.devices.deviceFilter"
    found = _object(name, devices["deviceFilter"])
    mode = _member(f"{name}.mode", found.get("mode"), ("include", "exclude"))
    text = found.get("rule")
    if not isinstance(text, str):
        raise PolicyError(f"{name}.rule must be text")
    try:
        return DeviceFilter(mode, text, parse(text))
    except RuleError as error:
        raise PolicyError(f"{name}.rule: {error}") from error


def _grant(value: object) -> tuple[str, tuple[str, ...]]:
    grant = _object("grantControls", value)
    operator = _member("grantControls.operator", grant.get("operator", "OR"), ("AND", "OR"))
    controls = tuple(sorted(_strings("grantControls.builtInControls", grant.get("builtInControls"))))
    if not controls:
        raise PolicyError(
            "grantControls.builtInControls names no control; the lab evaluates no session controls"
        )
    for each in controls:
        _member("grantControls.builtInControls", each, CONTROLS)
    if "block" in controls and len(controls) > 1:
        raise PolicyError("grantControls: block cannot be combined with another control")
    return operator, controls
