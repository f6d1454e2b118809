"""What a partner uploads, read field by field; the shapes are docs/lab-partner.md's.

Device states are Graph's `managedDevicePartnerReportedHealthState`; fields of a threat are those of
reference microsoft.md 1.7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vedette_lab.intune.settings import HEALTH_STATES

MAX_MESSAGES = 1000
SEVERITIES = ("low", "medium", "high")
STATUSES = ("active", "resolved", "ignored")
TYPES = ("app", "file", "os")


class MessageError(ValueError):
    """The upload or one of its messages cannot be read; the text names the field."""


@dataclass(frozen=True)
class DeviceHealth:
    """A phone's health as the partner sees it."""

    device_id: str
    state: str
    at: datetime


@dataclass(frozen=True)
class Threat:
    """A threat on a phone; `body` is the message as it came."""

    device_id: str
    threat_id: str
    body: Mapping[str, Any]


def entries(body: Mapping[str, Any], tenant_id: str) -> list[Mapping[str, Any]]:
    """Return the messages of an upload, unread; raises MessageError for the upload as a whole."""
    if str(body.get("tenantId", "")).lower() != tenant_id:
        raise MessageError("tenantId is not the tenant of the address")
    _time(body, "uploadTime")
    found = body.get("messages")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise MessageError("messages must be a list of objects")
    if len(found) > MAX_MESSAGES:
        raise MessageError(f"messages has {len(found)} entries; at most {MAX_MESSAGES} are taken")
    return found


def read(message: Mapping[str, Any]) -> DeviceHealth | Threat:
    """Read one message; raises MessageError."""
    kind = message.get("entityType")
    if kind == "deviceHealth":
        state = _member(message, "healthState", HEALTH_STATES)
        return DeviceHealth(_text(message, "deviceId"), state, _time(message, "lastUpdateTime"))
    if kind == "threat":
        _member(message, "severity", SEVERITIES)
        _member(message, "status", STATUSES)
        _member(message, "type", TYPES)
        _text(message, "description")
        _time(message, "lastUpdateTime")
        return Threat(_text(message, "deviceId"), _text(message, "threatId"), message)
    raise MessageError(f"entityType {kind!r} is not deviceHealth or threat")


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value:
        raise MessageError(f"{name} is required and must be text")
    return value


def _member(message: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = message.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise MessageError(f"{name} {value!r} is not one of {', '.join(allowed)}")
    return value


def _time(message: Mapping[str, Any], name: str) -> datetime:
    try:
        value = datetime.fromisoformat(_text(message, name))
    except ValueError:
        raise MessageError(f"{name} must be a time such as 2026-01-01T00:00:00Z") from None
    if value.tzinfo is None:
        raise MessageError(f"{name} needs a time zone")
    return value
