"""The choice between fail-open and fail-closed: both in numbers, then a question before it changes."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.connectors.intune import enforcement, fail_mode, settings_change
from vedette.connectors.intune.fail_mode import CLOSED, Consequences
from vedette.connectors.intune.rules_views import LEVELS
from vedette.connectors.intune.settings_read import connector_of
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.web.confirm import confirm
from vedette.web.errors import Fact


@access.member("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show both kinds of rule beside each other, in numbers."""
    connector = connector_of(request.tenant.id)
    found = enforcement.of(connector)
    counts = fail_mode.consequences(connector)
    context = {
        "chosen": connector.fail_mode,
        "counts": counts,
        "level": LEVELS[counts.minimum],
        "enforced": found,
        "known": found.source == enforcement.READ and found.enforces,
        "mismatch": fail_mode.mismatch(connector, found),
        "monitoring": request.tenant.mode == Tenant.Mode.MONITOR,
        "may_modify": access.may(request.administrator, "connectors", "modify"),
    }
    return TemplateResponse(request, "intune/fail_mode.html", context)


@access.full("connectors")
def choose(request: MemberRequest, wanted: str) -> HttpResponseBase:
    """Ask with the numbers, then keep the choice; the rule to paste is on the Hand-outs tab."""
    if request.method == "POST":
        settings_change.save(request.tenant.id, {"fail_mode": wanted}, access.actor(request))
        messages.success(request, _("Kept. Make the rule of this kind at Microsoft: it is under Hand-outs."))
        return redirect("intune:fail-mode")
    counts = fail_mode.consequences(connector_of(request.tenant.id))
    return confirm(
        request,
        title=_("Fail-closed?") if wanted == CLOSED else _("Fail-open?"),
        body=_(
            "A phone of which nothing is proven is blocked, and so is a phone that Vedette has never heard of."
        )
        if wanted == CLOSED
        else _("A phone of which nothing is proven is let in; only a proven risk, or silence, blocks."),
        action=_("Choose fail-closed") if wanted == CLOSED else _("Choose fail-open"),
        back=reverse("intune:fail-mode"),
        facts=_facts(counts, closed=wanted == CLOSED),
        danger=wanted == CLOSED,
    )


def _facts(counts: Consequences, *, closed: bool) -> list[Fact]:
    if closed:
        return [
            (_("Phones blocked now by such a rule"), counts.blocked_closed),
            (_("Of these, let in by a fail-open rule"), counts.difference),
        ]
    return [
        (_("Phones blocked now by such a rule"), counts.blocked_open),
        (_("Phones let in that a fail-closed rule blocks"), counts.difference),
    ]
