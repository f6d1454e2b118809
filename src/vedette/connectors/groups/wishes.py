"""What the ways by group owe: worked out anew from states and settings; inside the tenant's door.

Only phones whose state counts, or that are in a group by what was owed before, are looked at.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.db.models import OuterRef, Q, Subquery

from vedette.compliance.models import DeviceState
from vedette.connectors import deliver
from vedette.connectors.deliver import Owed
from vedette.connectors.groups.desired import Phone, Rule, desired
from vedette.connectors.groups.settings_read import rule_of
from vedette.connectors.groups.ways import USER_GROUP
from vedette.connectors.models import Delivery
from vedette.connectors.state_sync import settings_of
from vedette.directory.models import DirectoryDevice


def owe(
    tenant_id: uuid.UUID,
    route: str,
    device_ids: Sequence[uuid.UUID] | None = None,
    *,
    again: bool = False,
    causes: dict[uuid.UUID, uuid.UUID] | None = None,
) -> int:
    """Owe the membership of these phones, or of all that matter; return how many rows are due by it.

    `causes` maps a device to the state change behind it.
    """
    rule, settings = rule_of(tenant_id, route), settings_of(tenant_id)
    if not rule.enabled and not Delivery.objects.filter(route=route).exists():
        return 0
    owed = [
        Owed(device_id, desired(phone, rule, settings), (causes or {}).get(device_id))
        for device_id, phone in phones(rule, device_ids)
    ]
    return deliver.owe(tenant_id, route, owed, again=again, by_owner=route == USER_GROUP)


def phones(
    rule: Rule, device_ids: Sequence[uuid.UUID] | None = None, *, everyone: bool = False
) -> Iterator[tuple[uuid.UUID, Phone]]:
    """Yield the phones that matter to a rule, of these devices or all; `everyone`: whatever their state."""
    rows = DeviceState.objects.all()
    if device_ids is not None:
        rows = rows.filter(device_id__in=device_ids)
    elif not everyone:
        held = Delivery.objects.filter(route=rule.route).exclude(desired="", status__in=_DONE)
        rows = rows.filter(Q(told__in=list(rule.groups)) | Q(device_id__in=held.values("device_id")))
    entry = DirectoryDevice.objects.filter(object_id=OuterRef("device__entra_object_id"))
    found = rows.annotate(managed=Subquery(entry.values("managed")[:1])).values_list(
        "device_id", "told", "device__platform", "device__entra_object_id", "device__owner_oid", "managed"
    )
    for device_id, told, platform, object_id, owner, managed in found.iterator(chunk_size=5000):
        yield device_id, Phone(told, platform, object_id, owner, managed)


def changed_by(rule: Rule, after: Rule, tenant_id: uuid.UUID) -> tuple[int, int]:
    """Count the phones that another rule would put in, and take out, now."""
    settings = settings_of(tenant_id)
    put_in = taken_out = 0
    wide = replace(rule, groups={**rule.groups, **after.groups})
    for _device_id, phone in phones(wide):
        old, new = desired(phone, rule, settings), desired(phone, after, settings)
        put_in += bool(new) and not old
        taken_out += bool(old) and not new
    return put_in, taken_out


_DONE = [Delivery.Status.CONFIRMED, Delivery.Status.FAILED, Delivery.Status.DROPPED]
