"""The operator's pages: accounts, a new account, the e-mail with the login link (A1 to A3)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vedette.foundation import config
from vedette.tenants import (
    access,
    accounts,
    consent,
    console_session,
    invitation,
    operator_links,
    registrations,
)
from vedette.tenants.forms import AccountForm
from vedette.tenants.models import Tenant
from vedette.tenants.openid import client
from vedette.tenants.operator_links import Opened
from vedette.web.errors import explain
from vedette.web.limits import limited


@access.public
@limited
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Use the one-time link up and open the operator's pages in this browser."""
    opened = operator_links.use(token)
    if opened is Opened.OPENED:
        console_session.start_operator(request)
        return HttpResponseRedirect(reverse("operator"))
    reasons = {
        Opened.USED: _("The link has been used already, and it opens this page once only."),
        Opened.EXPIRED: _("The link was good for 30 minutes, and they are over."),
        Opened.UNKNOWN: _("No such link was made here, or it is long past."),
    }
    return explain(
        request,
        status=404 if opened is Opened.UNKNOWN else 410,
        title=_("This link does not open the operator's page"),
        reason=reasons[opened],
        next_step=_("On the server, run “vedette operator link” and open the address that it prints."),
    )


@access.operator
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """List the accounts."""
    return render(request, "tenants/operator.html", {"tenants": accounts.everything()})


@access.operator
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an account and send the e-mail."""
    form = AccountForm(request.POST or None, initial={"language": request.LANGUAGE_CODE})
    existing: Tenant | None = None
    if form.is_valid():
        try:
            tenant = accounts.create(form.draft())
        except accounts.AccountExistsError as error:
            existing = error.tenant
            form.add_error("entra_tenant_id", _("This Entra tenant has an account already."))
        else:
            _send(request, tenant)
            return HttpResponseRedirect(reverse("operator-account", args=[tenant.id]))
    context = {
        "form": form,
        "existing": existing,
        "set_groups": set_groups_command(existing) if existing else "",
    }
    return render(request, "tenants/operator_new.html", context, status=400 if form.is_bound else 200)


@access.operator
@require_GET
def account(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    """Show an account, its login link and what comes next."""
    tenant = _account(tenant_id)
    context = {
        "tenant": tenant,
        "link": invitation.link(tenant),
        "set_groups": set_groups_command(tenant),
        "own": registrations.of(tenant).own,
        "installation_ready": bool(config.current().client_id),
        # the wizard's pages stand in the console, a layer above
        "setup_url": reverse("console:operator_setup:overview", args=[tenant.id]),
        "redirect_uris": [client.redirect_uri(), consent.redirect_uri()],
    }
    return render(request, "tenants/operator_account.html", context)


@access.operator
@require_POST
def send(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    """Send the e-mail again."""
    _send(request, _account(tenant_id))
    return HttpResponseRedirect(reverse("operator-account", args=[tenant_id]))


def set_groups_command(tenant: Tenant) -> str:
    """Return the command that puts other groups in charge of an account."""
    return f"vedette tenant set-groups {tenant.entra_tenant_id} --full-group OBJECT-ID --restricted-group OBJECT-ID"


def _account(tenant_id: UUID) -> Tenant:
    tenant = accounts.find(tenant_id)
    if tenant is None:
        raise Http404
    return tenant


def _send(request: HttpRequest, tenant: Tenant) -> None:
    problem = invitation.send(tenant)
    if problem:
        messages.error(
            request,
            _(
                "The account is kept, but the e-mail to %(contact)s did not leave: %(problem)s. Check the mail "
                "server's settings (VEDETTE_SMTP_URL) and send it again, or pass the link on yourself."
            )
            % {"contact": tenant.primary_contact, "problem": problem},
        )
    else:
        messages.success(
            request,
            _("The e-mail with the login link is on its way to %(contact)s.")
            % {"contact": tenant.primary_contact},
        )
