"""Every way a sign-in can fail, as a page: what is missing, and who can mend it (A6)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.foundation.graph import GraphError, TokenError
from vedette.tenants.console_session import group_label
from vedette.tenants.models import Tenant
from vedette.tenants.openid.client import ClientNotConfiguredError, ExchangeError
from vedette.tenants.openid.provider import ProviderError
from vedette.tenants.openid.tokens import Person, TokenRefusedError
from vedette.web.errors import Fact, explain

NOT_PROVEN = (ClientNotConfiguredError, ProviderError, ExchangeError, TokenRefusedError)


def link_to_sign_in() -> tuple[str, str]:
    """Return the button that starts again."""
    return (_("Sign in again"), reverse("sign-in"))


def link_to_consent() -> tuple[str, str]:
    """Return the button that leads to the consent page."""
    return (_("To the consent page"), consent_url())


def consent_url() -> str:
    """Return the address of the consent page, as it stands in the mail."""
    return f"{reverse('consent')}?action=consent"


def state_lost(request: HttpRequest) -> TemplateResponse:
    """Explain an answer from Entra that belongs to no sign-in begun in this browser."""
    return explain(
        request,
        status=400,
        title=_("This sign-in cannot be continued"),
        reason=_(
            "The answer from Microsoft does not belong to a sign-in that was begun in this browser: it was used "
            "before, took longer than half an hour, or began in another browser."
        ),
        next_step=_("Begin again. If it happens each time, allow cookies for this site."),
        action=link_to_sign_in(),
    )


def entra_refused(request: HttpRequest, error: str, description: str, *, consent: bool) -> TemplateResponse:
    """Explain that Entra sent the person back with an error, or that they cancelled."""
    return explain(
        request,
        status=403,
        title=_("Microsoft did not complete the sign-in"),
        reason=_("You cancelled, or Microsoft Entra ID refused the sign-in. Nobody was signed in."),
        next_step=_("Try again; if Microsoft refuses, show its message to your Entra administrator."),
        facts=said_facts(error, description),
        action=link_to_consent() if consent else link_to_sign_in(),
    )


def not_proven(request: HttpRequest, error: Exception) -> TemplateResponse:
    """Explain why Entra's answer could not be turned into a person (one of NOT_PROVEN)."""
    match error:
        case ExchangeError():
            return exchange_refused(request, error)
        case TokenRefusedError():
            return token_refused(request, error)
        case ClientNotConfiguredError():
            return not_configured(request, str(error))
        case _:
            return entra_unreachable(request, str(error))


def exchange_refused(request: HttpRequest, error: ExchangeError) -> TemplateResponse:
    """Explain that Entra did not accept the code or this installation's credential."""
    facts = said_facts(error.error, error.description)
    if error.trace:
        facts.append((_("Trace ID"), error.trace))
    return explain(
        request,
        status=502,
        title=_("Microsoft did not accept this sign-in"),
        reason=_("Microsoft Entra ID refused to hand out the proof of your sign-in. Nobody was signed in."),
        next_step=_(
            "Begin again. If it happens each time, the operator of this service checks the application "
            "registration: its ID, its certificate or secret, and its redirect addresses."
        ),
        facts=facts,
        action=link_to_sign_in(),
    )


def token_refused(request: HttpRequest, error: TokenRefusedError) -> TemplateResponse:
    """Explain that the proof of identity did not pass the checks."""
    if error.code == "consumer":
        return explain(
            request,
            status=403,
            title=_("A personal Microsoft account cannot sign in"),
            reason=_(
                "You used a personal Microsoft account. This service knows only accounts of organisations."
            ),
            next_step=_("Begin again and choose the account of your organisation."),
            action=link_to_sign_in(),
        )
    return explain(
        request,
        status=403,
        title=_("Your sign-in could not be verified"),
        reason=_(
            "The proof of identity from Microsoft did not pass this service's checks. Nobody was signed in."
        ),
        next_step=_(
            "Begin again. If it happens each time, tell the operator of this service; the check that failed "
            "stands below."
        ),
        facts=[(_("Check"), error.code), (_("Detail"), str(error))],
        action=link_to_sign_in(),
    )


def entra_unreachable(request: HttpRequest, detail: str) -> TemplateResponse:
    """Explain that Entra's sign-in service cannot be used."""
    return explain(
        request,
        status=503,
        title=_("Microsoft's sign-in service cannot be reached"),
        reason=_("This service could not talk to Microsoft Entra ID, so it cannot know who you are."),
        next_step=_(
            "Try again in a minute. If it lasts, the operator of this service checks its way to the internet."
        ),
        facts=[(_("Detail"), detail)],
        action=link_to_sign_in(),
    )


def not_configured(request: HttpRequest, detail: str) -> TemplateResponse:
    """Explain that the installation has no application registration yet."""
    return explain(
        request,
        status=503,
        title=_("This service is not connected to Microsoft yet"),
        reason=_("The application registration by which this service signs people in is not configured."),
        next_step=_("The operator of this service sets it; “vedette doctor” says what is missing."),
        facts=[(_("Detail"), detail)],
    )


