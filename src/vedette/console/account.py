"""System > Account: the tenant, who may sign in, Monitor mode and arming."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import mode
from vedette.connectors.intune import enforcement, recipes
from vedette.connectors.intune.settings_change import affected
from vedette.connectors.intune.settings_read import connector_of
from vedette.feeds.models import FeedVersion
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Administrator, Tenant
from vedette.verdict.states import REQUIRED_FOR_MINIMUM
from vedette.web.confirm import confirm

LISTED = 100
SHOWN_BLOCKED = 12
MINIMUMS: Final = {
    "high": gettext_lazy("High"),
    "medium": gettext_lazy("Medium"),
    "low": gettext_lazy("Low"),
}
"""Minimum level of a rule, as the source pages say it."""
REQUIRED: Final = {"secured": gettext_lazy("Secured"), "low": MINIMUMS["low"], "medium": MINIMUMS["medium"]}
"""The same level as Intune says it: "at or under" (requirement E3)."""


@access.member("account")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show the account; `?minimum=` chooses the level from which the rule blocks."""
    chosen = request.GET.get("minimum", "")
    enforced = enforcement.of(connector_of(request.tenant.id))
    minimum = chosen if chosen in MINIMUMS else enforced.minimum or "high"
    counts = [mode.would_block(request.tenant.id, word) for word in MINIMUMS]
    context: dict[str, Any] = {
        "armed": request.tenant.mode == Tenant.Mode.ARMED,
        "may_modify": access.may(request.administrator, "account", "modify"),
        "minimum": minimum,
        "minimum_label": MINIMUMS[minimum],
        "would_block": [
            {"word": item.minimum, "label": MINIMUMS[item.minimum],
             "required": REQUIRED[REQUIRED_FOR_MINIMUM[item.minimum].value], "count": item}
            for item in counts
        ],
        "blocked": next(item.blocked for item in counts if item.minimum == minimum),
        "blocked_devices": mode.would_block_devices(minimum)[:SHOWN_BLOCKED],
        "rules": recipes.device_filters(connector_of(request.tenant.id).attribute_number, minimum),
        "people": Administrator.objects.order_by("-last_sign_in_at")[:LISTED],
        "feeds": FeedVersion.objects.filter(active=True).select_related("feed").order_by("feed__name"),
    }  # fmt: skip
    return TemplateResponse(request, "console/account.html", context)


@access.full("account")
def arm(request: MemberRequest) -> HttpResponseBase:
    """Let verdicts reach Microsoft, after showing what that does."""
    if request.tenant.mode == Tenant.Mode.ARMED:
        return _already(
            request,
            _(
                "The tenant is armed already: states reach Microsoft. What blocks a phone is the rule there; "
                "copy it from this page."
            ),
        )
    if request.method == "POST":
        with database.writer(request.tenant.id):
            mode.arm(request.tenant.id, access.actor(request))
        messages.success(request, _("Armed: the states of your phones are on their way to Microsoft."))
        return redirect("console:account")
    facts = [
        (_("Your rule at Microsoft"), _enforced(enforcement.of(connector_of(request.tenant.id)))),
        (_("Phones whose state is written"), affected(request.tenant.id, armed=True).written),
        *[
            (
                _("Blocked by a rule from %(level)s up") % {"level": label},
                mode.would_block(request.tenant.id, minimum).blocked,
            )
            for minimum, label in MINIMUMS.items()
        ],
        (
            _("Without a verdict yet (a fail-closed rule blocks them)"),
            mode.would_block(request.tenant.id).undecided,
        ),
    ]
    return confirm(
        request,
        title=_("Arm the tenant?"),
        body=_(
            "From now on each phone's state is written to Microsoft, where your rules decide about access."
        ),
        action=_("Arm"),
        back=reverse("console:account"),
        facts=facts,
    )


def _enforced(found: enforcement.Enforcement) -> str:
    """Say what is known of the rule that arming lets bite."""
    if found.source == enforcement.UNKNOWN:
        return _("not known: Vedette may not read it and nobody declared it")
    if not found.enforces:
        return _("nothing enforces this yet")
    return _("blocks from %(level)s up") % {"level": MINIMUMS[found.minimum]}


@access.full("account")
def monitor(request: MemberRequest) -> HttpResponseBase:
    """Go back to watching, after showing what is withdrawn."""
    if request.tenant.mode == Tenant.Mode.MONITOR:
        return _already(
            request,
            _(
                "The tenant only watches already: nothing is written to Microsoft. This page says who would be blocked."
            ),
        )
    if request.method == "POST":
        with database.writer(request.tenant.id):
            mode.monitor(request.tenant.id, access.actor(request))
        messages.success(request, _("Monitor mode: what was written to Microsoft is being withdrawn."))
        return redirect("console:account")
    return confirm(
        request,
        title=_("Go back to Monitor mode?"),
        body=_(
            "What was written to Microsoft is withdrawn. A rule that blocks by level lets every phone in; a "
            "fail-closed rule (-notIn) blocks every phone without a value."
        ),
        action=_("Only watch"),
        back=reverse("console:account"),
        facts=affected(request.tenant.id, armed=False).facts(),
        danger=True,
    )


def _already(request: MemberRequest, words: str) -> HttpResponseBase:
    """Ask nobody for what is so already: somebody else did it, or a button of an old page was pressed."""
    messages.info(request, words)
    return redirect("console:account")
