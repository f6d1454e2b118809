"""The state of a device and its spelling for Microsoft (design.md 4, "From our state to Microsoft's")."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from vedette.verdict.risk import Risk


class DeviceState(StrEnum):
    """State of a device as the console shows it and as it is pushed."""

    PENDING = "pending"
    SECURED = "secured"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    MISCONFIGURED = "misconfigured"
    DISCONNECTED = "disconnected"
    DEACTIVATED = "deactivated"


THREAT_STATES: Mapping[Risk, DeviceState] = MappingProxyType(
    {
        Risk.NONE: DeviceState.SECURED,
        Risk.ADVISORY: DeviceState.SECURED,
        Risk.LOW: DeviceState.LOW,
        Risk.MEDIUM: DeviceState.MEDIUM,
        Risk.HIGH: DeviceState.HIGH,
    }
)

HEALTH: Mapping[DeviceState, str] = MappingProxyType(
    {
        DeviceState.PENDING: "unknown",
        DeviceState.SECURED: "secured",
        DeviceState.LOW: "lowSeverity",
        DeviceState.MEDIUM: "mediumSeverity",
        DeviceState.HIGH: "highSeverity",
        DeviceState.MISCONFIGURED: "misconfigured",
        DeviceState.DISCONNECTED: "unresponsive",
        DeviceState.DEACTIVATED: "deactivated",
    }
)
"""State to Graph's managedDevicePartnerReportedHealthState; see `health()` for the two refinements."""

ATTRIBUTE: Mapping[DeviceState, str | None] = MappingProxyType(
    {state: f"mtd:{state}" for state in DeviceState if state is not DeviceState.DEACTIVATED}
    | {DeviceState.DEACTIVATED: None}
)
"""State to the value of the extension attribute; None means that the value is removed."""


def health(state: DeviceState, *, needs_it: bool = False, activated: bool = False) -> str:
    """Graph's health state: `compromised` when only IT can mend it, `activated` when there is no data yet."""
    if needs_it and state is DeviceState.HIGH:
        return "compromised"
    if activated and state is DeviceState.PENDING:
        return "activated"
    return HEALTH[state]


class RequiredLevel(StrEnum):
    """Intune's "require the device to be at or under the Device Threat Level" (microsoft.md 1.5)."""

    SECURED = "secured"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


REQUIRED_FOR_MINIMUM: Mapping[str, RequiredLevel] = MappingProxyType(
    {"high": RequiredLevel.MEDIUM, "medium": RequiredLevel.LOW, "low": RequiredLevel.SECURED}
)
"""The seed pages say "noncompliant if the device has an active threat with a minimum level of High, Medium or
Low"; Intune says "at or under". They count from opposite ends (requirements E3)."""

STRICTNESS: Mapping[DeviceState, int] = MappingProxyType(
    {
        DeviceState.SECURED: 0,
        DeviceState.PENDING: 1,
        DeviceState.MISCONFIGURED: 1,
        DeviceState.LOW: 2,
        DeviceState.MEDIUM: 3,
        DeviceState.HIGH: 4,
        DeviceState.DISCONNECTED: 4,
        DeviceState.DEACTIVATED: 0,
    }
)
"""How many kinds of rule block a phone in this state: a fail-closed one, then those from Low, Medium, High up.
A change to a higher number may block a phone that was let in."""


def is_level(state: DeviceState) -> bool:
    """Tell whether a state is a proven level: secured, low, medium or high."""
    return state in _HEIGHT


_HEIGHT = {DeviceState.SECURED: 0, DeviceState.LOW: 1, DeviceState.MEDIUM: 2, DeviceState.HIGH: 3}
_LIMIT = {RequiredLevel.SECURED: 0, RequiredLevel.LOW: 1, RequiredLevel.MEDIUM: 2, RequiredLevel.HIGH: 3}


def at_or_under(required: RequiredLevel, state: DeviceState) -> bool:
    """Whether a device in `state` meets the required level.

    `high` never blocks for a threat but requires activation: pending, misconfigured, disconnected and
    deactivated devices have no proven level and meet none.
    """
    height = _HEIGHT.get(state)
    return height is not None and height <= _LIMIT[required]
