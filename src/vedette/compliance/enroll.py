"""Enrolment with a one-time code: a phone becomes the device it was invited as (requirements D2, D3).

The code proves that the phone's holder got the mail, the signature proves possession of the key. Looking up
and writing are short transactions; the live question to Entra, whether the person or the phone is in an
enrollment group at this moment, is asked between them. Nothing is activated without its answer: what the last
poll saw may be minutes old, and an hour old when polls fail.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext

from vedette.compliance import activation
from vedette.compliance.appear import ADMINISTRATOR, appear, same_model
from vedette.compliance.lifecycle import Refused as RefusedAct
from vedette.devices.models import Device, DeviceKey, Invitation, WaitingIdentity
from vedette.directory import write
from vedette.directory.models import DirectoryDevice
from vedette.directory.write import DeviceRecord, UserRecord
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.foundation.graph import GraphError, TokenError
from vedette.foundation.secrets import hash_code
from vedette_facts import jose
from vedette_facts.protocol import EnrollRequest

NOT_IN_GROUP: Final = "not_in_enrollment_group"
NEEDS_CONFIRMATION: Final = "needs_confirmation"

Member = tuple[UserRecord, Sequence[DeviceRecord]]


@dataclass(frozen=True)
class Membership:
    """The live questions to the directory. Both raise GraphError or TokenError: not knowing is no answer."""

    ask: Callable[[UUID, UUID], Member | None]
    """Tenant and person (object ID) to the person and their devices when they are in an enrollment group now,
    else None."""
    covers: Callable[[UUID, UUID | None, UUID | None], bool]
    """Tenant, person and Entra device (object IDs) to whether one of the two is in an enrollment group now."""


@dataclass(frozen=True)
class Activated:
    """The key now speaks for the device; `again` when it did so already."""

    tenant_id: UUID
    device_id: UUID
    key_id: str
    binding: str
    again: bool = False


@dataclass(frozen=True)
class Waiting:
    """The identity is kept; the app repeats the call. `reason` is NOT_IN_GROUP or NEEDS_CONFIRMATION."""

    key_id: str
    reason: str


@dataclass(frozen=True)
class Refused:
    """The call is not taken; `code` is the protocol's, `why` in words where the code alone says too little."""

    code: str
    why: str = ""


Outcome = Activated | Waiting | Refused


@dataclass(frozen=True)
class _Ask:
    """No answer without a live look at the directory: for this device, or for all that this person has."""

    oid: UUID | None
    device: Device | None = None

    def settles(self, device: Device) -> bool:
        """Tell whether a "yes" to this question holds for DEVICE as it is now."""
        if self.device is None:
            return self.oid == device.owner_oid
        asked = self.device
        return (asked.id, asked.owner_oid, asked.entra_object_id) == (
            device.id,
            device.owner_oid,
            device.entra_object_id,
        )


@dataclass(frozen=True)
class _Attempt:
    """One enrolment call: which invitation, which key, what the app says of its device."""

    tenant_id: UUID
    invitation_id: UUID
    jwk: Mapping[str, str]
    key_id: str
    claim: Mapping[str, Any]


def redeem(message: EnrollRequest, jwk: Mapping[str, str], membership: Membership) -> Outcome:
    """Answer an enrolment call whose signature by `jwk` has been verified. Opens its own doors.

    While the directory does not answer nobody is activated and nobody is told that they are in no group: the
    call is `unavailable`, and the app repeats it with the same key (docs/device-protocol.md 4 and 8).
    """
    key_id = jose.key_id(jwk)
    with database.system():
        place = (
            Invitation.objects.filter(code_hash=hash_code(message.code))
            .values_list("tenant_id", "id")
            .first()
        )
        elsewhere = place is not None and _held_elsewhere(key_id, place[0])
    if place is None:
        return Refused("unknown_code")
    if elsewhere:
        return _key_is_spent()
    return _answer(_Attempt(*place, jwk, key_id, _claim(message)), membership)


def _answer(attempt: _Attempt, membership: Membership) -> Outcome:
    question = _try(attempt, asked=None)
    if not isinstance(question, _Ask):
        return question
    try:
        inside = _look(attempt.tenant_id, question, membership)
    except (GraphError, TokenError):
        return _unknown()
    if not inside:
        return _wait(attempt, NOT_IN_GROUP)
    outcome = _try(attempt, asked=question)
    if not isinstance(outcome, _Ask):
        return outcome
    # Something changed while Microsoft was asked: the next call asks anew, about how things are then.
    return _unknown() if question.device or outcome.device else _wait(attempt, NOT_IN_GROUP)


