"""The pages of the ways by group: what each would do, its groups, its switch."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vedette.connectors import reserved_groups
from vedette.connectors.groups import live, preview, recipes, settings_change
from vedette.connectors.groups.eligibility import REFUSALS
from vedette.connectors.groups.forms import GroupForm
from vedette.connectors.groups.live import UnfitError
from vedette.connectors.groups.models import GroupRoute, ListedMember, RiskGroup
from vedette.connectors.groups.settings_read import groups_of, rule_of
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP, WAYS
from vedette.connectors.groups.words import LEVELS, SLUG_OF, SLUGS, WORDS
from vedette.connectors.models import Delivery, SparedPerson
from vedette.foundation import config, database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.web.confirm import confirm

# Somebody waits for the page.
PATIENCE: Final = Patience(attempts=2, seconds=8.0)
FOREIGN_SHOWN: Final = 50


@access.member("connectors")
def page(request: MemberRequest, way: str) -> HttpResponseBase:
    """Show one way: how it stands, what it would do, its groups and the rules to make."""
    return way_page(request, route_of_slug(way), GroupForm(), {})


@access.full("connectors", door=False)
def on(request: MemberRequest, way: str) -> HttpResponseBase:
    """Say whom it blocks and whom it cannot, check the groups at Microsoft, then switch the way on."""
    route = route_of_slug(way)
    back = reverse("groups:way", args=[way])
    with database.tenant(request.tenant.id):
        rows, uses = groups_of(route), reserved_groups.uses(request.tenant)
        seen = preview.of(request.tenant.id, route)
        spared = SparedPerson.objects.count()
    if not rows:
        messages.error(request, _("Choose a group first."))
        return redirect(back)
    try:
        live.check_all(graph_of(request), rows, uses)
    except UnfitError as error:
        messages.error(request, str(error))
        return redirect(back)
    except (GraphError, TokenError) as error:
        messages.error(request, _("Microsoft could not be asked: %(error)s") % {"error": error})
        return redirect(back)
    if request.method == "POST":
        settings_change.switch(request.tenant.id, route, access.actor(request), on=True)
        messages.success(request, _("It is on. Phones at risk are put into their groups now."))
        return redirect(back)
    facts: list[tuple[Any, Any]] = [
        (_("Phones that would be blocked"), seen.blocked),
        (_("Phones that cannot be blocked this way"), seen.beyond),
    ]
    if route == USER_GROUP:
        facts += [
            (_("People that would be blocked, on all their devices"), seen.people),
            (_("Further devices of theirs that Vedette knows of"), seen.other_devices),
            (_("People left out"), spared),
        ]
    if request.tenant.mode == Tenant.Mode.MONITOR:
        facts.append((_("Mode"), _("Monitor: nobody is put in before the tenant is armed")))
    return confirm(
        request,
        title=_("Switch “%(way)s” on?") % {"way": WORDS[route].title},
        body=_(
            "These numbers are of now; the page lists the phones. Your rules at Microsoft decide what happens to "
            "members of the groups."
        ),
        action=_("Switch on"),
        back=back,
        facts=facts,
        danger=bool(seen.blocked),
    )


@access.full("connectors")
def off(request: MemberRequest, way: str) -> HttpResponseBase:
    """Ask, then switch the way off and take everybody out."""
    route = route_of_slug(way)
    back = reverse("groups:way", args=[way])
    if request.method == "POST":
        settings_change.switch(request.tenant.id, route, access.actor(request), on=False)
        messages.success(request, _("It is off. Who was put in is taken out now."))
        return redirect(back)
    return confirm(
        request,
        title=_("Switch “%(way)s” off?") % {"way": WORDS[route].title},
        body=_(
            "Everybody that Vedette put into the groups is taken out, so rules over them let them in again."
        ),
        action=_("Switch off"),
        back=back,
        facts=[(_("Members that are taken out"), members(route))],
        danger=True,
    )


@require_POST
@access.full("connectors")
def look_now(request: MemberRequest, way: str) -> HttpResponseBase:
    """Look at the members at once."""
    settings_change.look_now(request.tenant.id, route_of_slug(way), access.actor(request))
    messages.success(request, _("The members are read now."))
    return redirect("groups:way", way)


@require_POST
@access.full("connectors")
def administrators(request: MemberRequest, way: str) -> HttpResponseBase:
    """Leave people with access to this console out, or not."""
    route = route_of_slug(way)
    if route != USER_GROUP:
        raise Http404
    wish = bool(request.POST.get("spare_administrators"))
    settings_change.spare_administrators(request.tenant.id, route, access.actor(request), on=wish)
    messages.success(request, _("Saved."))
    return redirect("groups:way", way)


def route_of_slug(way: str) -> str:
    """Return the way of a part of an address."""
    if way not in SLUGS:
        raise Http404
    return SLUGS[way]


def graph_of(request: MemberRequest) -> Graph:
    """Return the tenant's Graph, for somebody who waits."""
    return Graph(request.tenant.entra_tenant_id, patience=PATIENCE)


