"""Saying which phone a scan is of: choose it, see what would change, confirm; and taking it back."""

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import assess, attached
from vedette.compliance.attached import Wish
from vedette.compliance.attached_preview import Preview, preview
from vedette.compliance.lifecycle import Refused
from vedette.console import scan_links, words
from vedette.console.scan_links import HEAVY
from vedette.detection.acquired import EXPIRES
from vedette.devices.models import Device, DeviceScan
from vedette.foundation import database
from vedette.scans.models import Scan
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm

SHOWN: Final = 20
_LOCAL: Final = "%Y-%m-%dT%H:%M"
_FACTS: Final = ("facts", "managed_facts", "managed_apps")


class WhenForm(forms.Form):
    """When the phone was as the scan says."""

    collected = forms.DateTimeField(
        label=gettext_lazy("Collected, UTC"),
        input_formats=[_LOCAL, f"{_LOCAL}:%S"],
        widget=forms.DateTimeInput(format=_LOCAL, attrs={"type": "datetime-local"}),
        help_text=gettext_lazy(
            "Proposed from the newest thing in it, else from the upload. What the phone's app said later counts more."
        ),
    )
    q = forms.CharField(
        label=gettext_lazy("Device or person"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@access.full("scans")
def choose(request: MemberRequest, scan_id: uuid.UUID) -> HttpResponseBase:
    """Offer the devices that a scan may be of."""
    scan = get_object_or_404(Scan.objects.defer(*HEAVY), pk=scan_id, status=Scan.Status.DONE)
    proposed = scan.collected_at or scan.created_at
    data = request.GET if "collected" in request.GET else None
    form = WhenForm(data, initial={"collected": proposed.astimezone(UTC)})
    collected = form.cleaned_data["collected"] if data is not None and form.is_valid() else proposed
    search = request.GET.get("q", "").strip()[:100]
    found = list(_devices(scan, search)[: SHOWN + 1])
    context: dict[str, Any] = {
        "scan": scan,
        "form": form,
        "collected": collected.astimezone(UTC).strftime(_LOCAL),
        "devices": found[:SHOWN],
        "more": len(found) > SHOWN,
        "search": search,
    }
    return TemplateResponse(request, "console/scan_device.html", context)


def _devices(scan: Scan, search: str) -> Any:
    """Devices of the scan's platform, those of its model first when nothing is searched."""
    rows = Device.objects.exclude(activation_status=Device.Activation.DEACTIVATED).defer(*_FACTS)
    if scan.platform:
        rows = rows.filter(platform=scan.platform)
    for word in search.split():
        named = Q(display_name__icontains=word) | Q(model__icontains=word) | Q(serial_number__iexact=word)
        rows = rows.filter(named | Q(owner_name__icontains=word) | Q(owner_upn__icontains=word))
    return rows.order_by("display_name", "id")


@access.full("scans", door=False)
def attach(request: MemberRequest, scan_id: uuid.UUID, device_id: uuid.UUID) -> HttpResponseBase:
    """Say what would change; on confirmation count the scan for the device."""
    given = request.POST if request.method == "POST" else request.GET
    with database.tenant(request.tenant.id):
        scan = get_object_or_404(Scan.objects.defer(*HEAVY), pk=scan_id)
        get_object_or_404(Device.objects.only("id"), pk=device_id)
    form = WhenForm(given)
    collected = form.cleaned_data["collected"] if form.is_valid() else (scan.collected_at or scan.created_at)
    wish = Wish(scan_id, device_id, collected)
    try:
        if request.method != "POST":
            return _ask(request, preview(request.tenant.id, wish), collected)
        link = attached.attach(request.tenant.id, wish, access.actor(request))
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("console:scan-device", scan_id)
    assess.assess_again(request.tenant.id, device_id, assess.SCAN)
    messages.success(
        request,
        _("The scan of “%(name)s” counts for this device until %(end)s.")
        % {"name": scan.file_name, "end": link.expires_at.strftime("%Y-%m-%d")},
    )
    return redirect("console:device", device_id)


def _ask(request: MemberRequest, told: Preview, collected: datetime) -> HttpResponseBase:
    opened = [
        (words.title_of(finding.classification), words.sentence_of(finding), int(risk))
        for finding, risk in told.opened
    ]
    context: dict[str, Any] = {
        "scan": told.scan,
        "device": told.device,
        "opened": opened[:SHOWN],
        "opened_total": len(opened),
        "resolved": told.resolved,
        "told": told,
        "collected": collected,
        "collected_value": collected.astimezone(UTC).strftime(_LOCAL),
        "expires_at": collected + EXPIRES,
        "monitor": request.tenant.mode == "monitor",
    }
    with database.tenant(request.tenant.id):
        return TemplateResponse(request, "console/scan_attach.html", context).render()


@access.full("scans", door=False)
def detach(request: MemberRequest, scan_id: uuid.UUID) -> HttpResponseBase:
    """Count a scan for its device no more, after saying what goes."""
    with database.tenant(request.tenant.id):
        link = get_object_or_404(DeviceScan.objects.select_related("device", "scan"), scan_id=scan_id)
        count = scan_links.resting(link)
        back = reverse("console:scan", args=[scan_id])
        if request.method != "POST":
            return confirm(
                request,
                title=_("Count this scan no more for the device?"),
                body=scan_links.ends_words(count),
                action=_("Take it off"),
                back=back,
                facts=[(_("Scan"), link.scan.file_name), (_("Device"), link.device.display_name)],
                danger=True,
            ).render()
    device_id = attached.detach(request.tenant.id, link.id, access.actor(request))
    if device_id is not None:
        assess.assess_again(request.tenant.id, device_id, assess.SCAN)
        messages.success(request, _("The scan counts no more for the device."))
    return redirect("console:scan", scan_id)
