"""Acts of our audit trail under the types of the Mobile Risk API (reference/lookout.md 2.3, models.Audit)."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from vedette.api.mobile_risk.shapes import AttributeChange, Audit
from vedette.events.reading import Logged
from vedette.verdict.classifications import CLASSIFICATIONS

_OF_ACTION: Final[Mapping[str, str]] = {
    "administrator.signed_in": "ADMIN_LOGIN",
    "administrator.sign_in_refused": "ADMIN_LOGIN",
    "administrator.signed_out": "ADMIN_LOGOUT",
    "policy.levels_changed": "CLASSIFICATION_POLICY",
    "enrollment.invited": "EMAIL_INVITE",
    "enrollment.code_renewed": "EMAIL_INVITE",
    "enrollment.code_revoked": "EMAIL_INVITE",
    "tenant.armed": "ENTERPRISE_FEATURE",
    "tenant.monitoring": "ENTERPRISE_FEATURE",
}
_OF_AREA: Final[Mapping[str, str]] = {
    "administrator": "ADMIN",
    "tenant": "ENTERPRISE",
    "connector": "MDM_CONNECTOR",
    "enrollment": "PRODUCT_SETTINGS",
    "device": "DEVICE",
    "threat": "THREAT",
    "policy": "POLICY_CHANGE",
    "brake": "PRODUCT_SETTINGS",
    "application_key": "APPLICATION",
    "threat_feed": "DENYLIST_POLICY",
}
TARGETS: Final[Mapping[str, str]] = {
    "administrator": "ADMIN",
    "device": "DEVICE",
    "threat": "THREAT",
    "connector": "CONNECTOR",
    "application_key": "APPLICATION",
}
"""What an act was done to, under the names of models.Target; anything else is the enterprise."""
_V1: Final[Mapping[str, str]] = {
    "DENYLIST_POLICY": "BLACKLIST_POLICY",
    "ALLOWLIST_POLICY": "WHITELIST_POLICY",
}


def audit(event: Logged) -> Audit:
    """Return what an audit event says."""
    return Audit(
        type=audit_type(event.action),
        attribute_changes=list(_changes(event.changes)) or None,
        action=event.action,
    )


@lru_cache(maxsize=1024)
def audit_type(action: str) -> str:
    """Return the type of an act by its name, or else by its first word; an export is one wherever it is."""
    if action.endswith("exported"):
        return "EXPORT"
    return _OF_ACTION.get(action) or _OF_AREA.get(action.partition(".")[0], "PRODUCT_SETTINGS")


def audit_type_v1(action: str) -> str:
    """Return the type under its name in version 1."""
    name = audit_type(action)
    return _V1.get(name, name)


def _changes(changes: Sequence[Mapping[str, Any]]) -> Iterator[AttributeChange]:
    """Tell each change; a classification's level as its own clients expect it: its name first, then the severity."""
    for item in changes:
        name = str(item.get("attribute", ""))
        before, after = _text(item.get("from")), _text(item.get("to"))
        code, _, part = name.partition(".")
        if code in CLASSIFICATIONS and part in {"risk", "response"}:
            yield AttributeChange(name=code.lower())
            name = "severity" if part == "risk" else "response"
            before, after = before and before.lower(), after and after.lower()
        yield AttributeChange(name=name, before=before, to=after)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
