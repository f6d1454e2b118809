"""Invitations: one-time activation codes for a device or a person (requirement D2, lookout.md 1.7).

Only a hash of a code is stored, so a code that was lost is replaced, never shown again. In bulk, codes are
made by the job at the moment of sending and never stand in a table or a job's arguments.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from vedette.devices.models import Device, Invitation, WaitingIdentity
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id
from vedette.foundation.secrets import hash_code, one_time_code
from vedette.tenants.models import Tenant

LIFETIME: Final = timedelta(weeks=4)
# compliance.appear.ADMINISTRATOR, a layer above: what an administrator took out comes back by their word only
_BY_ADMINISTRATOR: Final = "administrator"


class CannotInvite(Exception):  # noqa: N818 - an answer to the administrator, not a fault of the program
    """No code can be made for this device or person; the text says why and what to do."""


@dataclass(frozen=True)
class Issued:
    """An invitation with its code, which exists only here and in the mail."""

    invitation: Invitation
    code: str


@dataclass(frozen=True)
class Progress:
    """How far a bulk sending has come."""

    total: int
    sent: int
    failed: int

    @property
    def waiting(self) -> int:
        """Mails that are still to be sent."""
        return self.total - self.sent - self.failed


def invite_device(device: Device, actor: Actor, *, language: str | None = None) -> Issued:
    """Make a code that activates exactly this device; older unused ones of it are revoked.

    Raises CannotInvite.
    """
    if device.activation_status == Device.Activation.DEACTIVATED:
        raise CannotInvite(gettext("This device is deactivated. Reinstate it first."))
    if not device.owner_email:
        raise CannotInvite(gettext("The owner of this device has no e-mail address in Entra."))
    with database.writer(device.tenant_id):
        _open().filter(device=device).update(revoked_at=clock.now())
        return _issue(_for_device(device, actor, _language(device.tenant_id, language)), actor)


def invite_person(
    tenant_id: UUID, *, oid: UUID, upn: str, email: str, actor: Actor, language: str | None = None
) -> Issued:
    """Make a code for a person, who may not be in a group yet: it finds their one pending device when used.

    Raises CannotInvite.
    """
    if not email:
        raise CannotInvite(gettext("This person has no e-mail address in Entra."))
    with database.writer(tenant_id):
        invitation = Invitation(
            tenant_id=tenant_id,
            owner_oid=oid,
            owner_upn=upn,
            email=email,
            language=_language(tenant_id, language),
            created_by=actor.name or actor.id,
        )
        return _issue(invitation, actor)


def prepare_batch(tenant_id: UUID, actor: Actor) -> UUID | None:
    """Prepare invitations for all pending devices without a usable code; None when there is nobody.

    Nobody holds their codes yet: the sending job makes them (jobs.invite_all_pending does both).
    """
    with database.writer(tenant_id):
        # A code whose mail did not leave is nobody's.
        pending = Device.objects.filter(activation_status=Device.Activation.PENDING)
        _open().filter(device__in=pending).exclude(send_error="").update(revoked_at=clock.now())
        usable = _open().filter(device=OuterRef("pk"), expires_at__gt=clock.now())
        devices = (
            Device.objects.defer("facts")
            .filter(~Exists(usable), activation_status=Device.Activation.PENDING)
            .exclude(owner_email="")
        )
        language, batch_id = _language(tenant_id, None), new_id()
        rows = [_for_device(device, actor, language) for device in devices]
        for row in rows:
            row.batch_id = batch_id
            _date(row, os.urandom(32))
        if not rows:
            return None
        Invitation.objects.bulk_create(rows, batch_size=2000)
        emit(_audit("enrollment.invited", actor, Target("batch", str(batch_id)), count=len(rows)))
        return batch_id


def renew(invitation: Invitation, actor: Actor) -> Issued:
    """Give an unused invitation a new code and four more weeks; the old code dies. Raises CannotInvite."""
    with database.writer(invitation.tenant_id):
        row = _unused(invitation)
        if row.device and row.device.deactivation_reason == _BY_ADMINISTRATOR:
            raise CannotInvite(gettext("This device is deactivated. Reinstate it first."))
        if row.device:
            _open().filter(device=row.device).exclude(id=row.id).update(revoked_at=clock.now())
        row.email = _address(row)
        code, before = one_time_code(), row.expires_at
        _date(row, hash_code(code))
        row.sent_at, row.send_error, row.revoked_at, row.batch_id = None, "", None, None
        row.save()
        changes = [change("expires_at", before, row.expires_at)]
        emit(_audit("enrollment.code_renewed", actor, _target(row), changes))
        return Issued(row, code)


def revoke(invitation: Invitation, actor: Actor) -> None:
    """Make an unused code worthless, also for the app that waits with it. Raises CannotInvite."""
    with database.writer(invitation.tenant_id):
        row = _unused(invitation)
        if row.revoked_at:
            raise CannotInvite(gettext("This code is worthless already."))
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        WaitingIdentity.objects.filter(invitation=row).delete()
        changes = [change("status", "open", "revoked")]
        emit(_audit("enrollment.code_revoked", actor, _target(row), changes))


def progress(batch_id: UUID) -> Progress:
    """Tell how far a bulk sending is; inside the tenant's door."""
    counts = Invitation.objects.filter(batch_id=batch_id).aggregate(
        total=Count("id"),
        sent=Count("id", filter=Q(sent_at__isnull=False)),
        failed=Count("id", filter=Q(sent_at=None) & ~Q(send_error="")),
    )
    return Progress(**counts)


