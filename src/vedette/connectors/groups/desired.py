"""Pure: into which group a phone, or its person, belongs, and which phones a way cannot block."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from vedette.connectors.groups.ways import DEVICE_GROUP
from vedette.connectors.state_sync import SyncSettings, may_tell
from vedette.verdict.states import DeviceState

NOWHERE: Final = ""
LEVELS: Final = (
    DeviceState.HIGH,
    DeviceState.MEDIUM,
    DeviceState.LOW,
    DeviceState.DISCONNECTED,
    DeviceState.MISCONFIGURED,
)
"""States that may count as blocked. A pending phone never does: its person could not even get the app."""

NO_ENTRA: Final = "no_entra_device"
NOT_MANAGED: Final = "not_managed"
NO_OWNER: Final = "no_owner"
SPARED: Final = "spared"


@dataclass(frozen=True)
class Phone:
    """What decides about one phone. `managed`: whether Intune manages it, None when that is not known."""

    told: str
    platform: str
    entra_object_id: UUID | None
    owner_oid: UUID | None
    managed: bool | None = None


@dataclass(frozen=True)
class Rule:
    """The settings of one way: `groups` maps each state that counts to its group's object ID."""

    route: str
    enabled: bool
    groups: Mapping[str, str] = field(default_factory=dict)
    spared: frozenset[UUID] = frozenset()


def barrier(phone: Phone, rule: Rule) -> str:
    """Say by a code why this way cannot block the phone; empty when it can."""
    if rule.route == DEVICE_GROUP:
        if phone.entra_object_id is None:
            return NO_ENTRA
        return "" if phone.managed else NOT_MANAGED
    if phone.owner_oid is None:
        return NO_OWNER
    return SPARED if phone.owner_oid in rule.spared else ""


def desired(phone: Phone, rule: Rule, settings: SyncSettings) -> str:
    """Return the group's object ID, or NOWHERE.

    A phone that Intune does not manage is put in all the same: it is blocked as soon as Intune takes it on.
    """
    state = DeviceState(phone.told)
    if not rule.enabled or not may_tell(state, phone.platform, settings):
        return NOWHERE
    if barrier(phone, rule) not in {"", NOT_MANAGED}:
        return NOWHERE
    return rule.groups.get(state, NOWHERE)


def memberships(rows: Iterable[tuple[UUID | None, str]]) -> set[tuple[UUID, str]]:
    """Return who belongs into which group, from all rows (member, desired group) of these members.

    A person with several phones is left out of a group only when none of them asks for it.
    """
    return {(member, group) for member, group in rows if member is not None and group}
