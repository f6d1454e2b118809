"""Pure: what is told to Intune's partner interface (microsoft.md 1.7 and 4.6; docs/lab-partner.md)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from vedette.connectors.state_sync import SyncSettings, may_tell
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Risk
from vedette.verdict.states import DeviceState, health

WITHDRAWN: Final = ""
DEACTIVATED: Final = health(DeviceState.DEACTIVATED)
MOST_MESSAGES: Final = 1000
SIMULATED: Final = "[SIMULATED] "
_UNKNOWN: Final = "unknown"
_SEVERITY: Final = {Risk.LOW: "low", Risk.MEDIUM: "medium", Risk.HIGH: "high"}
_STATUS: Final = {"open": "active", "resolved": "resolved", "ignored": "ignored"}
_TYPES: Final = {"APPLICATION": "app", "FILE": "file"}

Message = dict[str, Any]


def desired_health(
    state: str, platform: str, *, needs_it: bool, activated: bool, settings: SyncSettings
) -> str:
    """Return the health state to report; WITHDRAWN takes back what was reported before."""
    known = DeviceState(state)
    if not may_tell(known, platform, settings):
        return WITHDRAWN
    return health(known, needs_it=needs_it, activated=activated)


def takes_back(value: str) -> bool:
    """Tell whether a value ends a report: done as well when Intune no longer has the device."""
    return value in {WITHDRAWN, DEACTIVATED}


def health_message(message_id: str, device_id: str, value: str, at: datetime) -> Message:
    """One deviceHealth message; what is withdrawn is `unknown` to Intune."""
    return {
        "messageId": message_id,
        "entityType": "deviceHealth",
        "deviceId": device_id,
        "healthState": value or _UNKNOWN,
        "lastUpdateTime": at.isoformat(),
    }


def threat_message(threat: Any, device_id: str, url: str, *, told: bool) -> Message | None:
    """One threat message with the fields of microsoft.md 1.7.

    Intune has no word for risks below low: such a threat is none of its business (None), unless it was `told`
    before, when it was rated higher; then it is there and does not count any more.
    """
    severity, status = _SEVERITY.get(Risk(threat.risk)), _STATUS[threat.status]
    if severity is None:
        if not told:
            return None
        severity, status = _SEVERITY[Risk.LOW], "resolved" if threat.status == "resolved" else "ignored"
    known = CLASSIFICATIONS[threat.classification]
    mark = SIMULATED if threat.simulated else ""
    return {
        "messageId": str(threat.pk),
        "entityType": "threat",
        "deviceId": device_id,
        "aadAccountId": str(threat.device.owner_oid) if threat.device.owner_oid else None,
        "threatId": str(threat.pk),
        "severity": severity,
        "status": status,
        "type": _TYPES.get(known.family, "os"),
        "classification": mark + known.text["en"].title,
        "description": mark + (threat.summary or known.text["en"].title),
        "lastUpdateTime": threat.updated_at.isoformat(),
        "threatUrl": url,
    }


def upload_body(tenant_id: str, messages: Iterable[Message], at: datetime, *, resync: bool) -> Message:
    """The body of one upload."""
    return {
        "tenantId": tenant_id,
        "uploadTime": at.isoformat(),
        "resync": resync,
        "messages": list(messages),
    }


def portions(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Cut messages into uploads of at most 1,000."""
    rest = iter(messages)
    while portion := list(islice(rest, MOST_MESSAGES)):
        yield portion
