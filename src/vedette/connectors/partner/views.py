"""The page of the partner adapter: what it is, on or off, and how its uploads went."""

import uuid

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vedette.connectors.models import Delivery
from vedette.connectors.overview import Card
from vedette.connectors.partner import switch
from vedette.connectors.partner.client import Trouble
from vedette.connectors.partner.models import PartnerUpload
from vedette.connectors.partner.partner_route import ROUTE
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm
from vedette.web.times import relative

SHOWN = 50


@access.member("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show the adapter's standing and its newest uploads."""
    _offered()
    context = {
        "link": switch.link_of(request.tenant.id),
        "sent": _sent(),
        "uploads": PartnerUpload.objects.order_by("-sent_at")[:SHOWN],
    }
    return TemplateResponse(request, "partner/page.html", context)


@require_POST
@access.full("connectors", door=False)
def turn_on(request: MemberRequest) -> HttpResponse:
    """Turn the adapter on."""
    _offered()
    try:
        switch.turn_on(request.tenant.id, access.actor(request))
    except Trouble as error:
        messages.error(request, _("Microsoft's side refused: %(error)s") % {"error": error})
    else:
        messages.success(request, _("The adapter is on; every phone's health is being sent."))
    return redirect("partner:page")


@access.full("connectors", door=False)
def turn_off(request: MemberRequest) -> HttpResponseBase:
    """Turn the adapter off, after saying how many reports Intune forgets by it."""
    _offered()
    if request.method == "POST":
        try:
            switch.turn_off(request.tenant.id, access.actor(request))
        except Trouble as error:
            messages.error(request, _("Microsoft's side refused: %(error)s") % {"error": error})
        else:
            messages.success(request, _("The adapter is off; what it reported is forgotten."))
        return redirect("partner:page")
    with database.tenant(request.tenant.id):
        count = _sent()["confirmed"]
    return confirm(
        request,
        title=_("Turn the adapter off?"),
        body=_(
            "Intune forgets what was reported. A compliance policy that requires a threat level then has no data: "
            "phones that it held back are let in again, unless it marks phones without data as noncompliant."
        ),
        action=_("Turn off"),
        back=reverse("partner:page"),
        facts=[(_("Phones whose report is forgotten"), count)],
        danger=True,
    )


def card(tenant_id: uuid.UUID) -> Card | None:
    """The adapter's card on the overview page; absent where it is not offered."""
    if not switch.offered():
        return None
    link = switch.link_of(tenant_id)
    beat = relative(link.last_heartbeat_at) if link.last_heartbeat_at else _("Never")
    return Card(
        title=_("Intune partner interface (simulation)"),
        text=_("Microsoft's own partner interface is open to listed vendors only. The lab plays it."),
        icon="plug-connected",
        href=reverse("partner:page"),
        action=_("Open"),
        state="enabled" if link.enabled else "notSetUp",
        facts=[(_("Last heartbeat"), beat)] if link.enabled else [],
    )


def _offered() -> None:
    if not switch.offered():
        raise Http404


def _sent() -> dict[str, int]:
    status = Delivery.Status
    return Delivery.objects.filter(route=ROUTE).aggregate(
        confirmed=Count("id", filter=Q(status=status.CONFIRMED) & ~Q(desired="")),
        waiting=Count("id", filter=Q(status__in=[status.DUE, status.LEASED, status.SENT])),
        failed=Count("id", filter=Q(status=status.FAILED)),
    )
