"""Whom each act can reach, before it is switched on (E4); inside the tenant's door."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from vedette.compliance.models import DeviceState
from vedette.connectors.actions.models import ActionSettings
from vedette.connectors.actions.plan import NOTIFY, REVOKE, SYNC
from vedette.connectors.models import SparedPerson
from vedette.directory.models import DirectoryDevice
from vedette.verdict.states import DeviceState as State

LISTED: Final = 100


@dataclass(frozen=True)
class Reach:
    """Counts for one act, with the first phones that it cannot reach."""

    reached: int
    beyond: int
    blocked: int
    """Phones that are blocked now: they would be acted on if it happened now, and are not, since it has happened."""
    beyond_phones: Sequence[DeviceState]


def of(row: ActionSettings) -> dict[str, Reach]:
    """Count for every act."""
    entry = DirectoryDevice.objects.filter(object_id=OuterRef("device__entra_object_id"))
    managed = entry.exclude(managed_device_id="")
    live = DeviceState.objects.exclude(told=State.DEACTIVATED).annotate(in_intune=Exists(managed))
    spared: list[UUID] = list(SparedPerson.objects.values_list("oid", flat=True))
    nobody = Q(device__owner_oid__isnull=True) | Q(device__owner_oid__in=spared)
    not_there = {SYNC: Q(in_intune=False), NOTIFY: Q(in_intune=False), REVOKE: nobody}
    found = {}
    for act, missing in not_there.items():
        beyond = live.filter(missing)
        listed = beyond.select_related("device").defer("device__facts").order_by("device__display_name", "pk")
        reached = live.exclude(missing)
        found[act] = Reach(
            reached.count(),
            beyond.count(),
            reached.filter(told__in=row.levels).count(),
            list(listed[:LISTED]),
        )
    return found
