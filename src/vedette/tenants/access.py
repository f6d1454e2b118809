"""Which view may be opened by whom: every view carries exactly one of these decorators.

`public` (nobody needs to be known), `operator` (the one-time link was opened), `member(module)` (may view the
module; anything but a reading request needs the right to modify), `full(module)` (may modify the module).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Final, Literal, ParamSpec, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.events.log import Actor
from vedette.events.models import Event
from vedette.tenants import console_session, matrix
from vedette.tenants.matrix import Module, Right
from vedette.tenants.models import Administrator, Tenant
from vedette.web import errors
from vedette.web.viewer import Viewer

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
View = Callable[Concatenate[R, P], HttpResponseBase]
AnyView = Callable[..., HttpResponseBase]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
RULE: Final = "access_rule"

MODULE_NAMES: Final = {
    "dashboard": gettext_lazy("Dashboard"),
    "threats": gettext_lazy("Threats"),
    "devices": gettext_lazy("Devices"),
    "scans": gettext_lazy("Scans"),
    "policy": gettext_lazy("Security Policy"),
    "account": gettext_lazy("Account"),
    "admins": gettext_lazy("Administrators"),
    "device_groups": gettext_lazy("Device groups"),
    "connectors": gettext_lazy("Connectors"),
    "enrollment": gettext_lazy("Manage Enrollment"),
    "audit": gettext_lazy("Audit trail"),
    "application_keys": gettext_lazy("Application keys"),
    "preferences": gettext_lazy("Preferences"),
}


class MemberRequest(HttpRequest):
    """A request of a signed-in person: what a view behind `member` or `full` gets."""

    tenant: Tenant
    administrator: Administrator
    viewer: Viewer


@dataclass(frozen=True)
class Rule:
    """What a view asks for; `door` tells whether the middleware holds the tenant's door open around it."""

    kind: Literal["public", "operator", "member"]
    module: Module | None = None
    right: Right = "none"
    door: bool = False


def rule_of(view: object) -> Rule | None:
    """Return the rule a view carries, or None (such a view gets no person and no rows)."""
    found = getattr(view, RULE, None)
    return found if isinstance(found, Rule) else None


def public(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """Let anybody in; the view has no tenant."""

    @wraps(view)
    def open_view(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(*args, **kwargs)

    setattr(open_view, RULE, Rule("public"))
    return open_view


def operator(view: View[HttpRequest, P]) -> View[HttpRequest, P]:
    """Let in whoever opened the link that `vedette operator link` prints."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if console_session.is_operator(request):
            return view(request, *args, **kwargs)
        return errors.explain(
            request,
            status=403,
            title=_("This page is for the operator"),
            reason=_(
                "It opens only with a one-time link, and there is none in this browser, or its time is over."
            ),
            next_step=_("On the server, run “vedette operator link” and open the address that it prints."),
        )

    setattr(guarded, RULE, Rule("operator"))
    return guarded


def member(module: Module, *, door: bool = True) -> Callable[[View[MemberRequest, P]], View[HttpRequest, P]]:
    """Let in who may view the module; a request that is not only reading needs the right to modify it.

    With `door=False` the middleware does not hold a transaction around the view, for views that call Graph: they
    open `database.tenant(request.tenant.id)` themselves where they read or write.
    """
    return _demand(Rule("member", module, "view", door))


def full(module: Module, *, door: bool = True) -> Callable[[View[MemberRequest, P]], View[HttpRequest, P]]:
    """Let in who may modify the module, as the matrix says: for configuration that is full access only."""
    return _demand(Rule("member", module, "modify", door))


def may(administrator: Administrator, module: Module, right: Literal["view", "modify"] = "view") -> bool:
    """Tell whether a person's access level includes a right on a module."""
    return matrix.allows(_level(administrator), module, right)


def own_activity_only(administrator: Administrator) -> bool:
    """Tell whether the audit trail shows this person only their own acts (matrix, note 2)."""
    return _level(administrator) in matrix.OWN_ACTIVITY_ONLY


def actor(request: HttpRequest) -> Actor:
    """Return the signed-in person as the actor of events."""
    administrator = cast("MemberRequest", request).administrator
    return Actor(Event.Actor.ADMIN, str(administrator.id), administrator.upn)


def _demand(rule: Rule) -> Callable[[View[MemberRequest, P]], View[HttpRequest, P]]:
    def decorate(view: View[MemberRequest, P]) -> View[HttpRequest, P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            administrator: Administrator | None = getattr(request, "administrator", None)
            if administrator is None:
                return to_sign_in(request)
            right = rule.right if request.method in SAFE else "modify"
            assert rule.module is not None
            if not matrix.allows(_level(administrator), rule.module, right):
                return _not_allowed(cast("MemberRequest", request), rule.module, right)
            return view(cast("MemberRequest", request), *args, **kwargs)

        setattr(guarded, RULE, rule)
        return guarded

    return decorate


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send somebody unknown to the sign-in page, and back afterwards where that makes sense."""
    if request.headers.get("HX-Request"):
        current = urlsplit(request.headers.get("HX-Current-URL", ""))
        response = HttpResponse(status=401)
        response["HX-Redirect"] = _sign_in_url(
            current._replace(scheme="", netloc="", fragment="").geturl() or "/"
        )
        return response
    return HttpResponseRedirect(_sign_in_url(request.get_full_path() if request.method in SAFE else "/"))


def _sign_in_url(next_path: str) -> str:
    return f"{reverse('sign-in')}?{urlencode({'next': next_path})}"


def _level(administrator: Administrator) -> matrix.Level:
    return "full" if administrator.access == Administrator.Access.FULL else "restricted"


def _not_allowed(request: MemberRequest, module: Module, right: Right) -> HttpResponseBase:
    tenant = request.tenant
    facts: list[tuple[Any, object]] = [
        (_("Signed in as"), request.administrator.upn),
        (_("Your access"), _("Restricted")),
        (
            _("Group with full access"),
            console_session.group_label(tenant.full_group_name, tenant.full_group_id),
        ),
    ]
    # Who may not even look is not told that they may.
    viewing = right == "view" or not matrix.allows(_level(request.administrator), module, "view")
    return errors.explain(
        request,
        status=403,
        title=_("This needs full access"),
        reason=(
            _("Restricted access does not include the module “%(module)s”.")
            if viewing
            else _("With restricted access you can look at the module “%(module)s”, not change it.")
        )
        % {"module": MODULE_NAMES[module]},
        next_step=_("Whoever manages the group with full access in Entra ID can add you to it."),
        facts=facts,
        action=(_("To the dashboard"), "/dashboard/"),
    )
