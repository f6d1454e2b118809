"""Manage Enrollment: invite, follow the invitations, and the days until a device counts as disconnected (D2 to D4)."""

import uuid
from collections import Counter
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from vedette.compliance import enroll, sweep
from vedette.compliance.lifecycle import Refused
from vedette.console.binding_words import BINDINGS
from vedette.devices import enrollment_policy, invitations, jobs
from vedette.devices.enrollment_policy import Ways
from vedette.devices.models import Device, Invitation, WaitingIdentity
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm

SHOWN_WAITING = 50
WAY_WORDS = {
    WaitingIdentity.Way.CODE: gettext_lazy("with a code"),
    WaitingIdentity.Way.CONFIGURATION: gettext_lazy("by app configuration"),
    WaitingIdentity.Way.SIGN_IN: gettext_lazy("by sign-in"),
}
TABS = (
    ("enrollment", gettext_lazy("Enroll devices")),
    ("invitations", gettext_lazy("Invitations")),
    ("enrollment-settings", gettext_lazy("Enrollment settings")),
)


class DaysForm(forms.Form):
    """The one setting of D4."""

    days = forms.IntegerField(
        label=gettext_lazy("Days until a device counts as disconnected"),
        help_text=gettext_lazy(
            "1 to 90. Disconnected devices are noncompliant and lose access until they check in."
        ),
        validators=[MinValueValidator(sweep.LEAST_DAYS), MaxValueValidator(sweep.MOST_DAYS)],
        widget=forms.NumberInput(attrs={"min": sweep.LEAST_DAYS, "max": sweep.MOST_DAYS}),
    )