def _look(tenant_id: UUID, question: _Ask, membership: Membership) -> bool:
    """Ask the directory, outside any transaction. Raises GraphError or TokenError."""
    if question.device:
        return membership.covers(tenant_id, question.oid, question.device.entra_object_id)
    assert question.oid
    member = membership.ask(tenant_id, question.oid)
    if member:
        _take_in(tenant_id, member)
    return member is not None


def _unknown() -> Refused:
    return Refused("unavailable", gettext("Whether you are in an enrollment group could not be checked."))


def confirm(waiting: WaitingIdentity, device: Device, actor: Actor) -> None:
    """Let an administrator say which pending device a waiting app runs on. Raises lifecycle.Refused."""
    with database.writer(waiting.tenant_id):
        row = WaitingIdentity.objects.select_for_update().filter(id=waiting.id).first()
        target = Device.objects.select_for_update().filter(id=device.id).first()
        if row is None or target is None:
            raise RefusedAct(gettext("This request or this device is gone. Reload the page."))
        if target.activation_status != Device.Activation.PENDING:
            raise RefusedAct(gettext("Only a pending device can be confirmed."))
        if target.platform != row.claim["platform"]:
            raise RefusedAct(gettext("The app runs on another kind of phone than this device."))
        invitation = Invitation.objects.select_for_update().get(id=row.invitation_id)
        if invitation.revoked_at:
            raise RefusedAct(
                gettext("The invitation that this app came with was revoked. Send the person a new one.")
            )
        if invitation.used_at:
            raise RefusedAct(
                gettext("Another app used this invitation meanwhile. Send the person a new one.")
            )
        emit(
            Draft(
                action="enrollment.confirmed",
                actor=actor,
                target=Target("device", str(target.id), target.display_name),
                changes=[change("activation_status", "PENDING", "ACTIVATED")],
                detail={"key_id": row.key_id, "claim": row.claim},
            )
        )
        activation.activate(target, invitation, row.public_jwk, row.claim, actor=actor)


def reject(waiting: WaitingIdentity, actor: Actor) -> None:
    """Let an administrator turn a waiting app away: its code is worth nothing from now on."""
    with database.writer(waiting.tenant_id):
        emit(
            Draft(
                action="enrollment.rejected",
                actor=actor,
                target=Target("invitation", str(waiting.invitation_id)),
                changes=[change("status", "waiting", "rejected")],
                detail={"key_id": waiting.key_id, "claim": waiting.claim},
            )
        )
        Invitation.objects.filter(id=waiting.invitation_id, revoked_at=None).update(revoked_at=clock.now())
        WaitingIdentity.objects.filter(id=waiting.id).delete()


def _claim(message: EnrollRequest) -> dict[str, Any]:
    device = message.device
    return {
        "platform": device.platform,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "os_version": device.os_version,
        "name": device.name or "",
        "entra_device_id": (message.entra_device_id or "").lower(),
        "agent_version": message.agent_version,
    }


def _try(attempt: _Attempt, *, asked: _Ask | None) -> Outcome | _Ask:
    with database.writer(attempt.tenant_id):
        invitation = (
            Invitation.objects.select_for_update(of=("self",)).filter(id=attempt.invitation_id).first()
        )
        if invitation is None:
            return Refused("unknown_code")
        settled = _settled(attempt, invitation)
        if settled:
            return settled
        found = _device_for(attempt, invitation, asked=asked)
        if isinstance(found, Device):
            if asked is None or not asked.settles(found):
                return _Ask(found.owner_oid, found)
            activation.activate(found, invitation, attempt.jwk, attempt.claim)
            return Activated(attempt.tenant_id, found.id, attempt.key_id, found.binding)
        if isinstance(found, Waiting):
            return _wait(attempt, found.reason)
        return found


