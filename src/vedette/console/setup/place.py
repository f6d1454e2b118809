"""Who goes through the wizard and where: the operator for any account, or an administrator for their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse

from vedette.events.log import Actor
from vedette.tenants import access, accounts
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant


@dataclass(frozen=True)
class Place:
    """One account's wizard, in the operator's pages or in the console."""

    tenant: Tenant
    actor: Actor
    operator: bool

    def url(self, name: str) -> str:
        """Return the address of a page of this wizard."""
        if self.operator:
            return reverse(f"console:operator_setup:{name}", args=[self.tenant.id])
        return reverse(f"console:setup:{name}")

    @property
    def base(self) -> str:
        """The template that its pages stand in."""
        return "web/plain.html" if self.operator else "web/base.html"

    @property
    def back(self) -> str:
        """Where its pages lead back to."""
        if self.operator:
            return reverse("operator-account", args=[self.tenant.id])
        return reverse("intune:access")


Page = Callable[[HttpRequest, Place], HttpResponseBase]


def for_operator(page: Page) -> Callable[..., HttpResponseBase]:
    """Let whoever opened the operator's link in, for any account."""

    @access.operator
    @wraps(page)
    def view(request: HttpRequest, tenant_id: UUID) -> HttpResponseBase:
        tenant = accounts.find(tenant_id)
        if tenant is None:
            raise Http404
        return page(request, Place(tenant, accounts.OPERATOR, operator=True))

    return view


def for_administrator(page: Page) -> Callable[..., HttpResponseBase]:
    """Let full access in, for their own account. Tests call Entra, so no transaction is held around a page."""

    @access.full("connectors", door=False)
    @wraps(page)
    def view(request: MemberRequest) -> HttpResponseBase:
        return page(request, Place(request.tenant, access.actor(request), operator=False))

    return view
