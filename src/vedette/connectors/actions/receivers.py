"""What is owed when something changes; inside the changing transaction.

A check-in follows what was *written* (`values_arrived`), so that Intune finds it; a notification and the end of
sessions follow what is *told* of a phone. Monitor mode, and an act that is switched off, take back what still waits.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.dispatch import receiver

from vedette.compliance.models import DeviceState, StateChange
from vedette.compliance.signals import mode_changed, states_changed
from vedette.connectors import deliver
from vedette.connectors.actions.models import ActionSettings
from vedette.connectors.actions.plan import (
    ACTS,
    NOTHING,
    NOTIFY,
    REVOKE,
    SYNC,
    Change,
    notification,
    revocation,
)
from vedette.connectors.actions.settings_read import choice_of
from vedette.connectors.deliver import Owed
from vedette.connectors.models import Delivery
from vedette.connectors.signals import values_arrived
from vedette.connectors.state_sync import settings_of
from vedette.foundation import clock
from vedette.tenants.models import Tenant

# A membership written a moment ago may not be seen by Intune yet (microsoft.md 4.7).
SETTLING: Final = timedelta(seconds=30)


@receiver(states_changed)
def owe_acts(tenant_id: uuid.UUID, changes: Sequence[StateChange], **_signal: Any) -> None:
    """Owe notifications and ends of sessions for phones that became blocked, or no longer are."""
    row = ActionSettings.objects.filter(tenant_id=tenant_id).first()
    if row is None or not (row.notify_enabled or row.revoke_enabled):
        return
    choice, settings, before = choice_of(row), settings_of(tenant_id), _told_before(changes)
    owed: dict[str, list[Owed]] = {NOTIFY: [], REVOKE: []}
    for change in changes:
        found = Change(before.get(change.device_id, ""), change.told, change.device.platform, change.reasons)
        if state := notification(found, choice, settings):
            owed[NOTIFY].append(Owed(change.device_id, state, change.pk))
        if code := revocation(found, choice, settings):
            owed[REVOKE].append(Owed(change.device_id, code, change.pk))
    for act, rows in owed.items():
        deliver.owe(tenant_id, act, rows, again=True, by_owner=act == REVOKE)


@receiver(values_arrived)
def owe_sync(tenant_id: uuid.UUID, route: str, device_ids: Sequence[uuid.UUID], **_signal: Any) -> None:
    """Owe a check-in for phones whose value at Microsoft is another by now."""
    row = ActionSettings.objects.filter(tenant_id=tenant_id).first()
    if route in ACTS or row is None or not row.sync_enabled or not settings_of(tenant_id).armed:
        return
    told = DeviceState.objects.filter(device_id__in=list(device_ids)).values_list("device_id", "told")
    owed = [Owed(device_id, state) for device_id, state in told]
    deliver.owe(tenant_id, SYNC, owed, again=True, due_at=clock.now() + SETTLING)


@receiver(mode_changed)
def forget_waiting(mode: str, **_signal: Any) -> None:
    """In Monitor mode nothing is done to anybody, also not what still waits."""
    if mode == Tenant.Mode.MONITOR:
        take_back(ACTS)


def take_back(acts: Sequence[str]) -> None:
    """Let what still waits of these acts come to nothing; inside the tenant's door."""
    waiting = Delivery.objects.filter(route__in=acts, status=Delivery.Status.DUE)
    waiting.update(desired=NOTHING, status=Delivery.Status.DROPPED, error_code="", error="")


def _told_before(changes: Sequence[StateChange]) -> dict[uuid.UUID, str]:
    """What was told of each device before these changes."""
    first = min((change.position for change in changes), default=0)
    ids = [change.device_id for change in changes]
    earlier = StateChange.objects.filter(device_id__in=ids, position__lt=first)
    newest = earlier.order_by("device_id", "-position").distinct("device_id")
    return dict(newest.values_list("device_id", "told"))
