"""A phone's address at the resolver, pausing its web protection, and how the resolver answers."""

import uuid
from datetime import timedelta
from typing import Any, Final

import segno
from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from vedette.devices import resolver
from vedette.devices.models import Device
from vedette.devices.resolver import Refused
from vedette.feeds import web_settings
from vedette.foundation import config, database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Administrator
from vedette.web import times
from vedette.web.confirm import confirm
from vedette.web.errors import Fact

PAUSES: Final = (5, 15, 30, 60, 240, 1440)


class SettingsForm(forms.Form):
    """How blocked names and names that cannot be judged are answered."""

    sinkhole = forms.BooleanField(
        label=gettext_lazy("Lead blocked names to the page that explains"),
        required=False,
        help_text=gettext_lazy("Else the phone is told that there is no such name."),
    )
    fail_closed = forms.BooleanField(
        label=gettext_lazy("Do not answer a name that cannot be judged"),
        required=False,
        help_text=gettext_lazy(
            "When the verdict fails, phones then reach nothing. Off: they reach everything, and the log says so."
        ),
    )
    dot_name = forms.CharField(
        label=gettext_lazy("Name for DNS over TLS"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "A name of your own under which every name leads to this service, if its certificate covers it. Empty: the"
            " installation's."
        ),
        validators=[
            RegexValidator(
                config.HOST_NAME.pattern + r"\Z",
                gettext_lazy("Write a host name like dns.example.com."),
            )
        ],
    )


def of_device(device: Device, administrator: Administrator) -> dict[str, Any]:
    """Return what the card of a device's page shows; inside the tenant's door."""
    row = resolver.of(device)
    settings = web_settings.current()
    return {
        "resolver": row,
        "resolver_on": settings.on,
        "resolver_paused": resolver.paused_until(row, settings) is not None,
        "resolver_may_pause": settings.pause_minutes > 0,
        "may_resolver": access.may(administrator, "devices", "modify"),
        "may_answers": access.may(administrator, "policy", "modify"),
    }


@access.full("devices")
@never_cache
def make(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then make an address and show it, this once."""
    device = _device(device_id)
    if request.method == "POST":
        try:
            with database.writer(request.tenant.id):
                address = resolver.make(device, access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
            return redirect("console:device", device_id)
        scanned = segno.make(address.profile, error="m", micro=False)
        context = {
            "device": device,
            "address": address,
            "profile_tls": f"{address.profile}?way=dot",
            "qr": scanned.svg_data_uri(scale=4, border=2, light="#fff"),
        }
        return TemplateResponse(request, "console/resolver_address.html", context)
    known = resolver.of(device)
    return confirm(
        request,
        title=_("Make an address at the resolver?"),
        body=_(
            "The phone asks for names there from then on. The address is shown once: set the phone up with it at once."
        ),
        action=_("Make address"),
        back=reverse("console:device", args=[device_id]),
        facts=[
            *_facts(device),
            (
                _("Present address"),
                _("ends at once: the phone then reaches no page until it has the new one")
                if known
                else _("none"),
            ),
        ],
        danger=known is not None,
    )


@access.full("devices")
def withdraw(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then end the phone's address."""
    device = _device(device_id)
    if request.method == "POST":
        try:
            with database.writer(request.tenant.id):
                resolver.withdraw(device, access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The address is withdrawn."))
        return redirect("console:device", device_id)
    return confirm(
        request,
        title=_("Withdraw the address at the resolver?"),
        body=_(
            "A phone that is still set up to ask there reaches no page any more. Remove the profile or the Private DNS"
            " name from the phone first."
        ),
        action=_("Withdraw"),
        back=reverse("console:device", args=[device_id]),
        facts=_facts(device),
        danger=True,
    )


@access.full("devices")
def pause(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """Ask for how long, then let the phone's names through unjudged."""
    device = _device(device_id)
    most = web_settings.current().pause_minutes
    form = _pause_form(most)(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with database.writer(request.tenant.id):
                until = resolver.pause(device, form.cleaned_data["minutes"], access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(
                request, _("Web protection is paused until %(until)s.") % {"until": times.exact(until)}
            )
        return redirect("console:device", device_id)
    return confirm(
        request,
        title=_("Pause web protection?"),
        body=_("Until then every name is answered, also dangerous ones. It resumes by itself."),
        action=_("Pause"),
        back=reverse("console:device", args=[device_id]),
        facts=_facts(device),
        form=form,
    )


@access.full("devices")
def resume(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then end a pause."""
    device = _device(device_id)
    if request.method == "POST":
        with database.writer(request.tenant.id):
            resolver.resume(device, access.actor(request))
        messages.success(request, _("Web protection is on again."))
        return redirect("console:device", device_id)
    return confirm(
        request,
        title=_("Resume web protection now?"),
        body=_("Dangerous names are blocked again within seconds."),
        action=_("Resume"),
        back=reverse("console:device", args=[device_id]),
        facts=_facts(device),
    )


@access.full("policy")
def settings_page(request: MemberRequest) -> HttpResponseBase:
    """Change how the resolver answers."""
    row = resolver.settings()
    initial = {name: getattr(row, name) for name in SettingsForm.base_fields}
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        resolver.change_settings(request.tenant.id, form.cleaned_data, access.actor(request))
        messages.success(request, _("Saved."))
        return redirect("console:resolver")
    installed = config.current()
    context = {
        "form": form,
        "installed": installed,
        "page_served": bool(installed.sinkhole_ipv4 or installed.sinkhole_ipv6),
        "tls_served": installed.dot_port is not None,
    }
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "console/resolver.html", context, status=status)


def _device(device_id: uuid.UUID) -> Device:
    return get_object_or_404(Device.objects.defer("facts"), pk=device_id)


def _facts(device: Device) -> list[Fact]:
    return [(_("Device"), device.display_name), (_("Person"), device.owner_name or device.owner_upn)]


def _pause_form(most: int) -> type[forms.Form]:
    spans = [minutes for minutes in PAUSES if minutes < most] + ([most] if most else [])

    class PauseForm(forms.Form):
        """For how long."""

        minutes = forms.TypedChoiceField(
            label=_("For how long"),
            choices=[(span, times.duration(timedelta(minutes=span))) for span in spans],
            coerce=int,
            initial=spans[0] if spans else None,
            widget=forms.RadioSelect,
        )

    return PauseForm
