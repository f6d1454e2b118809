"""From where a tenant's mail leaves: a mailbox of its own, or the operator's way."""

import uuid
from typing import Final

from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.translation import gettext as _

from vedette.connectors.mail.models import TenantMailbox
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database, mail
from vedette.foundation.mail.sender import Sender
from vedette.tenants.models import Tenant

OPERATOR: Final = "operator"
"""The choice of the form that means: no mailbox of one's own."""
TARGET: Final = Target("connector", "mail", "Mail")


def own(tenant_id: uuid.UUID) -> Sender | None:
    """Return the tenant's own way, None where it uses the operator's."""
    with database.tenant(tenant_id):
        row = TenantMailbox.objects.first()
        entra = Tenant.objects.values_list("entra_tenant_id", flat=True).get(pk=tenant_id)
    return Sender(row.route, str(entra), row.address) if row else None


def try_way(tenant_id: uuid.UUID, route: str, address: str) -> None:
    """See whether mail could leave that way, without sending any. Raises MailError; no transaction may be open."""
    with database.tenant(tenant_id):
        entra = Tenant.objects.values_list("entra_tenant_id", flat=True).get(pk=tenant_id)
    with mail.connection(by=Sender(route, str(entra), address)) as connection:
        connection.look()


def save(tenant_id: uuid.UUID, route: str, address: str, actor: Actor) -> None:
    """Take another way from now on; an audited act where it changes something."""
    with database.writer(tenant_id):
        row = TenantMailbox.objects.first()
        before = (row.route, row.address) if row else (OPERATOR, "")
        after = (route, address) if route != OPERATOR else (OPERATOR, "")
        if before == after:
            return
        if route == OPERATOR:
            TenantMailbox.objects.all().delete()
        else:
            values = {"route": route, "address": address, "tested_at": None}
            TenantMailbox.objects.update_or_create(tenant_id=tenant_id, defaults=values)
        changes = [change("mail_route", before[0], after[0]), change("mailbox", before[1], after[1])]
        emit(Draft("connector.settings_changed", actor=actor, target=TARGET, changes=changes))


def send_test(tenant_id: uuid.UUID, to: str, language: str, actor: Actor) -> None:
    """Send a mail that says that mail works, and note that it left. Raises MailError; no transaction may be open."""
    with database.tenant(tenant_id):
        name = Tenant.objects.values_list("name", flat=True).get(pk=tenant_id)
    with translation.override(language):
        message = EmailMultiAlternatives(
            _("Test mail of Vedette"),
            _("This mail shows that Vedette can send mail for %(organisation)s.") % {"organisation": name},
            to=[to],
            headers={"Content-Language": language},
        )
    with mail.connection(tenant_id) as connection:
        connection.send(message)
    with database.writer(tenant_id):
        TenantMailbox.objects.update(tested_at=clock.now())
        emit(Draft("connector.mail_tested", actor=actor, target=TARGET, detail={"to": to}))
