"""Pure: which value a device's extension attribute should hold (design.md 4, "From our state to Microsoft's")."""

from typing import Final

from vedette.connectors.state_sync import SyncSettings, may_tell
from vedette.verdict.states import ATTRIBUTE, DeviceState

WITHDRAWN: Final = ""
PREFIX: Final = "mtd:"


def desired_value(state: str, platform: str, settings: SyncSettings) -> str:
    """Return the attribute's value, or WITHDRAWN when nothing may be written or the device left."""
    known = DeviceState(state)
    return (ATTRIBUTE[known] or WITHDRAWN) if may_tell(known, platform, settings) else WITHDRAWN


def is_ours(value: str | None) -> bool:
    """Tell whether an attribute's value was written by this product (or is empty)."""
    return not value or value.startswith(PREFIX)
