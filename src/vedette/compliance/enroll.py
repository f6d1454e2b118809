"""Enrolment: a phone becomes the device that a code, the MDM or a sign-in says it is (requirements D2, D3).

The signature proves possession of the key. Looking up and writing are short transactions; the live question to Entra,
whether the person or the phone is in an enrollment group at this moment, is asked between them. Nothing is activated
without its answer: what the last poll saw may be minutes old, and an hour old when polls fail.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from vedette.compliance import activation, enroll_device
from vedette.compliance.appear import appear
from vedette.compliance.enroll_confirm import confirm, reject
from vedette.compliance.enroll_wait import wait
from vedette.compliance.enrolment import (
    NEEDS_CONFIRMATION,
    NOT_IN_GROUP,
    Activated,
    Ask,
    Attempt,
    ByCode,
    ByConfiguration,
    BySignIn,
    Found,
    Member,
    Membership,
    Outcome,
    Proof,
    Refused,
    Waiting,
    key_is_spent,
)
from vedette.devices import enrollment_policy
from vedette.devices.models import DeviceKey, Invitation, WaitingIdentity
from vedette.directory import write
from vedette.directory.models import DirectoryDevice
from vedette.foundation import clock, database
from vedette.foundation.graph import GraphError, TokenError
from vedette.foundation.secrets import hash_code
from vedette.tenants import phone_sign_in
from vedette.tenants.openid.provider import ProviderError
from vedette.tenants.openid.tokens import TokenRefusedError
from vedette.tenants.phone_sign_in import UnknownOrganisationError
from vedette_facts import jose
from vedette_facts.protocol import AppConfiguration, EnrollRequest

__all__ = [
    "NEEDS_CONFIRMATION",
    "NOT_IN_GROUP",
    "Activated",
    "Member",
    "Membership",
    "Outcome",
    "Refused",
    "Waiting",
    "confirm",
    "redeem",
    "reject",
]


def redeem(message: EnrollRequest, jwk: Mapping[str, str], membership: Membership) -> Outcome:
    """Answer an enrolment call whose signature by `jwk` has been verified. Opens its own doors.

    While the directory does not answer nobody is activated and nobody is told that they are in no group: the
    call is `unavailable`, and the app repeats it with the same key (docs/device-protocol.md 4 and 8).
    """
    key_id = jose.key_id(jwk)
    place: tuple[UUID, Proof] | Refused
    if message.sign_in:
        place = _by_sign_in(message.sign_in.id_token, key_id)
    elif message.configuration:
        place = _by_configuration(message.configuration)
    else:
        place = _by_code(message.code or "")
    if isinstance(place, Refused):
        return place
    tenant_id, proof = place
    with database.system():
        if _held_elsewhere(key_id, tenant_id):
            return key_is_spent()
    return _answer(Attempt(tenant_id, proof, jwk, key_id, _claim(message)), membership)


def _by_code(code: str) -> tuple[UUID, ByCode] | Refused:
    with database.system():
        found = Invitation.objects.filter(code_hash=hash_code(code)).values_list("tenant_id", "id").first()
    return (found[0], ByCode(found[1])) if found else Refused("unknown_code")


def _by_configuration(told: AppConfiguration) -> tuple[UUID, ByConfiguration] | Refused:
    with database.system():
        tenant_id = enrollment_policy.find(told.enrollment_code)
    if tenant_id is None:
        return Refused(
            "unknown_code",
            gettext(
                "The enrollment code of this app's configuration is not known; it may have been replaced."
            ),
        )
    try:
        device = UUID(told.entra_device_id)
    except ValueError:
        device = UUID(int=0)
    if not device.int:
        return Refused(
            "unknown_device",
            gettext(
                "Intune has not filled in the device ID: is this phone registered with your organisation?"
            ),
        )
    return tenant_id, ByConfiguration(device, told.user_principal_name or "")


def _by_sign_in(id_token: str, key_id: str) -> tuple[UUID, BySignIn] | Refused:
    """Say whom the token names. A key that came with a good one before needs no fresh one: tokens end."""
    with database.system():
        row = WaitingIdentity.objects.filter(key_id=key_id, way=WaitingIdentity.Way.SIGN_IN).first()
    if row and row.owner_oid:
        said = row.claim.get("vouched_device_id")
        return row.tenant_id, BySignIn(row.owner_oid, row.owner_upn, UUID(said) if said else None)
    try:
        person = phone_sign_in.believe(id_token, key_id)
    except UnknownOrganisationError:
        return Refused("unknown_organisation")
    except TokenRefusedError as error:
        return Refused("sign_in_refused", gettext("Your sign-in is not accepted: %s") % error)
    except ProviderError:
        return Refused("unavailable", gettext("Microsoft's sign-in could not be asked about your sign-in."))
    return person.tenant_id, BySignIn(person.oid, person.upn, person.entra_device_id)


def _answer(attempt: Attempt, membership: Membership) -> Outcome:
    question = _try(attempt, asked=None)
    if not isinstance(question, Ask):
        return question
    try:
        answered = _look(attempt.tenant_id, question, membership)
    except (GraphError, TokenError):
        return _unknown()
    if isinstance(answered, Refused):
        return answered
    if answered is None:
        return wait(attempt, NOT_IN_GROUP)
    outcome = _try(attempt, asked=answered)
    if not isinstance(outcome, Ask):
        return outcome
    # Something changed while Microsoft was asked: the next call asks anew, about how things are then.
    return _unknown() if question.device or outcome.device else wait(attempt, NOT_IN_GROUP)


def _look(tenant_id: UUID, question: Ask, membership: Membership) -> Ask | Refused | None:
    """Ask the directory, outside any transaction; None means no. Raises GraphError or TokenError.

    A device ID that Entra does not know is no phone that waits: keeping those would let anybody with the
    organisation's code fill the table.
    """
    if question.device:
        inside = membership.covers(tenant_id, question.oid, question.device.entra_object_id)
        return question if inside else None
    oid = question.oid
    if question.entra_device_id:
        oid = membership.owner(tenant_id, question.entra_device_id)
        if oid is None:
            return Refused(
                "unknown_device",
                gettext(
                    "Microsoft Entra ID does not know this phone, or does not say whose it is. If it was registered "
                    "just now, open the app again in a few minutes."
                ),
            )
    member = membership.ask(tenant_id, oid) if oid else None
    if member is None:
        return None
    _take_in(tenant_id, member)
    return Ask(oid)


def _unknown() -> Refused:
    return Refused("unavailable", gettext("Whether you are in an enrollment group could not be checked."))


def _claim(message: EnrollRequest) -> dict[str, Any]:
    device = message.device
    named = message.configuration.entra_device_id if message.configuration else message.entra_device_id
    return {
        "platform": device.platform,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "os_version": device.os_version,
        "name": device.name or "",
        "entra_device_id": (named or "").lower(),
        "agent_version": message.agent_version,
    }


def _try(attempt: Attempt, *, asked: Ask | None) -> Outcome | Ask:
    with database.writer(attempt.tenant_id):
        proof, invitation = attempt.proof, None
        if isinstance(proof, ByCode):
            rows = Invitation.objects.select_for_update(of=("self",))
            invitation = rows.filter(id=proof.invitation_id).first()
            if invitation is None:
                return Refused("unknown_code")
        settled = _settled(attempt, invitation)
        if settled:
            return settled
        found: enroll_device.Answer
        if isinstance(proof, ByConfiguration):
            found = enroll_device.by_configuration(attempt, proof, asked=asked)
        elif isinstance(proof, BySignIn):
            found = enroll_device.by_sign_in(attempt, proof, asked=asked)
        else:
            assert invitation
            found = enroll_device.by_code(attempt, invitation, asked=asked)
        if isinstance(found, Waiting):
            return wait(attempt, found.reason)
        return _activate(attempt, found, invitation, asked) if isinstance(found, Found) else found


def _activate(
    attempt: Attempt, found: Found, invitation: Invitation | None, asked: Ask | None
) -> Outcome | Ask:
    device = found.device
    if asked is None or not asked.settles(device):
        return Ask(device.owner_oid, device)
    activation.activate(device, attempt.jwk, attempt.claim, found.binding, invitation=invitation)
    return Activated(attempt.tenant_id, device.id, attempt.key_id, device.binding)


def _settled(attempt: Attempt, invitation: Invitation | None) -> Outcome | None:
    """Answer what needs no device: the same call again, and codes that are used, revoked or expired."""
    key = DeviceKey.objects.filter(key_id=attempt.key_id).select_related("device").first()
    if key and (key.retired_at or (invitation and invitation.used_by_key != attempt.key_id)):
        return key_is_spent()
    if key:
        return Activated(attempt.tenant_id, key.device_id, attempt.key_id, key.device.binding, again=True)
    if invitation is None:
        return None
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


def _take_in(tenant_id: UUID, member: Member) -> None:
    """Write down what the live answer said, as the poll would have done a few minutes later."""
    user, devices = member
    with database.writer(tenant_id):
        write.store_users(None, [user])
        write.store_devices(None, devices)
        rows = DirectoryDevice.objects.filter(object_id__in=[device.object_id for device in devices])
        appear(tenant_id, list(rows))
