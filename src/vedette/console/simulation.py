"""Starting a test threat on a phone, and ending it. Full access only: it blocks a phone on purpose."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import simulate
from vedette.compliance.lifecycle import Refused
from vedette.console import words
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.threats.models import PolicyLevel
from vedette.verdict import CLASSIFICATIONS
from vedette.web.badges import RISKS
from vedette.web.confirm import confirm


class ThreatForm(forms.Form):
    """Which kind of threat is simulated; its level is the one of the security policy."""

    classification = forms.ChoiceField(
        label=gettext_lazy("Simulated threat"),
        help_text=gettext_lazy("Rated by your security policy, as a real one would be."),
    )

    def __init__(self, *args: Any, levels: dict[str, int], **kwargs: Any) -> None:
        """Offer what the policy of the phone's group rates, worst first."""
        super().__init__(*args, **kwargs)
        offered = sorted(levels, key=lambda code: (-levels[code], words.title_of(code)))
        field = self.fields["classification"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code, f"{words.title_of(code)}: {RISKS[levels[code]].label}") for code in offered]
        field.initial = simulate.DEFAULT


@access.full("account")
def start(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """Ask which threat, then simulate it."""
    device = get_object_or_404(Device.objects.defer("facts"), pk=device_id)
    rated = PolicyLevel.objects.filter(group_id=device.group_id, classification__in=CLASSIFICATIONS)
    levels = dict(rated.values_list("classification", "risk"))
    form = ThreatForm(request.POST if request.method == "POST" else None, levels=levels)
    if request.method == "POST" and form.is_valid():
        try:
            with database.writer(request.tenant.id):
                simulate.start(device, form.cleaned_data["classification"], access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(
                request, _("The test threat is on its way to Microsoft. It ends within an hour.")
            )
        return redirect("console:device", device_id)
    return confirm(
        request,
        title=_("Start a test threat on this phone?"),
        body=_(
            "Nothing happens on the phone. Vedette acts as if it had found the threat: mail is sent, the state goes to "
            "Microsoft, and a rule there blocks the phone. The test ends by your click, or by itself after an hour."
        ),
        action=_("Start the test"),
        back=reverse("console:device", args=[device_id]),
        facts=[
            (_("Device"), device.display_name),
            (_("Person"), device.owner_name or device.owner_upn),
            (
                _("Effect"),
                _("Monitor mode: it counts as “would be blocked”, nothing is written")
                if request.tenant.mode == Tenant.Mode.MONITOR
                else _("The phone may be blocked until the test ends"),
            ),
        ],
        danger=True,
        form=form,
    )


@access.full("account")
def end(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """End the test."""
    device = get_object_or_404(Device.objects.defer("facts"), pk=device_id)
    if request.method == "POST":
        try:
            with database.writer(request.tenant.id):
                simulate.end(device, access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The test is over; the phone's own state is told again."))
        return redirect("console:device", device_id)
    return confirm(
        request,
        title=_("End the test threat?"),
        body=_("The simulated threat is resolved, and the phone's own state is told to Microsoft."),
        action=_("End the test"),
        back=reverse("console:device", args=[device_id]),
        facts=[(_("Device"), device.display_name)],
    )
