"""The door around a view: a signed-in person's tenant, open from before the view until after rendering.

`ATOMIC_REQUESTS` would wrap only the view, and a template that reads then finds nothing (design.md 3). The
door opens in `process_view`, where it is known which view asks for it, and closes when the answer is made.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from vedette.foundation import database
from vedette.tenants import access, console_session, people, recheck
from vedette.tenants.console_session import Holder
from vedette.tenants.models import Administrator, Tenant
from vedette.tenants.views import refusals
from vedette.web.viewer import Banner, Viewer

DOOR: Final = "tenant_door"


class TenantDoor:
    """Middleware, innermost; sets `request.tenant`, `request.administrator` and `request.viewer`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and close the door after rendering; what a failed view wrote is undone."""
        _know(request, None, None)
        with ExitStack() as door:
            vars(request)[DOOR] = door
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: list[Any], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Find out who asks, where the view wants to know it; may answer itself."""
        rule = access.rule_of(view)
        holder = console_session.holder(request.session) if rule and rule.kind == "member" else None
        if rule is None or holder is None:
            return None
        return _confirm(request, holder) or _enter(request, holder, keep_open=rule.door)

    def process_exception(self, request: HttpRequest, _exception: Exception) -> None:
        """Undo what the view wrote; the answer is made by Django's handlers."""
        if vars(request)["tenant"] is not None and transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)


def _confirm(request: HttpRequest, holder: Holder) -> HttpResponseBase | None:
    """Confirm the person's access where it is due; return the page to show when the session ends."""
    if not recheck.due(holder):
        return None
    with database.tenant(holder.tenant_id):
        found = people.read(holder.tenant_id, holder.administrator_id)
    if found is None:
        return _sign_in_again(request)
    tenant, administrator = found
    try:
        if recheck.confirm(request.session, holder, tenant, administrator):
            return None
    except recheck.UnconfirmedError as error:
        return refusals.graph_down(request, error.cause)
    request.session.flush()
    return refusals.no_group(request, administrator.upn, tenant)


def _enter(request: HttpRequest, holder: Holder, *, keep_open: bool) -> HttpResponseBase | None:
    """Open the door and put tenant and person on the request; somebody who is gone signs in again."""
    with ExitStack() as attempt:
        attempt.enter_context(database.tenant(holder.tenant_id))
        found = people.read(holder.tenant_id, holder.administrator_id)
        if found is not None and keep_open and found[0].status != Tenant.Status.DISCONNECTED:
            vars(request)[DOOR].push(attempt.pop_all())
    if found is None:
        return _sign_in_again(request)
    if found[0].status == Tenant.Status.DISCONNECTED:
        request.session.flush()
        return refusals.disconnected(request, found[0])
    _know(request, *found)
    language = found[1].language
    if language:
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()
    return None


def _sign_in_again(request: HttpRequest) -> HttpResponseBase:
    request.session.flush()
    return access.to_sign_in(request)


def _know(request: HttpRequest, tenant: Tenant | None, administrator: Administrator | None) -> None:
    # Django's request has no such attributes; access.MemberRequest is its type from here on.
    vars(request).update(
        tenant=tenant,
        administrator=administrator,
        viewer=_viewer(request, tenant, administrator) if tenant and administrator else None,
    )


def _viewer(request: HttpRequest, tenant: Tenant, administrator: Administrator) -> Viewer:
    return Viewer(
        name=administrator.display_name,
        upn=administrator.upn,
        tenant_name=tenant.name,
        access="full" if administrator.access == Administrator.Access.FULL else "restricted",
        theme=administrator.theme,
        banners=_banners(request, administrator),
    )


def _banners(request: HttpRequest, administrator: Administrator) -> tuple[Banner, ...]:
    """Ask the primary contact, once, whether to send e-mail (E5)."""
    address = reverse("preferences")
    if administrator.notifications_asked or request.path == address:
        return ()
    return (
        Banner(
            text=_("Do you want an e-mail when a phone is at risk?"),
            icon="mail",
            link_text=_("Choose notifications"),
            href=address,
        ),
    )
