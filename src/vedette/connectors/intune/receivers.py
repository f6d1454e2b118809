"""What the Intune connector does when states, mode or tenants change; runs inside the changing transaction."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.dispatch import receiver

from vedette.compliance.models import DeviceState, StateChange
from vedette.compliance.signals import devices_removed, mode_changed, resync_requested, states_changed
from vedette.connectors import deliver
from vedette.connectors.deliver import Owed
from vedette.connectors.intune import readings
from vedette.connectors.intune.attribute_route import ROUTE
from vedette.connectors.intune.desired import WITHDRAWN, desired_value
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.rules_fetch import COMPLIANCE, RULES
from vedette.connectors.signals import directory_changed, values_stale
from vedette.connectors.state_sync import settings_of
from vedette.devices.models import Device
from vedette.foundation import clock
from vedette.tenants.models import Tenant
from vedette.tenants.signals import registration_changed

BETWEEN_POLLS: Final = timedelta(seconds=10)
"""However often Microsoft says that something changed."""
POLL_LIMIT: Final = timedelta(minutes=30)
"""A poll that has been running for longer has lost its worker (jobs.py)."""


@receiver(states_changed)
def owe_changes(tenant_id: uuid.UUID, changes: Sequence[StateChange], **_signal: Any) -> None:
    """Owe the new value of each device whose state changed; its devices come loaded with the changes."""
    settings = settings_of(tenant_id)
    deliver.owe(
        tenant_id,
        ROUTE,
        [
            Owed(
                change.device_id,
                desired_value(change.told, change.device.platform, settings),
                change.pk,
            )
            for change in changes
        ],
    )


@receiver(mode_changed)
def owe_all(tenant_id: uuid.UUID, **_signal: Any) -> None:
    """Owe every device's value anew, on every route: arming writes them, Monitor mode withdraws them."""
    values_stale.send(None, tenant_id=tenant_id, again=False, device_ids=None)
    # What the rules make of it is worth knowing now.
    readings.make_due(RULES, COMPLIANCE)


@receiver(registration_changed)
def look_anew(tenant: Tenant, **_signal: Any) -> None:
    """See soon what the new registration may do, and until when it holds."""
    readings.make_due()
    IntuneConnector.objects.filter(tenant_id=tenant.id).update(next_heartbeat_at=None)


@receiver(resync_requested)
def owe_again(tenant_id: uuid.UUID, devices: Iterable[Device], **_signal: Any) -> None:
    """Send the values of these devices once more, whatever was sent before."""
    ids = [device.pk for device in devices]
    values_stale.send(None, tenant_id=tenant_id, again=True, device_ids=ids)


@receiver(devices_removed)
def withdraw(tenant_id: uuid.UUID, devices: Iterable[Device], **_signal: Any) -> None:
    """Withdraw the values of devices that are about to be deleted; the deliveries outlive them."""
    deliver.owe(tenant_id, ROUTE, [Owed(device.pk, WITHDRAWN) for device in devices])


@receiver(directory_changed)
def poll_soon(tenant_id: uuid.UUID, **_signal: Any) -> bool:
    """Poll now, unless a poll is running, which may have looked already, or one ended a moment ago."""
    now = clock.now()
    connector = IntuneConnector.objects.filter(tenant_id=tenant_id).first()
    if connector is None or connector.next_poll_at is None or connector.next_poll_at <= now:
        return True
    running = connector.poll_running_since
    last = connector.next_poll_at - timedelta(minutes=connector.poll_minutes)
    if (running and running > now - POLL_LIMIT) or now - last < BETWEEN_POLLS:
        return False
    IntuneConnector.objects.filter(pk=connector.pk).update(next_poll_at=now)
    return True


@receiver(values_stale)
def owe_everything(
    tenant_id: uuid.UUID,
    *,
    again: bool = False,
    device_ids: Sequence[uuid.UUID] | None = None,
    **_signal: Any,
) -> int:
    """Owe the values of all devices (or those named) by the settings in force; return how many are due."""
    settings = settings_of(tenant_id)
    states = DeviceState.objects.all()
    if device_ids is not None:
        states = states.filter(device_id__in=device_ids)
    rows = states.values_list("device_id", "told", "device__platform")
    owed = [
        Owed(device_id, desired_value(told, platform, settings))
        for device_id, told, platform in rows.iterator(chunk_size=5000)
    ]
    return deliver.owe(tenant_id, ROUTE, owed, again=again)