class WaysForm(forms.Form):
    """By which ways phones may be activated (D2)."""

    by_code = forms.BooleanField(
        required=False,
        label=gettext_lazy("One-time code from an e-mail"),
        help_text=gettext_lazy("Proves who got the e-mail, not which phone it is."),
    )
    by_configuration = forms.BooleanField(
        required=False,
        label=gettext_lazy("App configuration"),
        help_text=gettext_lazy(
            "Intune tells the app the device ID and your organisation's code; nobody has to type. A phone that is "
            "in use is never taken over by it. Hand-outs has it to paste once this is on."
        ),
    )
    by_sign_in = forms.BooleanField(
        required=False,
        label=gettext_lazy("Sign-in with the work account"),
        help_text=gettext_lazy(
            "Proves the person by your own sign-in rules. Without the claim of a registered phone it activates only "
            "where exactly one pending phone of theirs fits; else you confirm."
        ),
    )
    device_claim_needed = forms.BooleanField(
        required=False,
        label=gettext_lazy("Only sign-ins from a registered phone"),
        help_text=gettext_lazy(
            "Entra must say from which device the sign-in came (Company Portal or Authenticator as broker). Which "
            "tokens carry that depends on your tenant: try it with one phone before you rely on it."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Leave at least one way open."""
        data = super().clean() or {}
        if not (data.get("by_code") or data.get("by_configuration") or data.get("by_sign_in")):
            raise forms.ValidationError(_("Leave one way open, or no phone can be activated."), code="none")
        return data


@access.full("enrollment")
def page(request: MemberRequest) -> HttpResponseBase:
    """Who is still pending, and inviting them."""
    newest = Invitation.objects.filter(batch_id__isnull=False).order_by("-created_at").first()
    pending = Device.objects.filter(activation_status=Device.Activation.PENDING)
    context = {
        "pending": pending.count(),
        "activated": Device.objects.filter(activation_status=Device.Activation.ACTIVATED).count(),
        "progress": invitations.progress(newest.batch_id) if newest and newest.batch_id else None,
        "batch": newest.batch_id if newest else None,
        "without_mail": pending.filter(owner_email="").count(),
        "waiting": _waiting(),
    }
    return tab_page(request, "enrollment", "console/enrollment.html", context)


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


@require_POST
@access.full("enrollment")
def retry(request: MemberRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Send what failed of a sending once more."""
    if not Invitation.objects.filter(batch_id=batch_id).exists():
        raise Http404
    if jobs.retry_failed(request.tenant.id, batch_id, access.actor(request)):
        messages.success(request, _("The invitations are being sent again."))
    else:
        messages.info(request, _("Nothing of this sending is left to send."))
    return redirect("console:enrollment")


@access.full("enrollment")
def settings_page(request: MemberRequest) -> HttpResponseBase:
    """Change the days until disconnected, after saying whom it hits."""
    posted = request.POST if request.method == "POST" else None
    form = DaysForm(posted, initial={"days": request.tenant.disconnected_days})
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
    return _settings(request, form=form)


@require_POST
@access.full("enrollment")
def ways(request: MemberRequest) -> HttpResponseBase:
    """Open and close ways of activation; phones that are activated stay so."""
    form = WaysForm(request.POST)
    if not form.is_valid():
        return _settings(request, ways=form, status=400)
    enrollment_policy.change_ways(request.tenant.id, Ways(**form.cleaned_data), access.actor(request))
    messages.success(request, _("Saved."))
    return redirect("console:enrollment-settings")


@access.full("enrollment")
def new_code(request: MemberRequest) -> HttpResponseBase:
    """Replace the code of the app configuration, after saying what follows."""
    if request.method == "POST":
        enrollment_policy.replace_code(request.tenant.id, access.actor(request))
        messages.success(request, _("The code is replaced. Paste the new app configuration in Intune now."))
        return redirect("console:enrollment-settings")
    return confirm(
        request,
        title=_("Replace the code of the app configuration?"),
        body=_(
            "Phones that are activated stay so. Phones that still have the old configuration are refused until Intune "
            "has brought them the new one: paste it there right after."
        ),
        action=_("Replace it"),
        back=reverse("console:enrollment-settings"),
    )


def _settings(
    request: MemberRequest, *, form: DaysForm | None = None, ways: WaysForm | None = None, status: int = 200
) -> HttpResponseBase:
    allowed = enrollment_policy.read()
    counts = dict(
        Device.objects.filter(activation_status=Device.Activation.ACTIVATED)
        .values_list("binding")
        .annotate(count=Count("id"))
    )
    context = {
        "form": form or DaysForm(initial={"days": request.tenant.disconnected_days}),
        "ways": ways or WaysForm(initial=vars(allowed)),
        "allowed": allowed,
        "bindings": [(words, counts.get(key, 0)) for key, words in BINDINGS.items()],
    }
    answer = tab_page(request, "enrollment-settings", "console/enrollment_settings.html", context)
    answer.status_code = status
    return answer


def _chosen_device(request: MemberRequest) -> Device:
    """Return the device that was picked from the list. Raises Refused, and Http404 for one that is not there."""
    try:
        picked = uuid.UUID(request.POST.get("device", ""))
    except ValueError:
        raise Refused(_("Choose the device that the app runs on.")) from None
    return get_object_or_404(Device, pk=picked)


def _waiting() -> list[dict[str, Any]]:
    """Apps that wait, each with the devices it may run on: same person or device ID, same platform."""
    rows = list(
        WaitingIdentity.objects.select_related("invitation").order_by("-last_seen_at")[:SHOWN_WAITING]
    )
    owners = {_owner(row) for row in rows} - {None}
    configured = [row for row in rows if row.way == WaitingIdentity.Way.CONFIGURATION]
    named = {row.claim["entra_device_id"] for row in configured}
    rivals = Counter(
        WaitingIdentity.objects.filter(
            way=WaitingIdentity.Way.CONFIGURATION, claim__entra_device_id__in=named
        ).values_list("claim__entra_device_id", flat=True)
    )
    phones = list(
        Device.objects.exclude(activation_status=Device.Activation.DEACTIVATED)
        .filter(Q(owner_oid__in=owners) | Q(entra_device_id__in=named))
        .order_by("display_name")
        .defer("facts")
    )
    return [
        {
            "row": row,
            "who": row.invitation.email if row.invitation else row.owner_upn,
            "way": WAY_WORDS[WaitingIdentity.Way(row.way)],
            # nothing but the app says whose it is: its configuration is on every managed phone
            "said_by_app": row in configured and bool(row.owner_upn),
            "rivals": rivals[row.claim["entra_device_id"]] if row in configured else 1,
            "outside": row.reason == enroll.NOT_IN_GROUP,
            "candidates": [phone for phone in phones if _may_be(row, phone)],
        }
        for row in rows
    ]


def _owner(row: WaitingIdentity) -> uuid.UUID | None:
    return row.invitation.owner_oid if row.invitation else row.owner_oid


def _may_be(row: WaitingIdentity, phone: Device) -> bool:
    """Tell whether an administrator may say that the app runs on this phone."""
    if row.reason == enroll.NOT_IN_GROUP or phone.platform != row.claim.get("platform"):
        return False
    if row.way == WaitingIdentity.Way.CONFIGURATION:
        return str(phone.entra_device_id) == str(row.claim["entra_device_id"])
    pending = phone.activation_status == Device.Activation.PENDING
    return phone.owner_oid == _owner(row) and (pending or row.way == WaitingIdentity.Way.SIGN_IN)


def tab_page(request: MemberRequest, tab: str, template: str, context: dict[str, Any]) -> TemplateResponse:
    """Draw one tab of the page."""
    entries = [{"key": key, "label": label, "href": reverse(f"console:{key}")} for key, label in TABS]
    return TemplateResponse(request, template, {"tabs": entries, "tab": tab, **context})
