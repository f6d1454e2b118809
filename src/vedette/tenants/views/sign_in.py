"""Sign-in at Entra and everything after it up to the session (A4 to A6)."""

from __future__ import annotations

import time
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_GET, require_POST

from vedette.events import log
from vedette.foundation import config, database
from vedette.foundation.graph import GraphError, TokenError
from vedette.tenants import access, console_session, entrance, membership, people
from vedette.tenants.models import Administrator, Tenant
from vedette.tenants.openid import client
from vedette.tenants.openid.provider import ProviderError
from vedette.tenants.openid.tokens import Person
from vedette.tenants.views import consent, refusals
from vedette.web.limits import limited

ATTEMPTS: Final = "sign_in_attempts"
MAX_ATTEMPTS: Final = 5
"""Sign-ins under way in one browser: several tabs, but no growing session."""
ATTEMPT_SECONDS: Final = 1800
MOST_LETTERS: Final = 320
HOME: Final = "/dashboard/"


@access.public
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Lead people who are signed in to the dashboard, others to sign-in."""
    signed_in = console_session.holder(request.session) is not None
    return HttpResponseRedirect(HOME if signed_in else reverse("sign-in"))


@access.public
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show the button to Microsoft, or after signing out that this was done."""
    query = {"next": safe_path(request, request.GET.get("next", ""))}
    tenant = request.GET.get("tenant", "")
    if refusals.is_guid(tenant):
        query["tenant"] = tenant
    context = {
        "start_url": f"{reverse('sign-in-start')}?{urlencode(query)}",
        "signed_out": "signed_out" in request.GET,
        "logout_url": _logout_url(),
        "consent_url": refusals.consent_url(),
        "next": query["next"],
        "asks": "tenant" not in query and entrance.asks_for_organisation(),
    }
    return render(request, "tenants/sign_in.html", context)


@access.public
@limited
@require_GET
def organisation(request: HttpRequest) -> HttpResponseBase:
    """Find the organisation that somebody names by domain or address, and send them to its own way in."""
    named = request.GET.get("organisation", "")[:MOST_LETTERS]
    found = entrance.find(named)
    if found is None:
        return refusals.unknown_organisation(request, named)
    query = {"tenant": str(found.entra_tenant_id), "next": safe_path(request, request.GET.get("next", ""))}
    return HttpResponseRedirect(f"{reverse('sign-in-start')}?{urlencode(query)}")


@access.public
@limited
@require_GET
def start(request: HttpRequest) -> HttpResponseBase:
    """Send the person to Entra with a fresh state, nonce and code challenge."""
    purpose = "consent" if request.GET.get("purpose") == "consent" else "sign-in"
    way = entrance.of(request.GET.get("tenant", ""))
    try:
        url, attempt = client.begin(
            way.provider,
            way.used,
            purpose=purpose,
            next_path=safe_path(request, request.GET.get("next", "")),
        )
    except (client.ClientNotConfiguredError, ProviderError) as error:
        return refusals.not_proven(request, error)
    kept = dict(list(_attempts(request).items())[-(MAX_ATTEMPTS - 1) :])
    request.session[ATTEMPTS] = {**kept, attempt.state: attempt.as_session()}
    return HttpResponseRedirect(url)


@access.public
@limited
@require_GET
def callback(request: HttpRequest) -> HttpResponseBase:
    """Take Entra's answer, believe nothing in it but a token that passes every check."""
    attempt = _take_attempt(request)
    if attempt is None:
        return refusals.state_lost(request)
    wants_consent = attempt.purpose == "consent"
    if "error" in request.GET or "code" not in request.GET:
        error = request.GET.get("error", "no code")
        return refusals.entra_refused(
            request, error, request.GET.get("error_description", ""), consent=wants_consent
        )
    try:
        way = entrance.of(attempt.authority)
        person = client.finish(way.provider, way.used, attempt, request.GET["code"])
    except refusals.NOT_PROVEN as error:
        return refusals.not_proven(request, error)
    tenant = people.find_tenant(person.tid)
    if tenant is None or tenant.status == Tenant.Status.DISCONNECTED:
        return _shut_out(request, person, tenant, consent=wants_consent)
    if wants_consent and (tenant.status != Tenant.Status.CONSENTED or consent.may_consent(person)):
        return consent.begin(request, tenant, person)
    return enter(request, tenant, person, attempt.next)


def enter(request: HttpRequest, tenant: Tenant, person: Person, next_path: str) -> HttpResponseBase:
    """Let a person in whose groups allow it, now; on an error nobody is let in."""
    # While it is being disconnected people may look how far that is.
    if tenant.status not in {Tenant.Status.CONSENTED, Tenant.Status.DISCONNECTING}:
        people.refused(tenant, person.oid, person.upn, "no consent yet")
        return refusals.before_consent(request, person, tenant)
    try:
        level = membership.check(tenant, person.oid)
    except (GraphError, TokenError) as error:
        return refusals.graph_down(request, error)
    if level is None:
        people.refused(tenant, person.oid, person.upn, "in no group")
        return refusals.no_group(request, person.upn, tenant)
    administrator = people.signed_in(tenant, person, level)
    console_session.start(request, administrator)
    return HttpResponseRedirect(next_path or HOME)


def _shut_out(
    request: HttpRequest, person: Person, tenant: Tenant | None, *, consent: bool
) -> HttpResponseBase:
    if tenant is None:
        return refusals.unknown_tenant(request, person, consent=consent)
    people.refused(tenant, person.oid, person.upn, "disconnected")
    return refusals.disconnected(request, tenant)


@access.public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here; the page after it offers to end Microsoft's too."""
    holder = console_session.holder(request.session)
    if holder is not None:
        _note_sign_out(holder.tenant_id, holder.administrator_id)
    request.session.flush()
    return HttpResponseRedirect(f"{reverse('sign-in')}?signed_out=1", status=303)


def safe_path(request: HttpRequest, wanted: str) -> str:
    """Return where to go after sign-in if it is a path of this site, else the empty string."""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe and wanted.startswith("/") else ""


def _note_sign_out(tenant_id: UUID, administrator_id: UUID) -> None:
    with database.writer(tenant_id):
        administrator = Administrator.objects.filter(id=administrator_id).first()
        if administrator is not None:
            by, what = people.actor(administrator), people.target(administrator)
            log.emit(log.Draft("administrator.signed_out", change_type="LOGIN", actor=by, target=what))


def _attempts(request: HttpRequest) -> dict[str, Any]:
    kept = request.session.get(ATTEMPTS)
    return kept if isinstance(kept, dict) else {}


def _take_attempt(request: HttpRequest) -> client.Attempt | None:
    """Return the attempt that the state names and forget it: each is used once."""
    attempts = dict(_attempts(request))
    found = attempts.pop(request.GET.get("state", ""), None)
    if found is None:
        return None
    request.session[ATTEMPTS] = attempts
    attempt = client.Attempt(**found)
    return attempt if time.time() - attempt.begun <= ATTEMPT_SECONDS else None


def _logout_url() -> str:
    back = urlencode({"post_logout_redirect_uri": f"{settings.PUBLIC_URL}{reverse('sign-in')}"})
    return f"{config.current().login_url}/{entrance.ORGANISATIONS}/oauth2/v2.0/logout?{back}"