def _settled(attempt: _Attempt, invitation: Invitation) -> Outcome | None:
    """Answer what needs no device: the same call again, and codes that are used, revoked or expired."""
    key = DeviceKey.objects.filter(key_id=attempt.key_id).select_related("device").first()
    if key and (key.retired_at or invitation.used_by_key != attempt.key_id):
        return _key_is_spent()
    if key:
        return Activated(attempt.tenant_id, key.device_id, attempt.key_id, key.device.binding, again=True)
    if invitation.used_at:
        return Refused("used_code")
    known = WaitingIdentity.objects.filter(key_id=attempt.key_id, invitation=invitation).exists()
    if invitation.revoked_at or (invitation.expires_at <= clock.now() and not known):
        return Refused("expired_code")
    return None


def _held_elsewhere(key_id: str, tenant_id: UUID) -> bool:
    """Tell whether another tenant knows this key; inside the system's door."""
    return any(
        rows.filter(key_id=key_id).exclude(tenant_id=tenant_id).exists()
        for rows in (DeviceKey.objects.all(), WaitingIdentity.objects.all())
    )


def _key_is_spent() -> Refused:
    return Refused(
        "retired_identity",
        gettext("This app's key was used for an enrolment before; a new enrolment needs a new key."),
    )


def _device_for(
    attempt: _Attempt, invitation: Invitation, *, asked: _Ask | None
) -> Device | Waiting | Refused | _Ask:
    """Find the one device this code may activate (D2)."""
    if invitation.device_id:
        return _invited(attempt, invitation.device_id)
    if invitation.owner_oid is None:
        return Waiting(attempt.key_id, NEEDS_CONFIRMATION)
    pending = Device.objects.select_for_update(of=("self",)).filter(
        owner_oid=invitation.owner_oid,
        activation_status=Device.Activation.PENDING,
        platform=attempt.claim["platform"],
    )
    fitting = [device for device in pending if _fits(device, attempt.claim)]
    if len(fitting) > 1:
        named = [d for d in fitting if str(d.entra_device_id) == attempt.claim["entra_device_id"]]
        fitting = named or fitting
    if len(fitting) == 1:
        return fitting[0]
    if fitting or asked:
        return Waiting(attempt.key_id, NEEDS_CONFIRMATION)
    return _Ask(invitation.owner_oid)


def _invited(attempt: _Attempt, device_id: UUID) -> Device | Refused | _Ask:
    device = Device.objects.select_for_update(of=("self",)).get(id=device_id)
    if device.platform != attempt.claim["platform"]:
        return Refused(
            "unknown_code",
            gettext("This code belongs to another kind of phone (%s).") % device.get_platform_display(),
        )
    if device.activation_status != Device.Activation.DEACTIVATED:
        return device
    if device.deactivation_reason == ADMINISTRATOR or device.owner_oid is None:
        return Refused("expired_code")
    return _Ask(device.owner_oid)


def _fits(device: Device, claim: Mapping[str, Any]) -> bool:
    """Compare models; Apple's directory says "iPhone 15" where the phone says "iPhone15,4"."""
    if not device.model or same_model(device.model, claim["model"]):
        return True
    if device.platform == Device.Platform.IOS:
        return _apple_family(device.model) == _apple_family(claim["model"])
    return False


def _apple_family(model: str) -> str:
    name = model.strip().casefold()
    return next((family for family in ("iphone", "ipad", "ipod") if name.startswith(family)), name)


def _wait(attempt: _Attempt, reason: str) -> Waiting:
    """Keep the identity. A newer key of the same code takes the place of an older one that still waits.

    A key that comes with another code waits with that one: it is what an administrator's word uses up.
    """
    now = clock.now()
    told = {
        "invitation_id": attempt.invitation_id,
        "reason": reason,
        "claim": dict(attempt.claim),
        "last_seen_at": now,
    }
    with database.writer(attempt.tenant_id):
        WaitingIdentity.objects.filter(invitation=attempt.invitation_id).exclude(
            key_id=attempt.key_id
        ).delete()
        WaitingIdentity.objects.update_or_create(
            key_id=attempt.key_id,
            tenant_id=attempt.tenant_id,
            defaults=told,
            create_defaults={**told, "public_jwk": dict(attempt.jwk), "first_seen_at": now},
        )
    return Waiting(attempt.key_id, reason)


def _take_in(tenant_id: UUID, member: Member) -> None:
    """Write down what the live answer said, as the poll would have done a few minutes later."""
    user, devices = member
    with database.writer(tenant_id):
        write.store_users(None, [user])
        write.store_devices(None, devices)
        rows = DirectoryDevice.objects.filter(object_id__in=[device.object_id for device in devices])
        appear(tenant_id, list(rows))
