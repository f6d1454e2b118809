"""An administrator's word about an app that waits: which phone it runs on, or that it is turned away (D2)."""

from typing import Final

from django.utils.translation import gettext

from vedette.compliance import activation
from vedette.compliance.lifecycle import Refused
from vedette.devices.models import Device, Invitation, WaitingIdentity
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database

_BINDING: Final = {
    WaitingIdentity.Way.CODE: Device.Binding.CODE,
    # What the MDM told did not fit the directory, or the phone was in use: it stands on the administrator's word.
    WaitingIdentity.Way.CONFIGURATION: Device.Binding.ASSERTED,
    WaitingIdentity.Way.SIGN_IN: Device.Binding.SIGN_IN,
}


def confirm(waiting: WaitingIdentity, device: Device, actor: Actor) -> None:
    """Let an administrator say which device a waiting app runs on; an identity in use is retired. Raises Refused."""
    with database.writer(waiting.tenant_id):
        row = WaitingIdentity.objects.select_for_update().filter(id=waiting.id).first()
        target = Device.objects.select_for_update().filter(id=device.id).first()
        if row is None or target is None:
            raise Refused(gettext("This request or this device is gone. Reload the page."))
        _check_target(row, target)
        invitation = _usable_invitation(row)
        emit(
            Draft(
                action="enrollment.confirmed",
                actor=actor,
                target=Target("device", str(target.id), target.display_name),
                changes=[change("activation_status", target.activation_status, "ACTIVATED")],
                detail={"key_id": row.key_id, "claim": row.claim},
            )
        )
        binding = _BINDING[WaitingIdentity.Way(row.way)]
        activation.activate(target, row.public_jwk, row.claim, binding, invitation=invitation, actor=actor)


def reject(waiting: WaitingIdentity, actor: Actor) -> None:
    """Let an administrator turn a waiting app away: its code, if it came with one, is worth nothing from now on."""
    target = (
        Target("invitation", str(waiting.invitation_id))
        if waiting.invitation_id
        else Target("enrollment", str(waiting.id), waiting.owner_upn)
    )
    with database.writer(waiting.tenant_id):
        emit(
            Draft(
                action="enrollment.rejected",
                actor=actor,
                target=target,
                changes=[change("status", "waiting", "rejected")],
                detail={"key_id": waiting.key_id, "claim": waiting.claim},
            )
        )
        if waiting.invitation_id:
            open_ones = Invitation.objects.filter(id=waiting.invitation_id, revoked_at=None)
            open_ones.update(revoked_at=clock.now())
        WaitingIdentity.objects.filter(id=waiting.id).delete()


def _check_target(row: WaitingIdentity, target: Device) -> None:
    replaceable = {Device.Activation.PENDING}
    if row.way != WaitingIdentity.Way.CODE:
        # who lost the app's identity (a new installation) has no other way back into a row that is in use
        replaceable.add(Device.Activation.ACTIVATED)
    if target.activation_status not in replaceable:
        raise Refused(gettext("Only a pending device can be confirmed."))
    if target.platform != row.claim["platform"]:
        raise Refused(gettext("The app runs on another kind of phone than this device."))


def _usable_invitation(row: WaitingIdentity) -> Invitation | None:
    if row.invitation_id is None:
        return None
    invitation = Invitation.objects.select_for_update().get(id=row.invitation_id)
    if invitation.revoked_at:
        raise Refused(
            gettext("The invitation that this app came with was revoked. Send the person a new one.")
        )
    if invitation.used_at:
        raise Refused(gettext("Another app used this invitation meanwhile. Send the person a new one."))
    return invitation
