"""Sending the mail that is owed: claimed by a lease, sent over one connection, tried again with back-off."""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from vedette.connectors import errors
from vedette.connectors.errors import LASTING, Advice, Problem
from vedette.connectors.mail import mailbox
from vedette.connectors.mail.compose import Message, compose
from vedette.connectors.mail.models import Notification
from vedette.connectors.settling import back_off
from vedette.foundation import clock, database, jobs, mail
from vedette.foundation.mail import MailError, Sender, sender
from vedette.tenants.models import Tenant

log = logging.getLogger(__name__)

EVERY_TWO_SECONDS: Final = "* * * * * */2"
BATCH: Final = 200
LEASE: Final = timedelta(minutes=5)
# A mail server may be down for a weekend; after a week the news is none.
GIVE_UP_AFTER: Final = timedelta(days=7)
KEEP: Final = timedelta(days=90)
SOURCE: Final = "send"
"""The part of the connector that fails, in its list of errors."""


@jobs.periodic(cron=EVERY_TWO_SECONDS)
def defer_mail(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Defer a sending for each tenant that owes mail now."""
    with database.system():
        tenants = list(Notification.objects.filter(_due()).values_list("tenant_id", flat=True).distinct())
    for tenant_id in tenants:
        jobs.defer(send_mail, lock=f"mail:{tenant_id}", tenant_id=str(tenant_id))


@jobs.periodic(cron="37 3 * * *")
def forget_old_mail(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Delete what was sent or given up 90 days ago; what lasts still may then be told once more."""
    with database.system():
        tenants = list(Tenant.objects.values_list("id", flat=True))
    ended = (Notification.Status.SENT, Notification.Status.FAILED)
    for tenant_id in tenants:
        with database.tenant(tenant_id):
            Notification.objects.filter(status__in=ended, created_at__lt=clock.now() - KEEP).delete()


@jobs.task_in(jobs.CALLING)
def send_mail(tenant_id: str) -> None:
    """Send what one tenant owes; an address that fails does not hold the others up."""
    tenant = uuid.UUID(tenant_id)
    while owed := _claim(tenant):
        _send(tenant, owed)


def _claim(tenant_id: uuid.UUID) -> list[Notification]:
    with database.tenant(tenant_id):
        owed = list(
            Notification.objects.select_for_update(skip_locked=True).filter(_due()).order_by("due_at")[:BATCH]
        )
        Notification.objects.filter(pk__in=[item.pk for item in owed]).update(
            status=Notification.Status.LEASED, lease_until=clock.now() + LEASE
        )
    return owed


def _send(tenant_id: uuid.UUID, owed: Sequence[Notification]) -> None:
    """Send each; what is about the tenant's own mailbox goes by the operator's way, or nobody would hear of it."""
    own = mailbox.own(tenant_id)
    apart = [item for item in owed if own and item.context.get("connector") == mailbox.TARGET.id]
    rest = [item for item in owed if item not in apart]
    if apart:
        _send_by(tenant_id, sender.installation(), apart)
    if rest:
        trouble = _send_by(tenant_id, own or sender.installation(), rest)
        if own:
            _tell(tenant_id, own, trouble)


def _send_by(tenant_id: uuid.UUID, way: Sender, owed: Sequence[Notification]) -> MailError | None:
    """Send each; when the server itself is down, the rest waits without trying. Returns why it was."""
    down: MailError | None = None
    with mail.connection(by=way) as connection:
        for item in owed:
            if down:
                _postpone(tenant_id, item, down)
                continue
            message = _compose(tenant_id, item)
            if message is None:
                continue
            try:
                mail.send(
                    item.address,
                    message.subject,
                    message.text,
                    message.html,
                    language=item.language,
                    connection=connection,
                )
            except MailError as error:
                if error.permanent:
                    _fail(tenant_id, item, str(error))
                else:
                    down = error
                    _postpone(tenant_id, item, down)
            else:
                _note(tenant_id, item, status=Notification.Status.SENT, sent_at=clock.now(), error="")
    return down


def _tell(tenant_id: uuid.UUID, own: Sender, trouble: MailError | None) -> None:
    """Count an error of the tenant's own mailbox, or note that it works again."""
    if trouble is None:
        errors.passed(tenant_id, mailbox.TARGET.id, SOURCE)
        return
    problem = Problem(
        SOURCE,
        "mail_not_sent",
        _("No mail leaves from %(mailbox)s: %(why)s"),
        Advice(
            _("Mail waits and is tried again for a week; nothing is lost meanwhile."),
            _("Mend the mailbox, or choose another way under Connectors > Mail."),
            mail_after=LASTING,
        ),
        {"mailbox": own.mailbox, "why": str(trouble)},
    )
    errors.record(tenant_id, mailbox.TARGET.id, problem)


def _compose(tenant_id: uuid.UUID, item: Notification) -> Message | None:
    """Write a mail; one that cannot be written must not keep the others from being sent."""
    try:
        return compose(item.kind, item.context, item.language)
    except (KeyError, TypeError, ValueError) as error:
        log.exception("The mail %s cannot be written", item.pk)
        _fail(tenant_id, item, f"{type(error).__name__}: {error}")
        return None


def _postpone(tenant_id: uuid.UUID, item: Notification, why: MailError) -> None:
    """Try later, and not sooner than the other side asked to wait."""
    now, attempts = clock.now(), item.attempts + 1
    if now - item.created_at > GIVE_UP_AFTER:
        _fail(tenant_id, item, str(why))
        return
    due_at = now + timedelta(seconds=max(back_off(attempts), why.retry_after or 0))
    _note(tenant_id, item, status=Notification.Status.DUE, attempts=attempts, error=str(why), due_at=due_at)


def _fail(tenant_id: uuid.UUID, item: Notification, why: str) -> None:
    log.warning("A mail to an administrator of tenant %s is given up: %s", tenant_id, why)
    _note(tenant_id, item, status=Notification.Status.FAILED, error=why)


def _note(tenant_id: uuid.UUID, item: Notification, **changes: object) -> None:
    with database.tenant(tenant_id):
        Notification.objects.filter(pk=item.pk).update(lease_until=None, **changes)


def _due() -> Q:
    now = clock.now()
    return Q(status=Notification.Status.DUE, due_at__lte=now) | Q(
        status=Notification.Status.LEASED, lease_until__lt=now
    )
