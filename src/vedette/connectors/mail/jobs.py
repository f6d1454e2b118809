"""Sending the mail that is owed: claimed by a lease, sent over one connection, tried again with back-off."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q

from vedette.connectors.deliver import back_off
from vedette.connectors.mail.compose import compose
from vedette.connectors.mail.models import Notification
from vedette.foundation import clock, database, jobs, mail

EVERY_TWO_SECONDS = "* * * * * */2"
BATCH = 200
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 12


@jobs.periodic(cron=EVERY_TWO_SECONDS)
def defer_mail(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Defer a sending for each tenant that owes mail now."""
    with database.system():
        tenants = list(Notification.objects.filter(_due()).values_list("tenant_id", flat=True).distinct())
    for tenant_id in tenants:
        jobs.defer(send_mail, lock=f"mail:{tenant_id}", tenant_id=str(tenant_id))


@jobs.task
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
    failure = ""
    with mail.connection() as connection:
        for item in owed:
            if not failure:
                message = compose(item.kind, item.context, item.language)
                try:
                    mail.send(
                        item.address,
                        message.subject,
                        message.text,
                        message.html,
                        language=item.language,
                        connection=connection,
                    )
                except mail.MailError as error:
                    failure = "" if error.permanent else str(error)
                    _note(tenant_id, item, str(error), permanent=error.permanent)
                    continue
            _note(tenant_id, item, failure, permanent=False)


def _note(tenant_id: uuid.UUID, item: Notification, failure: str, *, permanent: bool) -> None:
    now = clock.now()
    with database.tenant(tenant_id):
        rows = Notification.objects.filter(pk=item.pk)
        if not failure:
            rows.update(status=Notification.Status.SENT, sent_at=now, error="", lease_until=None)
            return
        attempts = item.attempts + 1
        given_up = permanent or attempts >= MOST_ATTEMPTS
        rows.update(
            status=Notification.Status.FAILED if given_up else Notification.Status.DUE,
            attempts=attempts,
            error=failure,
            lease_until=None,
            due_at=now + timedelta(seconds=back_off(attempts)),
        )


def _due() -> Q:
    now = clock.now()
    return Q(status=Notification.Status.DUE, due_at__lte=now) | Q(
        status=Notification.Status.LEASED, lease_until__lt=now
    )
