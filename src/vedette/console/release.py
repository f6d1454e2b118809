"""Letting a phone in for a time, and ending that early. Full access only: it overrides enforcement."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import release
from vedette.compliance.lifecycle import Refused
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.web import times
from vedette.web.badges import STATES
from vedette.web.confirm import confirm
from vedette.web.errors import Fact

SPANS = [(1, gettext_lazy("1 hour")), (8, gettext_lazy("8 hours")), (24, gettext_lazy("24 hours"))]


class ReleaseForm(forms.Form):
    """For how long, and why."""

    hours = forms.TypedChoiceField(
        label=gettext_lazy("For how long"), choices=SPANS, coerce=int, initial=1, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept in the audit trail and shown on the device's page."),
        error_messages={"required": gettext_lazy("Say why: whoever reads the audit trail needs it.")},
    )


@access.full("account")
def grant(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """Ask for how long and why, then let the phone in."""
    device = get_object_or_404(Device.objects.select_related("state_row").defer("facts"), pk=device_id)
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with database.writer(request.tenant.id):
                made = release.release(
                    device, form.cleaned_data["hours"], form.cleaned_data["reason"], access.actor(request)
                )
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(
                request, _("The phone is let in until %(until)s.") % {"until": times.exact(made.until)}
            )
        return redirect("console:device", device_id)
    return confirm(
        request,
        title=_("Let this phone in for a time?"),
        body=_(
            "Until then Microsoft is told that it is secured, and it is let in at its next token decision. Its threats "
            "stay listed. Afterwards its state of that moment is told again, by itself."
        ),
        action=_("Let in"),
        back=reverse("console:device", args=[device_id]),
        facts=_facts(request, device),
        form=form,
    )


@access.full("account")
def end(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """End it before its time."""
    device = get_object_or_404(Device.objects.select_related("state_row").defer("facts"), pk=device_id)
    if request.method == "POST":
        try:
            with database.writer(request.tenant.id):
                release.end(device, access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The phone is no longer let in; its state is told to Microsoft."))
        return redirect("console:device", device_id)
    return confirm(
        request,
        title=_("Stop letting this phone in?"),
        body=_("Its present state is told to Microsoft at once. A rule there may then block it."),
        action=_("Stop letting in"),
        back=reverse("console:device", args=[device_id]),
        facts=_facts(request, device),
        danger=True,
    )


def _facts(request: MemberRequest, device: Device) -> list[Fact]:
    state = getattr(device, "state_row", None)
    facts: list[Fact] = [
        (_("Device"), device.display_name),
        (_("Person"), device.owner_name or device.owner_upn),
        (_("State"), STATES[state.state if state else "pending"].label),
    ]
    if request.tenant.mode == Tenant.Mode.MONITOR:
        facts.append((_("Monitor mode"), _("nothing is written to Microsoft, so this shows here only")))
    return facts
