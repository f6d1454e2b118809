"""The tab Access: what Microsoft lets Vedette do, tried rather than assumed."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vedette.connectors.intune import application, capabilities, readings
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.intune.tabs import tab_page
from vedette.foundation import credential
from vedette.tenants import access, consent, registrations
from vedette.tenants.access import MemberRequest


@access.member("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show each consent profile with what its permissions are for and whether they work."""
    connector = connector_of(request.tenant.id)
    known = readings.known(readings.CAPABILITIES)
    proof = readings.known(application.APPLICATION)
    ends = application.ends(proof.data)
    context = {
        "known": known,
        "capabilities": capabilities.of(known.data),
        "proof": proof,
        "own": registrations.of(request.tenant).own,
        "ends": ends,
        "mark": credential.warning(ends) if ends else None,
        "days_left": credential.days_left(ends) if ends else None,
        "consent_link": consent.link(request.tenant),
    }
    return tab_page(request, "access", connector, context)


@require_POST
@access.full("connectors")
def read_now(request: MemberRequest) -> HttpResponse:
    """Have everything read again; a worker does it within seconds."""
    readings.ask(request.tenant.id, access.actor(request))
    messages.success(request, _("Vedette is looking. Reload this page in a few seconds."))
    back = request.POST.get("back", "")
    return redirect("intune:rules" if back == "rules" else "intune:access")
