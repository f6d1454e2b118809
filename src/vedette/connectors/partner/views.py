"""The page of the partner adapter: what it is, on or off, and how its uploads went."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vedette.connectors.overview import Card
from vedette.connectors.partner import switch
from vedette.connectors.partner.client import PartnerError
from vedette.connectors.partner.models import PartnerUpload
from vedette.foundation.graph import GraphError, TokenError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest


@access.full("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show the adapter's standing and its newest uploads."""
    if not switch.offered():
        raise Http404
    context = {
        "link": switch.link_of(request.tenant.id),
        "uploads": PartnerUpload.objects.order_by("-sent_at")[:50],
    }
    return TemplateResponse(request, "partner/page.html", context)


@require_POST
@access.full("connectors", door=False)
def turn(request: MemberRequest) -> HttpResponse:
    """Turn the adapter on or off."""
    if not switch.offered():
        raise Http404
    on = request.POST.get("enabled") == "1"
    try:
        (switch.turn_on if on else switch.turn_off)(request.tenant.id, access.actor(request))
    except (PartnerError, GraphError, TokenError) as error:
        messages.error(request, _("Microsoft's side refused: %(error)s") % {"error": error})
    else:
        messages.success(
            request,
            _("The adapter is on; every phone's health is being sent.")
            if on
            else _("The adapter is off; what it reported is forgotten."),
        )
    return redirect("partner:page")


def card(tenant_id: uuid.UUID) -> Card | None:
    """The adapter's card on the overview page; absent where it is not offered."""
    if not switch.offered():
        return None
    link = switch.link_of(tenant_id)
    return Card(
        title=_("Intune partner interface (simulation)"),
        text=_("Microsoft's own partner interface is open to listed vendors only. The lab plays it."),
        icon="plug-connected",
        href=reverse("partner:page"),
        action=_("Open"),
        state="enabled" if link.enabled else "notSetUp",
        facts=[],
    )
