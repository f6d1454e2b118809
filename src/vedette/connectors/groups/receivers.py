"""What the ways by group do when states, mode or settings change; inside the changing transaction."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.dispatch import receiver

from vedette.compliance.models import StateChange
from vedette.compliance.signals import devices_removed, states_changed
from vedette.connectors import deliver
from vedette.connectors.deliver import Owed
from vedette.connectors.groups.desired import NOWHERE
from vedette.connectors.groups.ways import USER_GROUP, WAYS
from vedette.connectors.groups.wishes import owe
from vedette.connectors.signals import values_stale
from vedette.devices.models import Device


@receiver(states_changed)
def owe_changes(tenant_id: uuid.UUID, changes: Sequence[StateChange], **_signal: Any) -> None:
    """Owe the membership of each device whose state changed."""
    causes = {change.device_id: change.pk for change in changes}
    for route in WAYS:
        owe(tenant_id, route, list(causes), causes=causes)


@receiver(values_stale)
def owe_all(
    tenant_id: uuid.UUID,
    *,
    again: bool = False,
    device_ids: Sequence[uuid.UUID] | None = None,
    **_signal: Any,
) -> None:
    """Work out anew what is owed: Monitor mode and switches that are off take everybody out."""
    for route in WAYS:
        owe(tenant_id, route, device_ids, again=again)


@receiver(devices_removed)
def take_out(tenant_id: uuid.UUID, devices: Iterable[Device], **_signal: Any) -> None:
    """Take out devices that are about to be deleted; the deliveries outlive them."""
    owed = [Owed(device.pk, NOWHERE) for device in devices]
    for route in WAYS:
        deliver.owe(tenant_id, route, owed, by_owner=route == USER_GROUP)