def take_unsent(tenant_id: UUID, batch_id: UUID, limit: int) -> list[Issued]:
    """Give the next unsent invitations of a batch fresh codes; for the sending job only."""
    with database.tenant(tenant_id):
        rows = list(
            _open()
            .filter(batch_id=batch_id, sent_at=None, send_error="")
            .order_by("id")
            .select_related("device")
            .select_for_update(of=("self",), skip_locked=True)[:limit]
        )
        issued = [Issued(row, one_time_code()) for row in rows]
        for item in issued:
            item.invitation.code_hash = hash_code(item.code)
            item.invitation.email = _address(item.invitation)
        Invitation.objects.bulk_update(rows, ["code_hash", "email"])
        return issued


def mark(tenant_id: UUID, results: Sequence[tuple[Invitation, str]]) -> None:
    """Note what came of sending: an empty text is success, else the error."""
    with database.tenant(tenant_id):
        for invitation, error in results:
            invitation.sent_at = None if error else clock.now()
            invitation.send_error = error
        Invitation.objects.bulk_update([row for row, _ in results], ["sent_at", "send_error"])


def fail_rest(tenant_id: UUID, batch_id: UUID, error: str) -> None:
    """Note on everything unsent of a batch why it was given up."""
    with database.tenant(tenant_id):
        _open().filter(batch_id=batch_id, sent_at=None, send_error="").update(send_error=error)


def prepare_again(tenant_id: UUID, batch_id: UUID, actor: Actor) -> int:
    """Make what failed of a batch unsent again, with four weeks from now; return how many that is."""
    with database.writer(tenant_id):
        failed = _open().filter(batch_id=batch_id, sent_at=None).exclude(send_error="")
        count = failed.exclude(device__activation_status=Device.Activation.DEACTIVATED).update(
            send_error="", created_at=clock.now(), expires_at=clock.now() + LIFETIME
        )
        if count:
            emit(_audit("enrollment.invited", actor, Target("batch", str(batch_id)), count=count))
        return count


def usable_of_person(oid: UUID) -> int:
    """Count a person's codes that still activate something; inside the tenant's door."""
    return _open().filter(owner_oid=oid, expires_at__gt=clock.now()).count()


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(used_at=None, revoked_at=None)


def _for_device(device: Device, actor: Actor, language: str) -> Invitation:
    return Invitation(
        tenant_id=device.tenant_id,
        device=device,
        owner_oid=device.owner_oid,
        owner_upn=device.owner_upn,
        email=device.owner_email,
        language=language,
        created_by=actor.name or actor.id,
    )


def _issue(invitation: Invitation, actor: Actor) -> Issued:
    code = one_time_code()
    _date(invitation, hash_code(code))
    invitation.save(force_insert=True)
    emit(_audit("enrollment.invited", actor, _target(invitation), count=1))
    return Issued(invitation, code)


def _date(invitation: Invitation, code_hash: bytes) -> None:
    invitation.code_hash = code_hash
    invitation.created_at = clock.now()
    invitation.expires_at = invitation.created_at + LIFETIME


def _unused(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_related("device").select_for_update(of=("self",))
    row = rows.filter(id=invitation.id).first()
    if row is None:
        raise CannotInvite(gettext("This invitation is gone: its device was deleted."))
    if row.used_at:
        raise CannotInvite(gettext("This code has been used. Make a new invitation."))
    return row


def _language(tenant_id: UUID, language: str | None) -> str:
    return language or Tenant.objects.values_list("language", flat=True).get(id=tenant_id)


def _address(invitation: Invitation) -> str:
    """Where to send now: Entra's address of today counts, so that one mended there is used."""
    return (invitation.device and invitation.device.owner_email) or invitation.email


def _target(invitation: Invitation) -> Target:
    return Target("invitation", str(invitation.id), invitation.email)


def _audit(
    action: str, actor: Actor, target: Target, changes: Sequence[Mapping[str, object]] = (), **detail: int
) -> Draft:
    kind = "UPDATED" if changes else "CREATED"
    return Draft(action=action, change_type=kind, actor=actor, target=target, changes=changes, detail=detail)
