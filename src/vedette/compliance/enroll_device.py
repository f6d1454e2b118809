"""Which device an enrolment may activate, by each way (D2); inside the tenant's writer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from vedette.compliance.appear import ADMINISTRATOR, same_model
from vedette.compliance.enrolment import (
    NEEDS_CONFIRMATION,
    NOT_IN_GROUP,
    Ask,
    Attempt,
    ByConfiguration,
    BySignIn,
    Found,
    Refused,
    Waiting,
)
from vedette.devices import enrollment_policy
from vedette.devices.models import Device, DeviceKey, Invitation

Answer = Found | Waiting | Refused | Ask


def by_code(attempt: Attempt, invitation: Invitation, *, asked: Ask | None) -> Answer:
    """Find the one device that an invitation's code may activate."""
    if not enrollment_policy.read().by_code:
        return _closed()
    if invitation.device_id:
        return _invited(attempt, invitation, invitation.device_id)
    if invitation.owner_oid is None:
        return Waiting(attempt.key_id, NEEDS_CONFIRMATION)
    return _of_person(attempt, invitation.owner_oid, Device.Binding.CODE, asked=asked)


def by_configuration(attempt: Attempt, proof: ByConfiguration, *, asked: Ask | None) -> Answer:
    """Find the device that the MDM named, checked against platform, model and owner in the directory."""
    if not enrollment_policy.read().by_configuration:
        return _closed()
    device = _named(proof.entra_device_id)
    if device is None or _left(device):
        question = Ask(None, entra_device_id=proof.entra_device_id)
        return question if asked is None else Waiting(attempt.key_id, NOT_IN_GROUP)
    refusal = _unfit(attempt, device)
    if refusal:
        return refusal
    owner_differs = bool(proof.upn) and proof.upn.casefold() != device.owner_upn.casefold()
    if _in_use(device) or owner_differs or not fits(device, attempt.claim):
        return Waiting(attempt.key_id, NEEDS_CONFIRMATION)
    return Found(device, Device.Binding.MDM)


def by_sign_in(attempt: Attempt, proof: BySignIn, *, asked: Ask | None) -> Answer:
    """Find the phone that Entra vouches for, else the one pending phone of the person that fits."""
    ways = enrollment_policy.read()
    if not ways.by_sign_in:
        return _closed()
    if proof.entra_device_id is None:
        if ways.device_claim_needed:
            return Refused(
                "way_not_allowed",
                gettext(
                    "Your organisation takes a sign-in only from a phone that is registered with it: sign in through "
                    "Company Portal or Microsoft Authenticator."
                ),
            )
        return _of_person(attempt, proof.oid, Device.Binding.SIGN_IN, asked=asked)
    return _vouched_for(attempt, proof, proof.entra_device_id, asked=asked)


def _vouched_for(attempt: Attempt, proof: BySignIn, entra_device_id: UUID, *, asked: Ask | None) -> Answer:
    """Find the phone that Entra names: it may take an identity that is in use, since Entra says that it is the one."""
    device = _named(entra_device_id)
    if device is None or _left(device):
        return Ask(proof.oid) if asked is None else Waiting(attempt.key_id, NEEDS_CONFIRMATION)
    refusal = _unfit(attempt, device)
    if refusal:
        return refusal
    if device.owner_oid not in {None, proof.oid}:
        return Waiting(attempt.key_id, NEEDS_CONFIRMATION)
    return Found(device, Device.Binding.SIGN_IN_DEVICE)


def fits(device: Device, claim: Mapping[str, Any]) -> bool:
    """Compare models; Apple's directory says "iPhone 15" where the phone says "iPhone15,4"."""
    if not device.model or same_model(device.model, claim["model"]):
        return True
    if device.platform == Device.Platform.IOS:
        return _apple_family(device.model) == _apple_family(claim["model"])
    return False


def _of_person(attempt: Attempt, oid: UUID, binding: str, *, asked: Ask | None) -> Answer:
    """Find the one pending phone of a person that fits; of several the one that the app names."""
    pending = _locked().filter(
        owner_oid=oid, activation_status=Device.Activation.PENDING, platform=attempt.claim["platform"]
    )
    fitting = [device for device in pending if fits(device, attempt.claim)]
    if len(fitting) > 1:
        named = [d for d in fitting if str(d.entra_device_id) == attempt.claim["entra_device_id"]]
        fitting = named or fitting
    if len(fitting) == 1:
        return Found(fitting[0], binding)
    if fitting or asked:
        return Waiting(attempt.key_id, NEEDS_CONFIRMATION)
    return Ask(oid)


def _invited(attempt: Attempt, invitation: Invitation, device_id: UUID) -> Found | Refused | Ask:
    device = _locked().get(id=device_id)
    if device.platform != attempt.claim["platform"]:
        return Refused(
            "unknown_code",
            gettext("This code belongs to another kind of phone (%s).") % device.get_platform_display(),
        )
    if invitation.owner_oid and invitation.owner_oid != device.owner_oid:
        # the code lies in the mailbox of somebody whose phone it no longer is
        return Refused("expired_code")
    if device.activation_status != Device.Activation.DEACTIVATED:
        return Found(device, Device.Binding.CODE)
    if device.deactivation_reason == ADMINISTRATOR or device.owner_oid is None:
        return Refused("expired_code")
    return Ask(device.owner_oid)


def _named(entra_device_id: UUID) -> Device | None:
    """Return the device of this Entra device ID: the live row before one that was deactivated."""
    rows = list(_locked().filter(entra_device_id=entra_device_id).order_by("-created_at"))
    live = [row for row in rows if row.activation_status != Device.Activation.DEACTIVATED]
    return next(iter([*live, *rows]), None)


def _in_use(device: Device) -> bool:
    """Tell whether an app speaks for it, or will at its next check-in: one that came back keeps its key."""
    return (
        device.activation_status == Device.Activation.ACTIVATED
        or DeviceKey.objects.filter(device=device, retired_at__isnull=True).exists()
    )


def _left(device: Device) -> bool:
    """Tell whether it left by itself: a live look at the directory may bring it back."""
    out = device.activation_status == Device.Activation.DEACTIVATED
    return out and device.deactivation_reason != ADMINISTRATOR


def _unfit(attempt: Attempt, device: Device) -> Refused | None:
    if device.platform != attempt.claim["platform"]:
        return Refused(
            "unknown_device",
            gettext("This device is registered as another kind of phone (%s).")
            % device.get_platform_display(),
        )
    if device.activation_status == Device.Activation.DEACTIVATED:
        return Refused(
            "unknown_device",
            gettext("Your administrator has taken this device out. Ask them to let it in again."),
        )
    return None


def _locked() -> QuerySet[Device]:
    return Device.objects.select_for_update(of=("self",))


def _closed() -> Refused:
    return Refused("way_not_allowed")


def _apple_family(model: str) -> str:
    name = model.strip().casefold()
    return next((family for family in ("iphone", "ipad", "ipod") if name.startswith(family)), name)
