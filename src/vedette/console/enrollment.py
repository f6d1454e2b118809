"""Manage Enrollment: invite, follow the invitations, and the days until a device counts as disconnected (D2 to D4)."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from vedette.compliance import enroll, sweep
from vedette.compliance.lifecycle import Refused
from vedette.devices import invitation_mail, invitations, jobs
from vedette.devices.invitations import CannotInvite
from vedette.devices.models import Device, Invitation, WaitingIdentity
from vedette.foundation import clock, database
from vedette.foundation.mail import MailError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import tables
from vedette.web.confirm import confirm

LEAST_DAYS, MOST_DAYS = 1, 90
SHOWN_WAITING = 50
TABS = (
    ("enrollment", gettext_lazy("Enroll devices")),
    ("invitations", gettext_lazy("Invitations")),
    ("enrollment-settings", gettext_lazy("Enrollment settings")),
)
COLUMNS = (
    tables.Column(key="person", label=gettext_lazy("Person"), order=("email",), css="v-cell-main"),
    tables.Column(key="device", label=gettext_lazy("Device"), order=("device__display_name",)),
    tables.Column(key="sent", label=gettext_lazy("Sent"), order=("created_at",)),
    tables.Column(key="status", label=gettext_lazy("Status"), order=("used_at",)),
    tables.Column(key="expires", label=gettext_lazy("Expires"), order=("expires_at",)),
)
FILTERS = (
    tables.Filter(
        name="status",
        label=gettext_lazy("Status"),
        choices=[
            ("used", gettext_lazy("Used")),
            ("open", gettext_lazy("Not used yet")),
            ("failed", gettext_lazy("Not delivered")),
            ("expired", gettext_lazy("Expired")),
        ],
    ),
)


class DaysForm(forms.Form):
    """The one setting of D4."""

    days = forms.IntegerField(
        label=gettext_lazy("Days until a device counts as disconnected"),
        help_text=gettext_lazy(
            "1 to 90. Disconnected devices are noncompliant and lose access until they check in."
        ),
        validators=[MinValueValidator(LEAST_DAYS), MaxValueValidator(MOST_DAYS)],
        widget=forms.NumberInput(attrs={"min": LEAST_DAYS, "max": MOST_DAYS}),
    )


@access.full("enrollment")
def page(request: MemberRequest) -> HttpResponseBase:
    """Who is still pending, and inviting them."""
    newest = Invitation.objects.filter(batch_id__isnull=False).order_by("-created_at").first()
    pending = Device.objects.filter(activation_status=Device.Activation.PENDING)
    context = {
        "pending": pending.count(),
        "activated": Device.objects.filter(activation_status=Device.Activation.ACTIVATED).count(),
        "progress": invitations.progress(newest.batch_id) if newest and newest.batch_id else None,
        "waiting": WaitingIdentity.objects.select_related("invitation").order_by("-last_seen_at")[
            :SHOWN_WAITING
        ],
        "candidates": pending.order_by("display_name")[:500],
    }
    return _page(request, "enrollment", "console/enrollment.html", context)


@access.full("enrollment")
def invite(request: MemberRequest) -> HttpResponseBase:
    """Invite every pending device, after saying how many that is."""
    if request.method == "POST":
        batch = jobs.invite_all_pending(request.tenant.id, access.actor(request))
        if batch is None:
            messages.info(request, _("Every pending device has a code that is still good."))
        else:
            messages.success(request, _("The invitations are being sent."))
        return redirect("console:enrollment")
    return confirm(
        request,
        title=_("Invite everybody who is pending?"),
        body=_(
            "Each person gets an e-mail with a one-time code for their phone. Codes are good for four weeks."
        ),
        action=_("Send invitations"),
        back=reverse("console:enrollment"),
        facts=[
            (_("Pending devices"), Device.objects.filter(activation_status=Device.Activation.PENDING).count())
        ],
    )


@access.full("enrollment", door=False)
def invite_device(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """Invite one device; the code goes by mail only."""
    with database.tenant(request.tenant.id):
        device = get_object_or_404(Device, pk=device_id)
    if request.method != "POST":
        return confirm(
            request,
            title=_("Send a code for this device?"),
            body=_("An older unused code of it becomes worthless."),
            action=_("Send"),
            back=reverse("console:device", args=[device_id]),
            facts=[(_("Device"), device.display_name), (_("To"), device.owner_email or device.owner_upn)],
        )
    try:
        with database.writer(request.tenant.id):
            issued = invitations.invite_device(device, access.actor(request))
        invitation_mail.send(issued)
    except (CannotInvite, MailError) as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("The code is on its way to %(address)s.") % {"address": issued.invitation.email}
        )
    return redirect("console:device", device_id)


@require_POST
@access.full("enrollment")
def decide_waiting(request: MemberRequest, waiting_id: uuid.UUID) -> HttpResponse:
    """Say which device a waiting app runs on, or turn it away."""
    waiting = get_object_or_404(WaitingIdentity, pk=waiting_id)
    try:
        with database.writer(request.tenant.id):
            if request.POST.get("reject"):
                enroll.reject(waiting, access.actor(request))
                messages.success(request, _("The app is turned away; its code is worth nothing."))
            else:
                enroll.confirm(waiting, _chosen_device(request), access.actor(request))
                messages.success(request, _("Confirmed: the phone is activated when its app is opened next."))
    except Refused as error:
        messages.error(request, str(error))
    return redirect("console:enrollment")


@access.full("enrollment")
def invitations_page(request: MemberRequest) -> HttpResponseBase:
    """List invitations."""
    query = tables.read(
        request, columns=COLUMNS, filters=FILTERS, default_sort="-sent", search_label=_("Search by address")
    )
    rows = _matching(query.filters["status"])
    if query.search:
        rows = rows.filter(email__icontains=query.search)
    context = {"table": tables.page(query, rows), "now": clock.now()}
    return _page(request, "invitations", "console/invitations.html", context)


@access.full("enrollment")
def settings_page(request: MemberRequest) -> HttpResponseBase:
    """Change the days until disconnected, after saying whom it hits."""
    form = DaysForm(request.POST or None, initial={"days": request.tenant.disconnected_days})
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        seen = sweep.preview_disconnected_days(request.tenant.id, days)
        if (seen.would_disconnect or seen.would_return) and not request.POST.get("confirmed"):
            return confirm(
                request,
                title=_("Change it to %(days)d days?") % {"days": days},
                body=_("Disconnected devices lose access until they check in again."),
                action=_("Save"),
                back=reverse("console:enrollment-settings"),
                facts=[
                    (_("Devices disconnected at once"), seen.would_disconnect),
                    (_("Devices no longer disconnected"), seen.would_return),
                ],
                danger=seen.would_disconnect > 0,
                hidden=[("days", str(days)), ("confirmed", "1")],
            )
        with database.writer(request.tenant.id):
            sweep.set_disconnected_days(request.tenant.id, days, access.actor(request))
        messages.success(request, _("Saved."))
        return redirect("console:enrollment-settings")
    return _page(request, "enrollment-settings", "console/enrollment_settings.html", {"form": form})


def _chosen_device(request: MemberRequest) -> Device:
    """Return the device that was picked from the list. Raises Refused, and Http404 for one that is not there."""
    try:
        picked = uuid.UUID(request.POST.get("device", ""))
    except ValueError:
        raise Refused(_("Choose the device that the app runs on.")) from None
    return get_object_or_404(Device, pk=picked)


def _matching(status: str) -> QuerySet[Invitation]:
    rows = Invitation.objects.select_related("device").defer("device__facts")
    now = clock.now()
    if status == "used":
        return rows.filter(used_at__isnull=False)
    if status == "open":
        return rows.filter(used_at__isnull=True, expires_at__gt=now, revoked_at__isnull=True)
    if status == "failed":
        return rows.exclude(send_error="")
    if status == "expired":
        return rows.filter(used_at__isnull=True, expires_at__lte=now)
    return rows


def _page(request: MemberRequest, tab: str, template: str, context: dict[str, Any]) -> TemplateResponse:
    entries = [{"key": key, "label": label, "href": reverse(f"console:{key}")} for key, label in TABS]
    return TemplateResponse(request, template, {"tabs": entries, "tab": tab, **context})
