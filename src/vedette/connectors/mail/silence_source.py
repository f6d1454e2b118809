"""How long mail has been owed, for the silence alarms."""

import uuid

from django.db.models import Min
from django.utils.translation import gettext_noop as _

from vedette.connectors import silence
from vedette.connectors.errors import Advice
from vedette.connectors.mail.models import Notification
from vedette.connectors.silence import MAIL, THRESHOLDS, Heard, Source


def _mail(_tenant_id: uuid.UUID) -> Heard:
    owed = Notification.objects.filter(status__in=[Notification.Status.DUE, Notification.Status.LEASED])
    return Heard(owed.aggregate(oldest=Min("created_at"))["oldest"], THRESHOLDS[MAIL])


silence.listen(
    Source(
        MAIL,
        _mail,
        _("Mail to administrators has been waiting for %(span)s."),
        Advice(
            _(
                "Nobody is told of threats or errors by mail; it is sent once the server takes it, for up to a week."
            ),
            _(
                "Check the mail server's address and credentials (`vedette doctor`), and see the log of the worker."
            ),
            # Who cannot be mailed is not mailed about it: the console says it on every page.
            mail_after=None,
        ),
    )
)
