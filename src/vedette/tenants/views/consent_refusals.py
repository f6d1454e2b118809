"""Every way a consent can fail, as a page: what is missing, and who can mend it (A4)."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from vedette.tenants.models import Tenant
from vedette.tenants.openid.tokens import Person
from vedette.tenants.views.refusals import consent_url, link_to_consent, said_facts, who_facts
from vedette.web.errors import explain

DECLINED_CODES = ("AADSTS65004", "AADSTS90094")
"""The person declined, or may not consent and did not ask an administrator (microsoft.md 3.5)."""


def handed_over(request: HttpRequest) -> TemplateResponse:
    """Thank who followed a consent link that somebody handed to them: what they decided is probed, not believed."""
    if request.GET.get("admin_consent", "").lower() != "true" or "error" in request.GET:
        return explain(
            request,
            status=403,
            title=_("Nothing was granted"),
            reason=_("Microsoft says that the request was not accepted."),
            next_step=_("Open the link again and accept, or tell whoever sent it to you why not."),
        )
    return explain(
        request,
        status=200,
        title=_("Thank you"),
        reason=_("Microsoft says that the request was accepted. It takes effect within a few minutes."),
        next_step=_("You can close this window. Whoever sent you the link checks it with Look again."),
    )


def no_roles(request: HttpRequest, person: Person, tenant: Tenant) -> TemplateResponse:
    """Explain that the token says nothing about directory roles: not the same as a wrong role (A4)."""
    return explain(
        request,
        status=403,
        title=_("Microsoft did not say which directory roles you have"),
        reason=_(
            "The first sign-in must be by a Global Administrator, and the proof of your sign-in carries no "
            "directory roles at all. You may well have the role; this service cannot see it."
        ),
        next_step=_(
            "The operator of this service opens the manifest of its application registration in Entra ID, sets "
            "“groupMembershipClaims” to “DirectoryRole” and saves. Then begin again."
        ),
        facts=who_facts(person, tenant),
        action=link_to_consent(),
    )


def wrong_role(request: HttpRequest, person: Person, tenant: Tenant) -> TemplateResponse:
    """Explain that the person lacks the role that can consent for the organisation."""
    return explain(
        request,
        status=403,
        title=_("A Global Administrator is needed"),
        reason=_(
            "You proved who you are, but you do not have the directory role Global Administrator, without which "
            "nobody can give this consent for the whole organisation."
        ),
        next_step=_(
            "Pass the link to a Global Administrator of your Entra tenant. If you were given the role only now, "
            "or activate it for a limited time, sign out at Microsoft first, then begin again."
        ),
        facts=who_facts(person, tenant),
        action=link_to_consent(),
    )


def consent_cancelled(request: HttpRequest, error: str, description: str) -> TemplateResponse:
    """Explain that consent was not given."""
    declined = error in {"access_denied", "permission_denied", "consent_required"} or any(
        code in description for code in DECLINED_CODES
    )
    return explain(
        request,
        status=403,
        title=_("Consent was not given") if declined else _("Microsoft could not record the consent"),
        reason=_("You chose Cancel on Microsoft's page. Nothing was changed and nobody was signed in.")
        if declined
        else _("Microsoft Entra ID answered with an error. Nobody was signed in."),
        next_step=_(
            "Without consent this service can neither find devices nor let anybody sign in. Read on the consent "
            "page what is asked for and why, then try again and choose Accept."
        )
        if declined
        else _(
            "Try again; if it happens each time, show Microsoft's message to the operator of this service."
        ),
        facts=said_facts(error, description),
        action=(_("Try again"), consent_url()),
    )


def consent_elsewhere(request: HttpRequest, said: str, tenant: Tenant) -> TemplateResponse:
    """Explain that consent was reported for another tenant than the one signed in to."""
    return explain(
        request,
        status=403,
        title=_("Consent was given for another tenant"),
        reason=_(
            "You signed in to one Entra tenant, and Microsoft reports consent for another. It does not count."
        ),
        next_step=_("Begin again and use the same account on both of Microsoft's pages."),
        facts=[
            (_("Signed in to"), f"{tenant.name} ({tenant.entra_tenant_id})"),
            (_("Consent reported for"), said),
        ],
        action=(_("Try again"), consent_url()),
    )