def unknown_tenant(request: HttpRequest, person: Person, *, consent: bool = False) -> TemplateResponse:
    """Explain that the person's Entra tenant has no account here (wrong tenant)."""
    return explain(
        request,
        status=403,
        title=_("Your organisation has no account here"),
        reason=_(
            "You signed in with an account of an Entra tenant that this service does not know. An account is "
            "bound to exactly one tenant, and no account here is bound to this one."
        ),
        next_step=_(
            "If you have an account in the right tenant, sign in with that one. Otherwise the operator of this "
            "service can create an account for your tenant: tell them the tenant ID below."
        ),
        facts=[(_("Signed in as"), person.upn), (_("Entra tenant ID"), str(person.tid))],
        action=link_to_consent() if consent else link_to_sign_in(),
    )


def unknown_organisation(request: HttpRequest, named: str) -> TemplateResponse:
    """Explain that nobody here belongs to the domain or tenant that was named."""
    return explain(
        request,
        status=404,
        title=_("This organisation is not known here"),
        reason=_("Entra knows no such domain, or its organisation has no account at this address."),
        next_step=_(
            "Enter your work e-mail address, or the part after the @. If that is what you did, ask whoever runs "
            "this service."
        ),
        facts=[(_("You entered"), named)],
        action=link_to_sign_in(),
    )


def before_consent(request: HttpRequest, person: Person, tenant: Tenant) -> TemplateResponse:
    """Explain that nobody can sign in until a Global Administrator has consented (A6)."""
    return explain(
        request,
        status=403,
        title=_("Consent is still missing"),
        reason=_(
            "An account for %(name)s exists, but no Global Administrator of your Entra tenant has given consent "
            "yet. Until then nobody can sign in."
        )
        % {"name": tenant.name},
        next_step=_(
            "A Global Administrator of the tenant opens the consent page, signs in and chooses Accept. The link "
            "was sent to %(contact)s."
        )
        % {"contact": tenant.primary_contact},
        facts=who_facts(person, tenant),
        action=link_to_consent(),
    )


def disconnected(request: HttpRequest, tenant: Tenant) -> TemplateResponse:
    """Explain that the organisation was disconnected from this service (A7)."""
    return explain(
        request,
        status=403,
        title=_("Your organisation is disconnected"),
        reason=_(
            "%(name)s was disconnected from this service: what it wrote to Microsoft was withdrawn, and nobody can "
            "sign in."
        )
        % {"name": tenant.name},
        next_step=_(
            "The operator of this service can connect it again. If the application is no longer wanted, a Global "
            "Administrator deletes it in Entra under Enterprise applications: that ends its permissions."
        ),
        facts=[*_tenant_facts(tenant), (_("Disconnected by"), tenant.disconnected_by)],
        action=link_to_sign_in(),
    )


def no_group(request: HttpRequest, upn: str, tenant: Tenant) -> TemplateResponse:
    """Explain that the person is in neither of the console's groups (A6)."""
    facts: list[Fact] = [
        (_("Signed in as"), upn),
        *_tenant_facts(tenant),
        (_("Group with full access"), group_label(tenant.full_group_name, tenant.full_group_id)),
    ]
    if tenant.restricted_group_id:
        restricted = group_label(tenant.restricted_group_name, tenant.restricted_group_id)
        facts.append((_("Group with restricted access"), restricted))
    return explain(
        request,
        status=403,
        title=_("You are not in a group that may use the console"),
        reason=_("You proved who you are, but only members of the groups below may use the console."),
        next_step=_(
            "An owner of one of these groups, or an administrator of your Entra tenant, can add you to it in the "
            "Entra admin center. Then sign in again; nested groups count."
        ),
        facts=facts,
        action=link_to_sign_in(),
    )


def graph_down(request: HttpRequest, error: GraphError | TokenError) -> TemplateResponse:
    """Explain that the person's groups cannot be asked for, so that nobody is let in."""
    return explain(
        request,
        status=503,
        title=_("Your access cannot be checked right now"),
        reason=_("Microsoft did not say which groups you are in, and without that answer nobody is let in."),
        next_step=_(
            "Try again in a minute. If it lasts: consent may have been withdrawn; a Global Administrator can "
            "give it again on the consent page."
        ),
        facts=failure_facts(error),
        action=link_to_sign_in(),
    )


def failure_facts(error: GraphError | TokenError) -> list[Fact]:
    """Return what a person can pass on to whoever mends it."""
    if isinstance(error, TokenError):
        return [
            (_("Microsoft's message"), error.description),
            (_("Trace ID"), error.trace_id),
            (_("Correlation ID"), error.correlation_id),
        ]
    return [
        (_("Microsoft's message"), f"{error.status} {error.code}: {error.message}"),
        (_("Request ID"), error.request_id),
    ]


def who_facts(person: Person, tenant: Tenant) -> list[Fact]:
    """Return who signed in, and to which account."""
    return [(_("Signed in as"), person.upn), *_tenant_facts(tenant)]


def _tenant_facts(tenant: Tenant) -> list[Fact]:
    return [(_("Account"), tenant.name), (_("Entra tenant ID"), str(tenant.entra_tenant_id))]


def said_facts(error: str, description: str) -> list[Any]:
    """Return what Microsoft said."""
    # The first line is for people; the rest repeats codes and times.
    first_line = description.splitlines()[0] if description else ""
    return [(_("Microsoft's message"), f"{error}: {first_line}" if first_line else error)]


def is_guid(text: str) -> bool:
    """Tell whether a parameter looks like a tenant ID at all."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
