"""A phone that Entra gives to somebody else: what the former owner proved no longer counts for it (D5).

The app's key stays: it is the same phone, and its reports go on protecting it. A code, a sign-in or a device's own
sign-in proved the former owner, so the binding falls to "asserted" until the new owner activates the app; codes that
were mailed to the former owner become worthless, and apps that wait with them are forgotten.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Q

from vedette.devices.models import Device, Invitation, WaitingIdentity
from vedette.directory.models import DirectoryDevice
from vedette.events.log import Draft, Target, change, emit_all
from vedette.foundation import clock

_OF_A_PERSON: Final = frozenset({Device.Binding.CODE, Device.Binding.SIGN_IN, Device.Binding.SIGN_IN_DEVICE})


def note(rows: Sequence[DirectoryDevice], stays_out: Collection[str] = ()) -> None:
    """Take note of devices whose owner is another one than before; inside the tenant's writer, before the refresh.

    One that lost its owner counts too: who gets it next would not be compared with anybody any more. Devices that were
    deactivated for one of the reasons `stays_out` are not refreshed, so nothing is said of them.
    """
    owners = {row.object_id: row.owner_oid for row in rows}
    out = Q(activation_status=Device.Activation.DEACTIVATED, deactivation_reason__in=stays_out)
    devices = (
        Device.objects.exclude(out)
        .filter(entra_object_id__in=owners, owner_oid__isnull=False)
        .only("id", "display_name", "binding", "owner_oid", "owner_upn", "entra_object_id")
    )
    changed = [
        device
        for device in devices
        if device.entra_object_id and device.owner_oid != owners[device.entra_object_id]
    ]
    if not changed:
        return
    ids = [device.id for device in changed]
    emit_all([_event(device, owners) for device in changed])
    Device.objects.filter(id__in=ids, binding__in=_OF_A_PERSON).update(binding=Device.Binding.ASSERTED)
    open_codes = Invitation.objects.filter(device__in=ids, used_at=None, revoked_at=None)
    WaitingIdentity.objects.filter(invitation__in=open_codes).delete()
    open_codes.update(revoked_at=clock.now())


def _event(device: Device, owners: Mapping[UUID, UUID | None]) -> Draft:
    assert device.entra_object_id
    after = owners[device.entra_object_id]
    changes = [change("owner_oid", str(device.owner_oid), str(after or ""))]
    if device.binding in _OF_A_PERSON:
        changes.append(change("binding", device.binding, Device.Binding.ASSERTED))
    return Draft(
        action="device.owner_changed",
        target=Target("device", str(device.id), device.display_name),
        changes=changes,
        detail={"former_owner": device.owner_upn},
    )
