"""Invitations in bulk: prepared at once, sent by a job; its progress is `invitations.progress`. And their end."""

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from vedette.devices import invitation_mail, invitations
from vedette.devices.invitations import Issued
from vedette.devices.models import Invitation, WaitingIdentity
from vedette.events.log import Actor
from vedette.foundation import clock, database, jobs, mail
from vedette.foundation.ids import new_id
from vedette.tenants.models import Tenant

KEEP_INVITATIONS: Final = timedelta(days=90)
_AT_ONCE: Final = 25
# After so many failures in a row that are not about one address, the server is down for all of them.
_GIVE_UP_AFTER: Final = 3


def invite_all_pending(tenant_id: UUID, actor: Actor) -> UUID | None:
    """Invite every pending device that has no usable code; return the batch, None when there is nobody."""
    with database.writer(tenant_id):
        batch_id = invitations.prepare_batch(tenant_id, actor)
        if batch_id:
            _send_soon(tenant_id, batch_id)
        return batch_id


def retry_failed(tenant_id: UUID, batch_id: UUID, actor: Actor) -> int:
    """Send what failed of a batch once more; return how many that is."""
    with database.writer(tenant_id):
        count = invitations.prepare_again(tenant_id, batch_id, actor)
        if count:
            _send_soon(tenant_id, batch_id)
        return count


def send_later(invitation: Invitation) -> Invitation:
    """Leave the mail of one invitation to the sending job, which gives it a fresh code; inside the writer."""
    batch_id = invitation.batch_id = new_id()
    invitation.save(update_fields=["batch_id"])
    _send_soon(invitation.tenant_id, batch_id)
    return invitation


def _send_soon(tenant_id: UUID, batch_id: UUID, *, seconds: int = 0) -> None:
    jobs.defer(
        send_batch, lock=f"invitations:{tenant_id}", queueing_lock=f"invitations:{batch_id}", seconds=seconds,
        tenant_id=str(tenant_id), batch_id=str(batch_id),
    )  # fmt: skip


@jobs.task_in(jobs.CALLING)
def send_batch(tenant_id: str, batch_id: str) -> None:
    """Send what is unsent of a batch over one SMTP connection; a failure stays with its invitation."""
    tenant, batch = UUID(tenant_id), UUID(batch_id)
    with database.tenant(tenant):
        organisation = Tenant.objects.values_list("name", flat=True).get(id=tenant)
    with mail.connection(tenant) as connection:
        failures = 0
        while issued := invitations.take_unsent(tenant, batch, _AT_ONCE):
            results: list[tuple[Invitation, str]] = []
            for invitation, error in _send(issued, organisation, connection):
                if error and error.retry_after is not None:
                    # the other side is there and asks to wait: neither this one nor the rest has failed
                    invitations.mark(tenant, results)
                    _send_soon(tenant, batch, seconds=math.ceil(error.retry_after))
                    return
                failures = failures + 1 if error and not error.permanent else 0
                results.append((invitation, error.explanation if error else ""))
                if failures >= _GIVE_UP_AFTER and error:
                    invitations.mark(tenant, results)
                    invitations.fail_rest(tenant, batch, error.explanation)
                    return
            invitations.mark(tenant, results)


def _send(
    issued: list[Issued], organisation: str, connection: mail.Connection
) -> Iterator[tuple[Invitation, mail.MailError | None]]:
    for item in issued:
        try:
            connection.send(invitation_mail.compose(item, organisation))
            yield item.invitation, None
        except mail.MailError as error:
            yield item.invitation, error


@jobs.periodic(cron="27 3 * * *")
def forget_old_invitations(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Delete apps that have waited in silence for 90 days, and codes that were spent 90 days ago.

    A code stays while an app waits with it: that app may still be activated.
    """
    with database.system():
        tenants = list(Tenant.objects.values_list("id", flat=True))
    for tenant_id in tenants:
        with database.tenant(tenant_id):
            limit = clock.now() - KEEP_INVITATIONS
            WaitingIdentity.objects.filter(last_seen_at__lt=limit).delete()
            spent = Q(used_at__lt=limit) | Q(revoked_at__lt=limit) | Q(expires_at__lt=limit)
            waiting = WaitingIdentity.objects.filter(invitation=OuterRef("pk"))
            Invitation.objects.filter(spent).exclude(Exists(waiting)).delete()
