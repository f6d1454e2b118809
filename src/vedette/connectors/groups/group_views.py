"""Choosing the groups of a way: found by name, checked at Microsoft, previewed, and let go."""

import uuid
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vedette.connectors import entra_groups, group_search, reserved_groups
from vedette.connectors.entra_groups import Group, Resolved
from vedette.connectors.groups import live, settings_change
from vedette.connectors.groups.desired import Rule
from vedette.connectors.groups.forms import GroupForm, LevelsForm
from vedette.connectors.groups.live import UnfitError
from vedette.connectors.groups.models import RiskGroup
from vedette.connectors.groups.settings_change import TakenError
from vedette.connectors.groups.settings_read import rule_of
from vedette.connectors.groups.views import graph_of, route_of_slug, way_page
from vedette.connectors.groups.wishes import changed_by
from vedette.connectors.groups.words import LEVELS, SLUG_OF
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, TokenError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm
from vedette.web.errors import Fact


@require_GET
@access.member("connectors", door=False)
def search(request: MemberRequest) -> HttpResponseBase:
    """Answer search-as-you-type: groups with their object IDs."""
    return group_search.options(request, graph_of(request))


@require_POST
@access.full("connectors", door=False)
def add(request: MemberRequest, way: str) -> HttpResponseBase:
    """Resolve the name to the letter, check the group, show what it would do, and keep it when confirmed."""
    route = route_of_slug(way)
    form = GroupForm(request.POST)
    if not form.is_valid():
        return _again(request, route, form, {})
    graph = graph_of(request)
    try:
        group, resolved = _chosen(graph, form)
        if group is None:
            return _again(request, route, form, {"resolved": resolved, "typed": form.cleaned_data["name"]})
        with database.tenant(request.tenant.id):
            uses = reserved_groups.uses(request.tenant)
        inside = live.check(graph, group, uses)
    except UnfitError as error:
        form.add_error("name", str(error))
    except (GraphError, TokenError) as error:
        form.add_error("name", group_search.trouble(error))
    else:
        return _add(request, route, form, group, inside)
    return _again(request, route, form, {})


def _add(request: MemberRequest, route: str, form: GroupForm, group: Group, inside: int) -> HttpResponseBase:
    levels = form.cleaned_data["levels"]
    back = reverse("groups:way", args=[SLUG_OF[route]])
    if request.POST.get("confirmed"):
        try:
            settings_change.add_group(request.tenant.id, route, group, levels, access.actor(request))
        except TakenError:
            form.add_error("levels", _TAKEN())
            return _again(request, route, form, {})
        messages.success(request, _("%(name)s is kept from now on.") % {"name": group.display_name})
        return redirect(back)
    with database.tenant(request.tenant.id):
        effect = _effect(request.tenant.id, route, str(group.id), levels)
    hidden = [("object_id", str(group.id)), ("confirmed", "1"), *(("levels", level) for level in levels)]
    return confirm(
        request,
        title=_("Let Vedette keep the members of %(name)s?") % {"name": group.display_name},
        body=_(
            "Use a group for this alone. Members that are in it already stay, and are shown as put in by another hand; "
            "your rules act on them too."
        ),
        action=_("Keep this group"),
        back=back,
        facts=[
            (_("Object ID"), group.id),
            (_("Phones put in"), _words(levels)),
            (_("Members already in it"), f"{inside}+" if inside >= live.COUNTED else inside),
            *effect,
        ],
        hidden=hidden,
        danger=bool(inside),
    )


@access.full("connectors")
def levels(request: MemberRequest, way: str, group: uuid.UUID) -> HttpResponseBase:
    """Choose which states count for a group; says what that changes before it is saved."""
    route, row = route_of_slug(way), _row(way, group)
    back = reverse("groups:way", args=[way])
    form = LevelsForm(request.POST or None, initial={"levels": row.levels})
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["levels"]
        effect = _effect(request.tenant.id, route, str(row.object_id), chosen)
        if request.POST.get("confirmed") or not any(count for _text, count in effect):
            try:
                settings_change.set_levels(request.tenant.id, row, chosen, access.actor(request))
            except TakenError:
                form.add_error("levels", _TAKEN())
            else:
                messages.success(request, _("Saved."))
                return redirect(back)
        else:
            return confirm(
                request,
                title=_("Let these states count for %(name)s?") % {"name": row.display_name},
                body=_words(chosen),
                action=_("Save"),
                back=back,
                facts=effect,
                hidden=[*(("levels", level) for level in chosen), ("confirmed", "1")],
            )
    return confirm(
        request,
        title=_("Who is put into %(name)s?") % {"name": row.display_name},
        body=_("Phones in the states that you choose, or their people."),
        action=_("Go on"),
        back=back,
        form=form,
        status=422 if form.errors else 200,
    )


@access.full("connectors")
def remove(request: MemberRequest, way: str, group: uuid.UUID) -> HttpResponseBase:
    """Ask, then keep a group no longer and take out who was put in."""
    route, row = route_of_slug(way), _row(way, group)
    back = reverse("groups:way", args=[way])
    if request.method == "POST":
        settings_change.remove_group(request.tenant.id, row, access.actor(request))
        messages.success(request, _("%(name)s is kept no longer.") % {"name": row.display_name})
        return redirect(back)
    return confirm(
        request,
        title=_("No longer keep %(name)s?") % {"name": row.display_name},
        body=_(
            "Who was put in is taken out, so rules over the group let them in again. The group itself stays in Entra."
        ),
        action=_("No longer keep"),
        back=back,
        facts=_effect(request.tenant.id, route, str(row.object_id), ()),
        danger=True,
    )


def _TAKEN() -> str:  # noqa: N802 - a text, in the language of the moment
    return _("Another group has one of these states, or this group is kept already.")


def _row(way: str, group: uuid.UUID) -> RiskGroup:
    row = RiskGroup.objects.filter(route=route_of_slug(way), object_id=group).first()
    if row is None:
        raise Http404
    return row


def _effect(tenant_id: uuid.UUID, route: str, group: str, levels: Collection[str]) -> list[Fact]:
    """Count what a group with these levels changes now; inside the tenant's door."""
    now = rule_of(tenant_id, route)
    kept = {level: known for level, known in now.groups.items() if known != group}
    after = Rule(route, now.enabled, {**dict.fromkeys(levels, group), **kept}, now.spared)
    put_in, taken_out = changed_by(now, after, tenant_id)
    return [(_("Phones put in now"), put_in), (_("Phones taken out now"), taken_out)]


def _words(levels: Collection[str]) -> str:
    return ", ".join(str(LEVELS[level]) for level in LEVELS if level in levels)


def _chosen(graph: Graph, form: GroupForm) -> tuple[Group | None, Resolved | None]:
    object_id = form.cleaned_data.get("object_id")
    if object_id:
        return entra_groups.read_group(graph, object_id), None
    resolved = entra_groups.resolve(graph, form.cleaned_data["name"].strip())
    # A group of another kind bears the name: saying why it will not do is better than "not found".
    return resolved.exact or resolved.unfit, resolved


def _again(request: MemberRequest, route: str, form: GroupForm, more: dict[str, Any]) -> HttpResponseBase:
    with database.tenant(request.tenant.id):
        answer = way_page(request, route, form, more)
        answer.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return answer.render()
