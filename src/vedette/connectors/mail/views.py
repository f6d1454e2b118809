"""The page of the mail connector: from where mail leaves, how it went, and a test mail to oneself."""

import uuid

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vedette.connectors.mail import mailbox
from vedette.connectors.mail.forms import MailboxForm
from vedette.connectors.mail.mailbox import OPERATOR
from vedette.connectors.mail.models import Notification, TenantMailbox
from vedette.connectors.models import ConnectorError
from vedette.connectors.overview import Card
from vedette.foundation import database
from vedette.foundation.mail import MailError, sender
from vedette.tenants import access
from vedette.tenants.access import MemberRequest


@access.full("connectors", door=False)
def page(request: MemberRequest) -> HttpResponseBase:
    """Show from where mail leaves; a change is tried before it is saved."""
    with database.tenant(request.tenant.id):
        row = TenantMailbox.objects.first()
        sent = _sent()
    initial = {"route": row.route if row else OPERATOR, "address": row.address if row else ""}
    form = MailboxForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _is_saved(request, form):
        messages.success(request, _("Saved. Mail leaves by this way from now on."))
        return redirect("mail:page")
    context = {
        "form": form,
        "mailbox": row,
        "sent": sent,
        "operator": sender.installation(),
        "to": _address(request),
    }
    with database.tenant(request.tenant.id):
        return TemplateResponse(request, "mail/page.html", context).render()


def _is_saved(request: MemberRequest, form: MailboxForm) -> bool:
    route, address = form.cleaned_data["route"], form.cleaned_data["address"]
    try:
        if route != OPERATOR:
            mailbox.try_way(request.tenant.id, route, address)
    except MailError as error:
        form.add_error(None, _("Nothing was saved: %(error)s") % {"error": error})
        return False
    mailbox.save(request.tenant.id, route, address, access.actor(request))
    return True


@require_POST
@access.full("connectors", door=False)
def test(request: MemberRequest) -> HttpResponse:
    """Send a test mail to whoever asks."""
    to = _address(request)
    try:
        mailbox.send_test(request.tenant.id, to, get_language() or "en", access.actor(request))
    except MailError as error:
        messages.error(request, _("No mail left: %(error)s") % {"error": error})
    else:
        messages.success(request, _("A mail is on its way to %(address)s.") % {"address": to})
    return redirect("mail:page")


def card(tenant_id: uuid.UUID) -> Card:
    """The connector's card on the overview page."""
    row = TenantMailbox.objects.filter(tenant_id=tenant_id).first()
    sent = _sent()
    failing = ConnectorError.objects.filter(connector=mailbox.TARGET.id, resolved_at=None).exists()
    return Card(
        title=_("Mail"),
        text=_("Tells administrators of threats and errors, and sends people their activation codes."),
        icon="mail",
        href=reverse("mail:page"),
        action=_("Open"),
        state="error" if failing else "enabled",
        facts=[
            (_("Leaves from"), row.address if row else _("The operator's mail server")),
            (_("Waiting"), sent["waiting"]),
        ],
    )


def _sent() -> dict[str, int]:
    status = Notification.Status
    return Notification.objects.aggregate(
        sent=Count("id", filter=Q(status=status.SENT)),
        waiting=Count("id", filter=Q(status__in=[status.DUE, status.LEASED])),
        failed=Count("id", filter=Q(status=status.FAILED)),
    )


def _address(request: MemberRequest) -> str:
    return request.administrator.email or request.administrator.upn
