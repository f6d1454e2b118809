"""Whom a way would block now and whom it cannot, before it is switched on (E4)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from vedette.compliance.models import DeviceState
from vedette.connectors.groups.desired import NOWHERE, Phone, Rule, barrier, desired
from vedette.connectors.groups.settings_read import rule_of
from vedette.connectors.groups.ways import USER_GROUP
from vedette.connectors.groups.wishes import phones
from vedette.connectors.groups.words import BARRIERS
from vedette.connectors.state_sync import SyncSettings, settings_of
from vedette.devices.models import Device
from vedette.directory.models import DirectoryDevice
from vedette.verdict.states import DeviceState as State

LISTED: Final = 200


@dataclass(frozen=True)
class Listed:
    """One phone of a list; `why` says why it cannot be blocked, empty in the list of those that would be."""

    device: Device
    state: str
    why: object = ""


@dataclass
class Preview:
    """Counts, and the first `LISTED` phones of each list."""

    protected: int = 0
    blocked: int = 0
    beyond: int = 0
    people: int = 0
    other_devices: int = 0
    """Way user_group: further devices of these people that the directory knows; they are blocked with them."""
    by_barrier: list[tuple[object, int]] = field(default_factory=list)
    blocked_phones: Sequence[Listed] = ()
    beyond_phones: Sequence[Listed] = ()


def of(tenant_id: UUID, route: str) -> Preview:
    """Say what the way would do if it were on and the tenant armed; inside the tenant's door."""
    rule = replace(rule_of(tenant_id, route), enabled=True)
    settings = replace(settings_of(tenant_id), armed=True)
    found, barriers = Preview(), Counter[str]()
    blocked: list[UUID] = []
    beyond: dict[UUID, str] = {}
    owners: set[UUID] = set()
    for device_id, phone in phones(rule, everyone=True):
        if phone.told == State.DEACTIVATED:
            continue
        found.protected += 1
        if why := barrier(phone, rule):
            beyond[device_id] = why
            barriers[why] += 1
        elif _blocks(phone, rule, settings):
            blocked.append(device_id)
            owners |= {phone.owner_oid} if phone.owner_oid else set()
    found.blocked, found.beyond = len(blocked), len(beyond)
    found.by_barrier = [(BARRIERS[code], count) for code, count in barriers.most_common()]
    found.blocked_phones = _listed(blocked, {})
    found.beyond_phones = _listed(list(beyond), beyond)
    if route == USER_GROUP:
        found.people = len(owners)
        theirs = DirectoryDevice.objects.filter(owner_oid__in=owners)
        found.other_devices = max(0, theirs.count() - len(blocked))
    return found


def _blocks(phone: Phone, rule: Rule, settings: SyncSettings) -> bool:
    return desired(phone, rule, settings) != NOWHERE


def _listed(ids: Sequence[UUID], why: dict[UUID, str]) -> list[Listed]:
    """The first of these phones, those at the highest risk first."""
    states = DeviceState.objects.filter(device_id__in=ids).select_related("device").defer("device__facts")
    rows = states.order_by("-risk", "device__display_name", "device_id")[:LISTED]
    return [Listed(row.device, row.told, BARRIERS.get(why.get(row.device_id, ""), "")) for row in rows]
