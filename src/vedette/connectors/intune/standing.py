"""Pure: the connector's state (C6) from what is known about it."""

from dataclasses import dataclass
from typing import Final

NOT_SET_UP: Final = "notSetUp"
AVAILABLE: Final = "available"
ENABLED: Final = "enabled"
UNRESPONSIVE: Final = "unresponsive"
ERROR: Final = "error"
UNAVAILABLE: Final = "unavailable"

WORKING: Final = frozenset({AVAILABLE, ENABLED})
TROUBLED: Final = frozenset({UNRESPONSIVE, ERROR, UNAVAILABLE})


@dataclass(frozen=True)
class Standing:
    """What the state is derived from.

    ``missed`` heartbeats in a row did not get through, the last one because of ``fault``. ``lacking`` and
    ``consent_withdrawn`` are what the last heartbeat that Microsoft answered said; silence does not mend them.
    """

    saved: bool
    ever_succeeded: bool
    missed: int
    missed_allowed: int
    consent_withdrawn: bool
    lacking: str
    fault: str
    platform_on: bool


def connector_state(standing: Standing) -> tuple[str, str]:
    """Return the state and the code of its reason.

    Order matters: consent withdrawn outranks silence, silence outranks a missing permission, because each
    hides the next.
    """
    if not standing.saved:
        return NOT_SET_UP, "settings_not_saved"
    if standing.consent_withdrawn:
        return UNAVAILABLE, "consent_withdrawn"
    if not standing.ever_succeeded:
        return (ERROR, standing.fault) if standing.fault else (NOT_SET_UP, "no_heartbeat_yet")
    if standing.missed >= standing.missed_allowed:
        return UNRESPONSIVE, standing.fault or "heartbeats_missed"
    if standing.lacking:
        return ERROR, standing.lacking
    return (ENABLED, "") if standing.platform_on else (AVAILABLE, "no_platform_on")