def members(route: str) -> int:
    """Count who is in the groups by what was owed; inside the tenant's door."""
    column = "owner_oid" if route == USER_GROUP else "entra_object_id"
    rows = Delivery.objects.filter(route=route).exclude(desired="")
    return int(rows.values(column).distinct().count())


def way_page(request: MemberRequest, route: str, form: GroupForm, more: dict[str, Any]) -> TemplateResponse:
    """Draw the page of one way; inside the tenant's door."""
    rows = groups_of(route)
    row = GroupRoute.objects.filter(route=route).first() or GroupRoute(route=route)
    keys = [str(group.object_id) for group in rows]
    status = Delivery.Status
    moving = Delivery.objects.filter(route=route, status__in=[status.DUE, status.LEASED])
    context = {
        "way": SLUG_OF[route],
        "words": WORDS[route],
        "row": row,
        "tabs": [
            {
                "key": SLUG_OF[each],
                "label": WORDS[each].title,
                "href": reverse("groups:way", args=[SLUG_OF[each]]),
            }
            for each in WAYS
        ],
        "groups": [_shown(group) for group in rows],
        "foreign": ListedMember.objects.filter(group_id__in=keys, foreign=True).order_by("name")[
            :FOREIGN_SHOWN
        ],
        "preview": preview.of(request.tenant.id, route),
        "rule": rule_of(request.tenant.id, route),
        "members": members(route),
        "moving": moving.count(),
        "trouble": moving.exclude(error_code="").count(),
        "spared": SparedPerson.objects.count(),
        "people": route == USER_GROUP,
        "monitoring": request.tenant.mode == Tenant.Mode.MONITOR,
        "form": form,
        **_recipes(route, keys),
    }
    return TemplateResponse(request, "groups/way.html", context | more)


def _shown(group: RiskGroup) -> dict[str, Any]:
    listed = ListedMember.objects.filter(group_id=group.object_id).count()
    return {
        "row": group,
        "levels": [LEVELS[level] for level in LEVELS if level in group.levels],
        "listed": listed,
        "why": REFUSALS.get(group.refused, ""),
    }


def _recipes(route: str, keys: list[str]) -> dict[str, Any]:
    if route == DEVICE_GROUP:
        made = [(words, recipes.cannot_be_met(kind)) for kind, words in recipes.KINDS.items()]
        return {"policies": made, "assignment": recipes.assignment(keys or ["OBJECT-ID-OF-THE-GROUP"])}
    spared = [str(oid) for oid in SparedPerson.objects.order_by("upn").values_list("oid", flat=True)]
    client = config.current().client_id or ""
    return {"block_people": recipes.block_people(keys or ["OBJECT-ID-OF-THE-GROUP"], spared, client)}
