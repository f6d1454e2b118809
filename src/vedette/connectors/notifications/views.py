"""The page of change notifications: what they are, on or off, and how the subscriptions stand."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vedette.connectors.notifications import switch
from vedette.connectors.notifications.models import Subscription
from vedette.connectors.notifications.subscribing import PERMISSION
from vedette.connectors.overview import Card
from vedette.foundation import config
from vedette.tenants import access
from vedette.tenants.access import MemberRequest


@access.member("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show the switch and each subscription."""
    rows = list(Subscription.objects.filter(unwanted=False).order_by("resource"))
    context = {
        "on": bool(rows),
        "rows": [(row, PERMISSION.get(row.resource, "")) for row in rows],
        "possible": switch.possible(),
        "public_url": config.current().public_url,
        "addresses": switch.addresses(),
    }
    return TemplateResponse(request, "notifications/page.html", context)


@require_POST
@access.full("connectors")
def turn_on(request: MemberRequest) -> HttpResponse:
    """Turn change notifications on, where Microsoft could call at all."""
    if not switch.possible():
        messages.error(
            request,
            _(
                "Nothing was turned on: Microsoft calls HTTPS addresses only, and this service is at %(address)s. "
                "The operator sets VEDETTE_PUBLIC_URL."
            )
            % {"address": config.current().public_url},
        )
        return redirect("notifications:page")
    switch.turn_on(request.tenant.id, access.actor(request))
    messages.success(request, _("Change notifications are on. Microsoft is asked for them within seconds."))
    return redirect("notifications:page")


@require_POST
@access.full("connectors")
def turn_off(request: MemberRequest) -> HttpResponse:
    """Turn change notifications off: the poll goes on as ever."""
    switch.turn_off(request.tenant.id, access.actor(request))
    messages.success(request, _("Change notifications are off. The directory is polled as ever."))
    return redirect("notifications:page")


def card(tenant_id: uuid.UUID) -> Card:
    """The connector's card on the overview page."""
    rows = Subscription.objects.filter(tenant_id=tenant_id, unwanted=False)
    failing = rows.exclude(problem="").exists()
    made = rows.exclude(remote_id="").exists()
    state = "notSetUp" if not rows else "error" if failing else "enabled" if made else "available"
    return Card(
        title=_("Change notifications"),
        text=_(
            "Microsoft says when people or groups change, so that the directory is read at once. Optional."
        ),
        icon="bell",
        href=reverse("notifications:page"),
        action=_("Open"),
        state=state,
    )
