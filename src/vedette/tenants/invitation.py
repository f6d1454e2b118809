"""The e-mail to the primary contact with the link for the first sign-in (A3)."""

from __future__ import annotations

import logging

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from vedette.events import log
from vedette.foundation import clock, config, database, mail
from vedette.tenants import accounts, registrations
from vedette.tenants.models import Tenant

logger = logging.getLogger(__name__)


def link(tenant: Tenant) -> str:
    """Return the login link, the original's words on this service's address.

    Of a tenant with a registration of its own it names the tenant: the sign-in goes by that registration.
    """
    address = f"{config.current().public_url}{reverse('consent')}?action=consent"
    return f"{address}&tenant={tenant.entra_tenant_id}" if registrations.of(tenant).own else address


def send(tenant: Tenant) -> str:
    """Send the e-mail and note with the account whether it left; returns the error, empty when it did.

    The account stays either way: the operator can send again or pass the link on.
    """
    problem = _deliver(tenant)
    with database.writer(tenant.id):
        row = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
        row.invitation_error = problem
        row.invitation_sent_at = row.invitation_sent_at if problem else clock.now()
        row.save(update_fields=["invitation_error", "invitation_sent_at"])
        log.emit(
            log.Draft(
                "tenant.invitation_failed" if problem else "tenant.invitation_sent",
                actor=accounts.OPERATOR,
                target=accounts.target(tenant),
                detail={"to": tenant.primary_contact, **({"error": problem} if problem else {})},
            )
        )
    tenant.invitation_error, tenant.invitation_sent_at = row.invitation_error, row.invitation_sent_at
    return problem


def _deliver(tenant: Tenant) -> str:
    with translation.override(tenant.language):
        context = {"tenant": tenant, "link": link(tenant), "language": tenant.language}
        subject = _("Finish setting up %(name)s in Vedette") % {"name": tenant.name}
        text = render_to_string("tenants/mail/invitation.txt", context)
        html = render_to_string("tenants/mail/invitation.html", context)
    try:
        mail.send(tenant.primary_contact, subject, text, html, language=tenant.language)
    except mail.MailError as error:
        logger.warning("the invitation for tenant %s did not leave: %s", tenant.id, error)
        return error.explanation
    return ""
