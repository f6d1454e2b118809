"""One threat: what was found, on what evidence, how to mend it; ignore and reopen."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import triage
from vedette.compliance.lifecycle import Refused
from vedette.console import policy_words, words
from vedette.console.threat_story import evidence_rows, history
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.threats.models import Threat
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.web.badges import RISKS
from vedette.web.confirm import confirm


class ReasonForm(forms.Form):
    """Why a threat is ignored: the audit trail keeps it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept in the audit trail."),
        error_messages={"required": gettext_lazy("Say why: whoever reads the audit trail needs it.")},
    )


@access.member("threats")
def page(request: MemberRequest, threat_id: uuid.UUID) -> HttpResponseBase:
    """Show one threat."""
    threat = get_object_or_404(_threats(), pk=threat_id)
    known = CLASSIFICATIONS.get(threat.classification)
    default = known.default_risk if known else threat.risk
    context: dict[str, Any] = {
        "threat": threat,
        "words": words.text_of(threat.classification),
        "summary": words.summary_of(threat),
        "evidence": evidence_rows(threat),
        "rule": words.rule_words(threat.evidence[0]["rule"]) if threat.evidence else "",
        "detector": words.detector_words(threat.detector),
        "default_risk": RISKS[int(default)].label if default != threat.risk else "",
        "response": policy_words.RESPONSES.get(threat.response, threat.response),
        "elsewhere": _elsewhere(threat).count(),
        "elsewhere_search": _subject(threat) or words.title_of(threat.classification),
        "may_modify": access.may(request.administrator, "threats", "modify"),
        "history": history(threat),
    }
    return TemplateResponse(request, "console/threat.html", context)


@access.full("threats")
def ignore(request: MemberRequest, threat_id: uuid.UUID) -> HttpResponseBase:
    """Ignore an open threat, with a reason."""
    threat = get_object_or_404(_threats(), pk=threat_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
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
        facts=[(_("Threat"), words.summary_of(threat)), (_("Device"), threat.device.display_name)],
        danger=True,
        form=form,
    )


@access.full("threats")
def reopen(request: MemberRequest, threat_id: uuid.UUID) -> HttpResponseBase:
    """Count an ignored threat again."""
    threat = get_object_or_404(_threats(), pk=threat_id)
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
        facts=[(_("Threat"), words.summary_of(threat)), (_("Device"), threat.device.display_name)],
    )


def _threats() -> QuerySet[Threat]:
    return Threat.objects.select_related("device", "device__state_row").defer("device__facts")


def _elsewhere(threat: Threat) -> QuerySet[Threat]:
    """The same thing, open on other phones."""
    same = Threat.objects.filter(
        status=Threat.Status.OPEN, classification=threat.classification, key=threat.key
    )
    return same.exclude(device_id=threat.device_id)


def _subject(threat: Threat) -> str:
    """The package that a threat in an application is about; empty for the device itself."""
    _kind, colon, rest = threat.key.partition(":")
    return rest.partition("@")[0] if colon else ""
