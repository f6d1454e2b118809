"""Pure: which acts follow when what is told of a phone changes.

A phone is blocked when it is told in one of the states that the tenant counts as such. Sessions are ended, and
somebody is notified, only when that changes: a further threat on a blocked phone is no reason to do it again.
"""

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

from vedette.connectors.state_sync import SyncSettings, may_tell
from vedette.verdict.states import DeviceState

SYNC: Final = "sync"
NOTIFY: Final = "notify"
REVOKE: Final = "revoke"
ACTS: Final = (SYNC, NOTIFY, REVOKE)
NOTHING: Final = ""
LEVELS: Final = (DeviceState.HIGH, DeviceState.MEDIUM, DeviceState.LOW, DeviceState.DISCONNECTED)


@dataclass(frozen=True)
class Choice:
    """The tenant's settings, as far as they decide."""

    on: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    classifications: frozenset[str] = frozenset()
    recovered: bool = True


@dataclass(frozen=True)
class Change:
    """What is told of a phone before (empty: nothing yet) and now, and the reasons of its state."""

    before: str
    told: str
    platform: str
    reasons: Iterable[Mapping[str, Any]] = field(default_factory=tuple)


def notification(change: Change, choice: Choice, settings: SyncSettings) -> str:
    """Return the state to notify of, or NOTHING: on becoming blocked, and when that is over."""
    if not _goes_out(NOTIFY, change, choice, settings):
        return NOTHING
    was, blocked = change.before in choice.levels, change.told in choice.levels
    if blocked and not was:
        return change.told
    over = was and not blocked and choice.recovered and change.told != DeviceState.DEACTIVATED
    return DeviceState.SECURED if over else NOTHING


def revocation(change: Change, choice: Choice, settings: SyncSettings) -> str:
    """Return the classification that ends the person's sessions, or NOTHING: only on becoming blocked."""
    if not _goes_out(REVOKE, change, choice, settings):
        return NOTHING
    if change.told not in choice.levels or change.before in choice.levels:
        return NOTHING
    return cause(change.reasons, choice.classifications)


def cause(reasons: Iterable[Mapping[str, Any]], classifications: Collection[str]) -> str:
    """Return the first classification among the reasons that is one of these; reasons come worst first."""
    found = (str(each.get("subject")) for each in reasons if each.get("code") == "threat")
    return next((code for code in found if code in classifications), NOTHING)


def still_true(owed: str, told: str, levels: AbstractSet[str]) -> bool:
    """Tell whether what was owed is still so when it is about to be sent."""
    return told in levels if owed in levels else told not in levels


def _goes_out(act: str, change: Change, choice: Choice, settings: SyncSettings) -> bool:
    return act in choice.on and may_tell(DeviceState(change.told), change.platform, settings)
