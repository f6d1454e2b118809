"""The consent page, the way through Entra's, and the page that waits until consent counts (A4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from authlib.common.security import generate_token
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vedette.foundation import clock
from vedette.tenants import access, console_session, people
from vedette.tenants import consent as domain
from vedette.tenants.models import Tenant
from vedette.tenants.openid.tokens import Person
from vedette.tenants.views import consent_refusals, refusals, sign_in
from vedette.tenants.views.consent_texts import PROFILES, step_entries
from vedette.web.limits import limited

PENDING: Final = "consent"
POLL_SECONDS: Final = 3


@dataclass(frozen=True)
class Pending:
    """A consent under way, tied to the administrator who signed in; kept in the session."""

    tenant: UUID
    person: Person
    state: str
    returned_at: datetime | None = None

    def store(self, request: HttpRequest) -> None:
        """Keep it in the session."""
        request.session[PENDING] = {
            "tenant": str(self.tenant),
            "state": self.state,
            "returned_at": self.returned_at.isoformat() if self.returned_at else "",
            "person": {
                "tid": str(self.person.tid),
                "oid": str(self.person.oid),
                "upn": self.person.upn,
                "name": self.person.name,
                "email": self.person.email,
                "wids": sorted(self.person.wids or ()),
            },
        }

    @staticmethod
    def load(request: HttpRequest) -> Pending | None:
        """Return what the session holds, or None."""
        kept: Any = request.session.get(PENDING)
        if not isinstance(kept, dict):
            return None
        who = kept["person"]
        person = Person(
            tid=UUID(who["tid"]),
            oid=UUID(who["oid"]),
            upn=who["upn"],
            name=who["name"],
            email=who["email"],
            wids=frozenset(who["wids"]),
        )
        returned = datetime.fromisoformat(kept["returned_at"]) if kept["returned_at"] else None
        return Pending(UUID(kept["tenant"]), person, kept["state"], returned)


@access.public
@limited
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Explain what will happen, who must sign in, and what is asked for and why."""
    if request.GET.get("action", "consent") != "consent":
        return HttpResponseRedirect(reverse("sign-in"))
    query = {"purpose": "consent"}
    if refusals.is_guid(request.GET.get("tenant", "")):
        query["tenant"] = request.GET["tenant"]
    context = {"start_url": f"{reverse('sign-in-start')}?{urlencode(query)}", "profiles": PROFILES}
    return render(request, "tenants/consent.html", context)


def may_consent(person: Person) -> bool:
    """Tell whether the token shows the role that the first sign-in needs."""
    return domain.is_global_administrator(person)


def begin(request: HttpRequest, tenant: Tenant, person: Person) -> HttpResponseBase:
    """Send a Global Administrator on to Entra's consent page; explain to others what is missing."""
    if not domain.carries_roles(person):
        people.refused(tenant, person.oid, person.upn, "no directory roles in the token")
        return consent_refusals.no_roles(request, person, tenant)
    if not may_consent(person):
        people.refused(tenant, person.oid, person.upn, "not a Global Administrator")
        return consent_refusals.wrong_role(request, person, tenant)
    pending = Pending(tenant.id, person, generate_token(32))
    # From here on the session stands for a person, who is let in at its end: whoever knew its key no longer does.
    request.session.cycle_key()
    pending.store(request)
    return HttpResponseRedirect(domain.address(tenant, pending.state))


@access.public
@limited
@require_GET
def callback(request: HttpRequest) -> HttpResponseBase:
    """Take Entra's answer: it only says whether it is worth asking Graph."""
    if request.GET.get("state") == domain.HANDED_OVER:
        return consent_refusals.handed_over(request)
    pending = Pending.load(request)
    if pending is None or request.GET.get("state") != pending.state:
        return refusals.state_lost(request)
    tenant = _tenant(pending)
    if tenant is None:
        return refusals.unknown_tenant(request, pending.person, consent=True)
    if "error" in request.GET or request.GET.get("admin_consent", "").lower() != "true":
        del request.session[PENDING]
        error = request.GET.get("error", "no consent")
        return consent_refusals.consent_cancelled(request, error, request.GET.get("error_description", ""))
    said = request.GET.get("tenant", "")
    if said and said.lower() != str(pending.person.tid):
        del request.session[PENDING]
        return consent_refusals.consent_elsewhere(request, said, tenant)
    # A state is used once: from here on only the session counts.
    Pending(pending.tenant, pending.person, generate_token(32), clock.now()).store(request)
    return HttpResponseRedirect(reverse("consent-progress"))


@access.public
@require_GET
def progress(request: HttpRequest) -> HttpResponseBase:
    """Look once whether consent has taken effect; the page (or its script) asks again until it has."""
    pending = Pending.load(request)
    if pending is None or pending.returned_at is None:
        return _to(request, refusals.consent_url())
    tenant = _tenant(pending)
    if tenant is None:
        return refusals.unknown_tenant(request, pending.person, consent=True)
    late = clock.now() - pending.returned_at > domain.PATIENCE
    found = domain.look(tenant, pending.person.oid)
    if found.complete:
        return _land(request, tenant, pending.person, found)
    return _show(request, tenant, found, waiting=not late)


@access.public
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Give a consent that did not take effect in time another ten minutes."""
    pending = Pending.load(request)
    if pending is not None and pending.returned_at is not None:
        Pending(pending.tenant, pending.person, pending.state, clock.now()).store(request)
    return HttpResponseRedirect(reverse("consent-progress"))


def _show(request: HttpRequest, tenant: Tenant, found: domain.Progress, *, waiting: bool) -> HttpResponse:
    context = {
        "tenant": tenant,
        "entries": step_entries(tenant, found),
        "waiting": waiting,
        "finished": found.complete,
        "missing": found.missing,
        "failure": refusals.failure_facts(found.failure) if found.failure else (),
        "failure_explained": found.failure,
        "poll_seconds": POLL_SECONDS,
        "consent_url": refusals.consent_url(),
        "next": sign_in.HOME,
    }
    partial = bool(request.headers.get("HX-Request"))
    template = "tenants/partials/consent_steps.html" if partial else "tenants/consent_progress.html"
    return render(request, template, context)


def _land(request: HttpRequest, tenant: Tenant, person: Person, found: domain.Progress) -> HttpResponseBase:
    """Record the consent and go on to the console; a group that is missing is shown first."""
    del request.session[PENDING]
    administrator, first = domain.complete(tenant, person, found)
    if administrator is None:
        messages.success(request, _("Consent was given again and works."))
        response = sign_in.enter(request, tenant, person, "")
        return _to(request, response["Location"]) if isinstance(response, HttpResponseRedirect) else response
    console_session.start(request, administrator, first=first)
    messages.success(request, _landed(found))
    return _show(request, tenant, found, waiting=False) if found.missing else _to(request, sign_in.HOME)


def _landed(found: domain.Progress) -> str:
    sentence = _(
        "Consent is complete and your organisation is connected. This session alone needs no group: from the "
        "next sign-in on, membership of the groups decides who may use the console."
    )
    names = ", ".join(f"“{group.name}”" for group in found.groups if group.name)
    groups = _("Groups found: %(names)s.") % {"names": names}
    return f"{sentence} {groups}" if names else sentence


def _tenant(pending: Pending) -> Tenant | None:
    return people.find_tenant(pending.person.tid)


def _to(request: HttpRequest, url: str) -> HttpResponse:
    """Go there, also from within a script's request."""
    if request.headers.get("HX-Request"):
        response = HttpResponse()
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)
