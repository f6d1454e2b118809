"""Steps 3 and 4: trying the draft, consent for it, and putting it in force without a gap."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vedette.console.setup import steps
from vedette.console.setup.advice import explain
from vedette.console.setup.overview import show
from vedette.console.setup.place import Place
from vedette.tenants import consent, drafts, invitation, probing, profiles, registrations, trial
from vedette.tenants.models import AppRegistration, Tenant


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, place: Place) -> HttpResponse:
    """Try the draft when asked; show what the last try found."""
    draft = drafts.find(place.tenant, drafts.DRAFT)
    if draft is None or not draft.kind or draft.client_id is None:
        return redirect(place.url(steps.current(draft) if draft else "overview"))
    if request.method == "POST":
        _try(place, draft)
        return redirect(place.url("start" if request.POST.get("back") == "start" else "test"))
    context = {
        "draft": draft,
        "steps": steps.entries(place, draft, "test"),
        "problem": explain(draft.trial.get("problem", {})),
        "permissions": permissions(draft),
        "next_url": place.url("start"),
        "test_url": place.url("test"),
    }
    return show(request, place, "test", context)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, place: Place) -> HttpResponse:
    """Lead to consent; put the draft in force once it can do what it must."""
    draft = drafts.find(place.tenant, drafts.DRAFT)
    if draft is None:
        return redirect(place.url("overview"))
    if request.method == "POST":
        # What was found may be old: it is tried once more before anything is given up for it.
        _try(place, draft)
        try:
            drafts.put_in_force(place.tenant, place.actor)
        except drafts.NotReadyError as error:
            messages.error(request, str(error))
            return redirect(place.url("start"))
        messages.success(request, _started(place))
        return redirect(place.url("overview"))
    invited = place.tenant.status != Tenant.Status.CONSENTED
    context = {
        "draft": draft,
        "steps": steps.entries(place, draft, "start"),
        "lacking": drafts.lacking(place.tenant, draft),
        "permissions": permissions(draft),
        "missing": [each.name for each in permissions(draft) if each.result == probing.MISSING],
        "consent_link": consent.link(place.tenant, registrations.read(draft)),
        "invited": invited,
        "same": _same_application(place, draft),
        "login_link": invitation.link(place.tenant),
        "start_url": place.url("start"),
        "test_url": place.url("test"),
    }
    return show(request, place, "start", context)


def permissions(draft: AppRegistration) -> list[probing.Permission]:
    """Return what was found of each permission that the chosen profiles need."""
    found = draft.trial.get("permissions", {})
    return (
        [probing.read(name, found) for name in profiles.names(profiles.of(draft.profiles))] if found else []
    )


def _try(place: Place, draft: AppRegistration) -> None:
    found = trial.look(place.tenant, registrations.read(draft), draft.profiles)
    if drafts.tested(draft, found):
        draft.trial = found


def _same_application(place: Place, draft: AppRegistration) -> bool:
    used: Any = registrations.of(place.tenant)
    return bool(used.client_id == str(draft.client_id))


def _started(place: Place) -> str:
    if place.tenant.status == Tenant.Status.CONSENTED:
        return _(
            "The new credential is in force. Delete the old one in Entra now: Vedette has forgotten it already."
        )
    return _("The registration is in force. The first sign-in, by a Global Administrator, gives consent.")
