"""The wizard's first page: which registration speaks for the account, until when, and what can be done about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vedette.console.setup import steps
from vedette.console.setup.forms import CLOUD_NAMES
from vedette.console.setup.place import Place
from vedette.foundation import certificates, config, credential, registration
from vedette.foundation.registration import CERTIFICATE, Registration
from vedette.tenants import consent, drafts, profiles, registrations
from vedette.tenants.models import AppRegistration, Tenant
from vedette.tenants.openid import client
from vedette.web.confirm import confirm


def page(request: HttpRequest, place: Place) -> HttpResponse:
    """Show what is in force and what is being prepared."""
    own = drafts.find(place.tenant, drafts.IN_FORCE)
    draft = drafts.find(place.tenant, drafts.DRAFT)
    installation = registration.installation(config.current())
    context = {
        "own": own,
        "used": _shown(registrations.read(own) if own else installation, own),
        "draft": draft,
        "continue_url": place.url(steps.current(draft)) if draft else "",
        "installation": _shown(installation, None),
        "redirect_uris": [client.redirect_uri(), consent.redirect_uri()],
        "permissions": profiles.names(profiles.PROFILES),
        "invited": place.tenant.status == Tenant.Status.INVITED,
    }
    return show(request, place, "overview", context)


@require_POST
def begin(request: HttpRequest, place: Place) -> HttpResponse:
    """Begin a draft, or go on with the one there is; a renewal goes to the credential at once."""
    draft = drafts.begin(place.tenant, place.actor)
    wanted = "credential" if request.POST.get("renew") and draft.client_id else steps.current(draft)
    return redirect(place.url(wanted))


@require_POST
def discard(request: HttpRequest, place: Place) -> HttpResponse:
    """Throw the draft away."""
    drafts.discard(place.tenant, place.actor)
    messages.success(request, _("What was being prepared is thrown away. What is in force stays as it is."))
    return redirect(place.url("overview"))


@require_http_methods(["GET", "HEAD", "POST"])
def go_back(request: HttpRequest, place: Place) -> HttpResponseBase:
    """Return to the installation's registration, after saying what that means."""
    if request.method == "POST":
        drafts.go_back(place.tenant, place.actor)
        messages.success(request, _("The installation's registration speaks for this organisation again."))
        return redirect(place.url("overview"))
    return confirm(
        request,
        title=_("Return to the installation's registration?"),
        body=_(
            "The organisation's own registration is forgotten here, with its key or secret. The installation's needs "
            "the organisation's consent: without it nothing is read or written, and nobody can sign in."
        ),
        action=_("Return to it"),
        back=place.url("overview"),
        danger=True,
    )


def show(
    request: HttpRequest, place: Place, name: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Draw a page of the wizard in the frame of the console or of the operator's pages."""
    addresses = {key: place.url(key) for key in ("overview", "begin", "discard", "return", "certificate")}
    shared = {"place": place, "tenant": place.tenant, "base": place.base, "urls": addresses}
    return render(request, f"console/setup/{name}.html", {**shared, **context}, status=status)


def _shown(used: Registration, row: AppRegistration | None) -> dict[str, Any]:
    """Return what may be seen of a registration; never the key or the secret."""
    found = credential.of(used)
    mark = credential.warning(found.expires) if found.expires else None
    return {
        "client_id": used.client_id,
        "cloud": CLOUD_NAMES.get(row.cloud, used.login_url) if row else used.login_url,
        "kind": found.kind,
        "fault": used.fault or found.fault,
        "ends": found.expires,
        "mark": mark,
        "days_left": credential.days_left(found.expires) if found.expires else None,
        "thumbprint": _thumbprint(used),
    }


def _thumbprint(used: Registration) -> str:
    try:
        return certificates.facts(used.certificate).thumbprint if used.kind == CERTIFICATE else ""
    except ValueError:
        return ""
