"""The page of the acts: switches, what each reaches, and how it went."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.connectors.actions import reach, settings_change
from vedette.connectors.actions.forms import ActionsForm
from vedette.connectors.actions.models import ActionSettings
from vedette.connectors.actions.plan import ACTS
from vedette.connectors.actions.settings_read import choice_of, settings_row
from vedette.connectors.actions.words import WORDS
from vedette.connectors.models import Delivery, Push
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.web.confirm import confirm


@access.member("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show and save the settings; switching an act on says first whom it reaches."""
    row = settings_row(request.tenant.id)
    before = choice_of(row).on
    form = ActionsForm(request.POST or None, instance=row)
    if (
        request.method == "POST"
        and access.may(request.administrator, "connectors", "modify")
        and form.is_valid()
    ):
        newly = [act for act in ACTS if form.cleaned_data[f"{act}_enabled"] and act not in before]
        if newly and not request.POST.get("confirmed"):
            return _ask(request, row, newly)
        settings_change.save(request.tenant.id, form.cleaned_data, access.actor(request))
        messages.success(request, _("Saved."))
        return redirect("actions:page")
    shown = settings_row(request.tenant.id)
    context = {
        "form": form,
        "acts": _acts(shown),
        "monitoring": request.tenant.mode == Tenant.Mode.MONITOR,
    }
    return TemplateResponse(request, "actions/page.html", context, status=422 if form.errors else 200)


def _acts(row: ActionSettings) -> list[dict[str, Any]]:
    reached, on = reach.of(row), choice_of(row).on
    status = Delivery.Status
    counts = {
        found["route"]: found
        for found in Push.objects.filter(route__in=ACTS)
        .values("route")
        .annotate(
            done=Count("pk", filter=Q(outcome=status.CONFIRMED)),
            failed=Count("pk", filter=Q(outcome=status.FAILED)),
        )
    }
    return [
        {
            "key": act,
            "words": WORDS[act],
            "on": act in on,
            "reach": reached[act],
            "counts": counts.get(act, {}),
        }
        for act in ACTS
    ]


def _ask(request: MemberRequest, row: ActionSettings, newly: list[str]) -> HttpResponseBase:
    """Say whom the acts reach that are about to be switched on."""
    reached = reach.of(row)
    facts: list[tuple[Any, Any]] = []
    for act in newly:
        title = WORDS[act].title
        facts += [
            (_("%(act)s: phones it reaches") % {"act": title}, reached[act].reached),
            (_("%(act)s: phones it cannot reach") % {"act": title}, reached[act].beyond),
        ]
    if request.tenant.mode == Tenant.Mode.MONITOR:
        facts.append((_("Mode"), _("Monitor: nothing is done before the tenant is armed")))
    posted = [
        (name, str(value))
        for name in request.POST
        if name != "csrfmiddlewaretoken"
        for value in request.POST.getlist(name)
    ]
    return confirm(
        request,
        title=_("Switch on?"),
        body=_(
            "It follows changes from now on: nothing is done for phones that are blocked already. The page lists the "
            "phones that cannot be reached."
        ),
        action=_("Switch on"),
        back=reverse("actions:page"),
        facts=facts,
        hidden=[*posted, ("confirmed", "1")],
    )
