"""Whom an act is for: the phone in Intune, its person, and how lately the act was done; inside the tenant's door."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from vedette.compliance.models import DeviceState
from vedette.connectors.claimed import Claimed
from vedette.connectors.models import Delivery, Push, SparedPerson
from vedette.devices.models import Device, Invitation
from vedette.directory import read


@dataclass(frozen=True)
class Target:
    """What an act needs to know of one delivery's phone."""

    device: Device
    told: str
    reasons: Sequence[dict[str, Any]]
    managed_id: str
    spared: bool
    last_act: datetime | None
    """When the act was last done: for this phone, or for its person where that is what it does."""
    last_told: str
    """What the person was last notified of."""
    language: str


def of(deliveries: Sequence[Claimed], act: str, *, by_owner: bool, language: str) -> dict[uuid.UUID, Target]:
    """Read what the act needs, by delivery; phones that are gone are left out."""
    states = DeviceState.objects.filter(device_id__in=[row.device_id for row in deliveries if row.device_id])
    known = {row.device_id: row for row in states.select_related("device").defer("device__facts")}
    devices = [row.device for row in known.values()]
    entries = read.devices(device.entra_object_id for device in devices if device.entra_object_id)
    owners = {device.owner_oid for device in devices if device.owner_oid}
    spared = set(SparedPerson.objects.filter(oid__in=owners).values_list("oid", flat=True))
    persons = _last_acts(act, owners) if by_owner else {}
    told, languages = _last_told(act, list(known)), _languages(list(known))
    found = {}
    for row in deliveries:
        state = known.get(row.device_id) if row.device_id else None
        if state is None:
            continue
        device = state.device
        entry = entries.get(device.entra_object_id) if device.entra_object_id else None
        found[row.pk] = Target(
            device=device,
            told=state.told,
            reasons=state.reasons,
            managed_id=entry.managed_device_id if entry else "",
            spared=device.owner_oid in spared,
            last_act=persons.get(device.owner_oid) if by_owner else row.sent_at,
            last_told=told.get(device.pk, ""),
            language=languages.get(device.pk) or language,
        )
    return found


def _last_acts(act: str, owners: set[uuid.UUID]) -> dict[uuid.UUID | None, datetime]:
    rows = Delivery.objects.filter(route=act, owner_oid__in=owners, sent_at__isnull=False)
    return dict(rows.values_list("owner_oid").annotate(Max("sent_at")))


def _last_told(act: str, device_ids: list[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    arrived = Push.objects.filter(route=act, device_id__in=device_ids, outcome=Delivery.Status.CONFIRMED)
    newest = arrived.order_by("device_id", "-tried_at").distinct("device_id")
    return dict(newest.values_list("device_id", "after"))


def _languages(device_ids: list[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    """The language that each phone's person was invited in."""
    rows = Invitation.objects.filter(device_id__in=device_ids).order_by("device_id", "-created_at")
    return dict(rows.distinct("device_id").values_list("device_id", "language"))
