"""What the partner adapter does when states, mode or settings change; inside the changing transaction."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.dispatch import receiver

from vedette.compliance.models import DeviceState, StateChange
from vedette.compliance.signals import devices_removed, states_changed, threats_changed, threats_opened
from vedette.connectors import deliver
from vedette.connectors.deliver import Owed
from vedette.connectors.models import Delivery
from vedette.connectors.partner.messages import DEACTIVATED, WITHDRAWN, desired_health
from vedette.connectors.partner.models import PartnerLink
from vedette.connectors.partner.partner_route import ROUTE
from vedette.connectors.signals import values_stale
from vedette.connectors.state_sync import may_tell, settings_of
from vedette.devices.models import Device
from vedette.threats.models import Threat
from vedette.verdict.states import DeviceState as State


def is_on(tenant_id: uuid.UUID) -> bool:
    """Tell whether the tenant uses the adapter."""
    return PartnerLink.objects.filter(tenant_id=tenant_id, enabled=True).exists()


@receiver(states_changed)
def owe_changes(tenant_id: uuid.UUID, changes: Sequence[StateChange], **_signal: Any) -> None:
    """Owe the new health of each device whose state changed."""
    if is_on(tenant_id):
        _owe(tenant_id, [change.device_id for change in changes], again=False)


@receiver(threats_opened)
def owe_threats(tenant_id: uuid.UUID, threats: Sequence[Threat], **_signal: Any) -> None:
    """Tell of a further threat although the device's state stays what it is."""
    if is_on(tenant_id):
        _owe(tenant_id, list({threat.device_id for threat in threats}), again=True)


@receiver(threats_changed)
def owe_endings(tenant_id: uuid.UUID, device_ids: Collection[uuid.UUID], **_signal: Any) -> None:
    """Tell what became of threats although the device's state stays what it is (microsoft.md 1.7)."""
    if is_on(tenant_id):
        told = Delivery.objects.filter(route=ROUTE, device_id__in=device_ids)
        _owe(tenant_id, list(told.values_list("device_id", flat=True)), again=True)


@receiver(values_stale)
def owe_all(
    tenant_id: uuid.UUID, *, again: bool, device_ids: Sequence[uuid.UUID] | None, **_signal: Any
) -> None:
    """Work out anew what is owed."""
    if is_on(tenant_id):
        _owe(tenant_id, device_ids, again=again)


@receiver(devices_removed)
def withdraw(tenant_id: uuid.UUID, devices: Iterable[Device], **_signal: Any) -> None:
    """Report devices that are about to be deleted as deactivated, or take back what was told of them."""
    if not is_on(tenant_id):
        return
    settings = settings_of(tenant_id)
    deliver.owe(
        tenant_id,
        ROUTE,
        [
            Owed(
                device.pk,
                DEACTIVATED if may_tell(State.DEACTIVATED, device.platform, settings) else WITHDRAWN,
            )
            for device in devices
        ],
    )


def forget_all(tenant_id: uuid.UUID) -> None:
    """Drop what is owed: the adapter was switched off and Intune has forgotten every report with it."""
    Delivery.objects.filter(tenant_id=tenant_id, route=ROUTE).delete()


def _owe(tenant_id: uuid.UUID, device_ids: Sequence[uuid.UUID] | None, *, again: bool) -> None:
    settings = settings_of(tenant_id)
    states = DeviceState.objects.select_related("device").defer("device__facts")
    if device_ids is not None:
        states = states.filter(device_id__in=device_ids)
    owed = [
        Owed(
            row.device_id,
            desired_health(
                row.told,
                row.device.platform,
                needs_it=row.needs_it and row.told == row.state,
                activated=row.device.activation_status == Device.Activation.ACTIVATED,
                settings=settings,
            ),
        )
        for row in states.iterator(chunk_size=2000)
    ]
    deliver.owe(tenant_id, ROUTE, owed, again=again)
