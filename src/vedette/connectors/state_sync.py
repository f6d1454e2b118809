"""Pure: whether a device's state may be told to other systems at all (C4, Monitor mode, platform switches).

The settings belong to the Intune connector's page and hold for every route, so the rule stands here; the
connector that keeps them hands a reader in (`provide`), because connectors never import each other.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vedette.verdict.states import DeviceState

# What C4 calls device status; everything else is a threat level.
DEVICE_STATUS: Final = frozenset(
    {DeviceState.PENDING, DeviceState.DISCONNECTED, DeviceState.DEACTIVATED, DeviceState.MISCONFIGURED}
)


@dataclass(frozen=True)
class SyncSettings:
    """What decides beside the state: arming, platform switches, and the two switches of state sync."""

    armed: bool
    platforms: frozenset[str]
    device_status: bool
    threat_status: bool


def may_tell(state: DeviceState, platform: str, settings: SyncSettings) -> bool:
    """Say whether a state goes out: Monitor mode and a switch that is off tell nothing."""
    if not settings.armed or platform not in settings.platforms:
        return False
    return settings.device_status if state in DEVICE_STATUS else settings.threat_status


_readers: list[Callable[[uuid.UUID], SyncSettings]] = []


def provide(reader: Callable[[uuid.UUID], SyncSettings]) -> None:
    """Name the function that reads a tenant's settings; called once, when Django starts."""
    _readers[:] = [reader]


def settings_of(tenant_id: uuid.UUID) -> SyncSettings:
    """Read the settings in force; call inside the tenant's door."""
    return _readers[0](tenant_id)
