"""Disconnecting the tenant: what was written, what its withdrawal does, the name typed, and how far it is."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.compliance import disconnect
from vedette.compliance.lifecycle import Refused
from vedette.connectors import value_names, withdrawal
from vedette.connectors.intune.settings_change import affected
from vedette.connectors.push_words import ROUTES
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.web.confirm import confirm


@access.full("account")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show everything that was written; a POST with the tenant's name withdraws it."""
    if request.method == "POST":
        try:
            disconnect.begin(request.tenant.id, request.POST.get("name", ""), access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Everything is being withdrawn from Microsoft."))
        return redirect("console:disconnect")
    written = withdrawal.written()
    context: dict[str, Any] = {
        "leaving": request.tenant.status == Tenant.Status.DISCONNECTING,
        "written": [(ROUTES.get(row.route, row.route), row) for row in written],
        "value_names": value_names.names(),
        "total": sum(row.devices for row in written),
        "remaining": withdrawal.remaining(),
        "stuck": withdrawal.stuck(),
        "effects": affected(request.tenant.id, armed=False).facts(),
    }
    return TemplateResponse(request, "console/disconnect.html", context)


@access.full("account")
def finish(request: MemberRequest) -> HttpResponseBase:
    """End it although some values cannot be withdrawn."""
    if request.method == "POST":
        left = withdrawal.remaining()
        try:
            with database.writer(request.tenant.id):
                disconnect.finish(request.tenant.id, access.actor(request), left)
        except Refused as error:
            messages.error(request, str(error))
        return redirect("console:disconnect")
    return confirm(
        request,
        title=_("Finish although values are left?"),
        body=_(
            "Vedette stops trying. What is left stays at Microsoft until somebody clears it there: a rule may go on "
            "blocking these phones."
        ),
        action=_("Finish"),
        back=reverse("console:disconnect"),
        facts=[(_("Values left"), withdrawal.remaining())],
        danger=True,
    )
