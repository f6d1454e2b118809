"""Step 1: what to make in Entra, to copy letter by letter, and which application it became."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from vedette.console.setup import steps
from vedette.console.setup.forms import HERE, IdentityForm, chosen_profiles, portal
from vedette.console.setup.overview import show
from vedette.console.setup.place import Place
from vedette.tenants import consent, drafts, profiles
from vedette.tenants.openid import client

AGENT_REDIRECT = "http://localhost"
"""Where an app on the phone is sent back to after a sign-in; Entra takes any port of it (RFC 8252 7.3)."""


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, place: Place) -> HttpResponse:
    """Show what to make for the chosen profiles; take the application's ID."""
    draft = drafts.find(place.tenant, drafts.DRAFT)
    if draft is None:
        return redirect(place.url("overview"))
    asked = request.POST if request.method == "POST" else request.GET
    chosen = chosen_profiles(asked.getlist("profiles")) if "profiles" in asked else list(draft.profiles)
    form = IdentityForm(
        request.POST if request.method == "POST" else None,
        initial={"client_id": draft.client_id, "cloud": draft.cloud or HERE},
        tenant_id=str(place.tenant.entra_tenant_id),
    )
    if form.is_valid():
        row = drafts.identify(
            place.tenant,
            place.actor,
            client_id=form.cleaned_data["client_id"],
            cloud=form.cleaned_data["cloud"],
            chosen=chosen,
        )
        return redirect(place.url(steps.current(row)))
    picked = profiles.of(chosen)
    context = {
        "form": form,
        "steps": steps.entries(place, draft, "application"),
        "profiles": [(profile, profile in picked) for profile in profiles.PROFILES],
        "chosen": chosen,
        "permissions": profiles.names(picked),
        "unpublished": [name for name in profiles.names(picked) if name not in profiles.ROLES],
        "manifest": json.dumps(profiles.manifest(picked), indent=2),
        "web_redirects": [client.redirect_uri(), consent.redirect_uri()],
        "agent_redirect": AGENT_REDIRECT,
        "portal": portal(draft.cloud),
    }
    return show(request, place, "application", context, 400 if form.is_bound else 200)
