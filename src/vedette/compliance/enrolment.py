"""Words of enrolment: what proves that a phone may be activated, what is asked of the directory, what comes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext

from vedette.devices.models import Device, WaitingIdentity
from vedette.directory.write import DeviceRecord, UserRecord

NOT_IN_GROUP: Final = "not_in_enrollment_group"
NEEDS_CONFIRMATION: Final = "needs_confirmation"

Member = tuple[UserRecord, Sequence[DeviceRecord]]


@dataclass(frozen=True)
class Membership:
    """The live questions to the directory. All raise GraphError or TokenError: not knowing is no answer."""

    ask: Callable[[UUID, UUID], Member | None]
    """Tenant and person (object ID) to the person and their devices when they are in an enrollment group now,
    else None."""
    covers: Callable[[UUID, UUID | None, UUID | None], bool]
    """Tenant, person and Entra device (object IDs) to whether one of the two is in an enrollment group now."""
    owner: Callable[[UUID, UUID], UUID | None]
    """Tenant and Entra's device ID to its owner's object ID; None when Entra knows no such device or owner."""


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
class ByCode:
    """The code of an invitation: its holder got the person's mail."""

    invitation_id: UUID

    way = WaitingIdentity.Way.CODE


@dataclass(frozen=True)
class ByConfiguration:
    """The organisation's code and Entra's device ID, as the MDM handed them to the app.

    The device ID is no secret, and the code is on every managed phone: it proves that the app was configured by
    the MDM, not which phone it is. So it never takes an identity that is in use.
    """

    entra_device_id: UUID
    upn: str

    way = WaitingIdentity.Way.CONFIGURATION


@dataclass(frozen=True)
class BySignIn:
    """A person's sign-in at Entra; `entra_device_id` where Entra vouches for the phone it came from."""

    oid: UUID
    upn: str
    entra_device_id: UUID | None

    way = WaitingIdentity.Way.SIGN_IN


Proof = ByCode | ByConfiguration | BySignIn


@dataclass(frozen=True)
class Attempt:
    """One enrolment call: what proves it, which key, what the app says of its device."""

    tenant_id: UUID
    proof: Proof
    jwk: Mapping[str, str]
    key_id: str
    claim: Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """No answer without a live look at the directory: for this device, for a person, or for whose a device is."""

    oid: UUID | None
    device: Device | None = None
    entra_device_id: UUID | None = None

    def settles(self, device: Device) -> bool:
        """Tell whether a "yes" to this question holds for DEVICE as it is now."""
        if self.device is None:
            return self.oid is not None and self.oid == device.owner_oid
        asked = self.device
        return (asked.id, asked.owner_oid, asked.entra_object_id) == (
            device.id,
            device.owner_oid,
            device.entra_object_id,
        )


@dataclass(frozen=True)
class Found:
    """The device that may be activated, and how strongly it is bound by that."""

    device: Device
    binding: str


def key_is_spent() -> Refused:
    """Answer a key that an enrolment has used."""
    return Refused(
        "retired_identity",
        gettext("This app's key was used for an enrolment before; a new enrolment needs a new key."),
    )
