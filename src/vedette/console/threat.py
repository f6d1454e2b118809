"""One threat: what was found, on what evidence, how to mend it; ignore and reopen."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import triage
from vedette.compliance.lifecycle import Refused
from vedette.console.words import text_of
from vedette.events.models import Event
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.threats.models import Threat
from vedette.web.confirm import confirm

HAPPENED = {
    "threat.open": gettext_lazy("Found"),
    "threat.resolved": gettext_lazy("Resolved"),
    "threat.ignored": gettext_lazy("Ignored"),
    "threat.reopened": gettext_lazy("Counts again"),
    "threat.updated": gettext_lazy("Rated anew"),
}


class ReasonForm(forms.Form):
    """Why a threat is ignored: the audit trail keeps it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept in the audit trail."),
    )


@access.member("threats")
def page(request: MemberRequest, threat_id: uuid.UUID) -> HttpResponseBase:
    """Show one threat."""
    threat = get_object_or_404(Threat.objects.select_related("device"), pk=threat_id)
    events = Event.objects.filter(target_id=str(threat.pk)).order_by("-position")[:50]
    context = {
        "threat": threat,
        "words": text_of(threat.classification),
        "may_modify": access.may(request.administrator, "threats", "modify"),
        "history": [
            {
                "at": event.occurred_at,
                "title": HAPPENED.get(event.action, event.action),
                "actor": event.actor_name,
            }
            for event in events
        ],
    }
    return TemplateResponse(request, "console/threat.html", context)


@access.full("threats")
def ignore(request: MemberRequest, threat_id: uuid.UUID) -> HttpResponseBase:
    """Ignore an open threat, with a reason."""
    threat = get_object_or_404(Threat.objects.select_related("device"), pk=threat_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with database.writer(request.tenant.id):
                triage.ignore(threat, form.cleaned_data["reason"], access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The threat is ignored; it no longer counts for the device's risk."))
        return redirect("console:threat", threat_id)
    return confirm(
        request,
        title=_("Ignore this threat?"),
        body=_(
            "It stays on the phone, but no longer counts for its risk: a blocked phone may be let in again."
        ),
        action=_("Ignore"),
        back=reverse("console:threat", args=[threat_id]),
        facts=[(_("Threat"), threat.summary), (_("Device"), threat.device.display_name)],
        danger=True,
        form=form,
    )


@access.full("threats")
def reopen(request: MemberRequest, threat_id: uuid.UUID) -> HttpResponseBase:
    """Count an ignored threat again."""
    threat = get_object_or_404(Threat.objects.select_related("device"), pk=threat_id)
    if request.method == "POST":
        try:
            with database.writer(request.tenant.id):
                triage.reopen(threat, access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The threat counts again."))
        return redirect("console:threat", threat_id)
    return confirm(
        request,
        title=_("Count this threat again?"),
        body=_("The device's risk is worked out anew; the phone may be blocked by it."),
        action=_("Count again"),
        back=reverse("console:threat", args=[threat_id]),
    )
