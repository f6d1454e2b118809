"""The tab Enrollment Management: find a group, see who it would enroll, add it; poll now."""

import uuid
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vedette.connectors import entra_groups, group_search
from vedette.connectors.intune import (
    group_kinds,
    group_tree,
    groups,
    inside_views,
    leavers,
    settings_change,
)
from vedette.connectors.intune.forms import EnrollmentForm, GroupForm
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.settings_read import connector_of, limits
from vedette.connectors.intune.tabs import resend, tab_page
from vedette.connectors.intune.words import UNSUPPORTED
from vedette.directory import read
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm
from vedette.web.errors import Fact

# Somebody waits for the page.
PATIENCE: Final = Patience(attempts=2, seconds=8.0)
NOT_FOUND: Final = 404
FORBIDDEN: Final = 403


@access.member("connectors")
def enrollment(request: MemberRequest) -> HttpResponseBase:
    """Groups in force and how they are polled."""
    form = EnrollmentForm(request.POST or None, instance=connector_of(request.tenant.id))
    if request.method == "POST" and form.is_valid():
        question = _ask_before(request, form.cleaned_data)
        if question:
            return question
        settings_change.save(request.tenant.id, form.cleaned_data, access.actor(request))
        messages.success(request, _("Saved. The directory is read again now."))
        return redirect("intune:enrollment")
    return _enrollment_page(request, form, GroupForm(), {})


@require_GET
@access.member("connectors", door=False)
def search(request: MemberRequest) -> HttpResponse:
    """Answer search-as-you-type: groups with their object IDs."""
    return group_search.options(request, _graph(request))


@require_POST
@access.full("connectors", door=False)
def add(request: MemberRequest) -> HttpResponseBase:
    """Resolve the name to the letter, show who would be enrolled, and add it when confirmed."""
    form = GroupForm(request.POST)
    if not form.is_valid():
        return _again(request, form, {})
    try:
        return _add(request, form)
    except (GraphError, TokenError) as error:
        form.add_error("name", group_search.trouble(error))
    return _again(request, form, {})


def _add(request: MemberRequest, form: GroupForm) -> HttpResponseBase:
    graph = _graph(request)
    nested = form.cleaned_data["include_nested"]
    group, resolved = _chosen(graph, form)
    if group is None:
        return _again(request, form, _unresolved(resolved, form.cleaned_data["name"]))
    if why := group_kinds.refusal(group):
        form.add_error("name", why)
        return _again(request, form, {})
    if request.POST.get("confirmed"):
        settings_change.add_group(
            request.tenant.id, group, include_nested=nested, actor=access.actor(request)
        )
        messages.success(
            request, _("%(name)s is enrolled. The directory is read now.") % {"name": group.display_name}
        )
        return redirect("intune:enrollment")
    with database.tenant(request.tenant.id):
        bounds = limits(connector_of(request.tenant.id))
    try:
        seen = groups.preview(graph, [(group.id, nested)], bounds)
        inside = _inside(graph, group, seen) if nested and seen.nested_groups else None
    except GraphError as error:
        if not (group.hidden and error.status == FORBIDDEN):
            raise
        form.add_error("name", group_kinds.hidden_refusal(group))
        return _again(request, form, {})
    text = _("Their phones appear under Devices as pending. Start with a small group to try it out.")
    return confirm(
        request,
        title=_("Enroll the devices of %(name)s?") % {"name": group.display_name},
        body=" ".join([*group_kinds.remarks(group), text]),
        action=_("Add group"),
        back=reverse("intune:enrollment"),
        facts=_preview_facts(group, seen, inside),
        hidden=[
            ("object_id", str(group.id)),
            ("confirmed", "1"),
            *([("include_nested", "on")] if nested else []),
        ],
    )


@access.full("connectors", door=False)
def remove(request: MemberRequest, object_id: uuid.UUID) -> HttpResponseBase:
    """Take a group out, after saying how many devices leave with it."""
    with database.tenant(request.tenant.id):
        rows = list(EnrollmentGroup.objects.all())
        live = leavers.live_devices()
    row = next((one for one in rows if one.object_id == object_id), None)
    if row is None:
        raise Http404
    if request.method == "POST":
        settings_change.remove_group(request.tenant.id, object_id, access.actor(request))
        messages.success(request, _("%(name)s is no longer enrolled.") % {"name": row.display_name})
        return redirect("intune:enrollment")
    remaining = [(one.object_id, one.include_nested) for one in rows if one is not row]
    return confirm(
        request,
        title=_("Take %(name)s out?") % {"name": row.display_name},
        body=_(
            "At the next poll, devices of people in no other enrollment group are deactivated and their values at "
            "Microsoft withdrawn. A fail-closed rule then blocks them."
        ),
        action=_("Take out"),
        back=reverse("intune:enrollment"),
        facts=_leaving_facts(_graph(request), remaining, live),
        danger=True,
    )


@require_POST
@access.full("connectors")
def poll_now(request: MemberRequest) -> HttpResponse:
    """Read the directory at once."""
    settings_change.poll_now(request.tenant.id, access.actor(request))
    messages.success(request, _("The directory is read now."))
    return redirect("intune:enrollment")


def _inside(graph: Graph, group: entra_groups.Group, seen: groups.Preview) -> group_tree.Tree:
    found, whole = group_tree.read(graph, group.id)
    return group_tree.tree(group.id, group.display_name, found, seen.phones_of, seen.to_protect, whole=whole)


def _graph(request: MemberRequest) -> Graph:
    return Graph(request.tenant.entra_tenant_id, patience=PATIENCE)


def _chosen(graph: Graph, form: GroupForm) -> tuple[entra_groups.Group | None, entra_groups.Resolved | None]:
    object_id = form.cleaned_data.get("object_id")
    if object_id:
        return entra_groups.read_group(graph, object_id), None
    resolved = entra_groups.resolve(graph, form.cleaned_data["name"])
    return resolved.exact, resolved


def _unresolved(resolved: entra_groups.Resolved | None, typed: str) -> dict[str, Any]:
    """What the page says of a name that no security group bears."""
    unfit = resolved and (resolved.unfit or resolved.unfit_case)
    return {
        "resolved": resolved,
        "typed": typed,
        "unfit": group_kinds.refusal(unfit) if unfit else "",
    }


def _preview_facts(
    group: entra_groups.Group, preview: groups.Preview, inside: group_tree.Tree | None
) -> list[Fact]:
    facts: list[Fact] = [
        (_("Object ID"), group.id),
        (_("People"), preview.users),
        (_("Devices to protect"), preview.devices),
    ]
    if preview.nested_groups:
        facts.append((_("Groups inside it"), preview.nested_groups))
        facts += inside_views.facts(inside) if inside else []
    facts += [
        (_("Not protected: %(reason)s") % {"reason": UNSUPPORTED.get(code, code)}, count)
        for code, count in sorted(preview.unsupported.items())
    ]
    return facts


def _leaving_facts(graph: Graph, remaining: list[tuple[uuid.UUID, bool]], live: leavers.Live) -> list[Fact]:
    try:
        count: object = leavers.without_group(graph, remaining, live)
    except (GraphError, TokenError):
        count = _("could not be counted: Microsoft does not answer")
    return [(_("Devices that leave"), count)]


def _ask_before(request: MemberRequest, values: dict[str, Any]) -> HttpResponseBase | None:
    """Ask when other limits would take devices out: says how many."""
    count = 0 if request.POST.get("confirmed") else leavers.with_limits(leavers.limits_of(values))
    if not count:
        return None
    return confirm(
        request,
        title=_("Protect fewer devices?"),
        body=_(
            "At the next poll these devices are deactivated, listed as unsupported, and their values at Microsoft "
            "withdrawn. A fail-closed rule then blocks them."
        ),
        action=_("Save"),
        back=reverse("intune:enrollment"),
        facts=[(_("Devices that leave"), count)],
        danger=True,
        hidden=resend(request),
    )


def _again(request: MemberRequest, group_form: GroupForm, context: dict[str, Any]) -> HttpResponseBase:
    with database.tenant(request.tenant.id):
        form = EnrollmentForm(instance=connector_of(request.tenant.id))
        page = _enrollment_page(request, form, group_form, context)
        page.status_code = 422
        return page.render()


def _enrollment_page(
    request: MemberRequest, form: EnrollmentForm, group_form: GroupForm, context: dict[str, Any]
) -> TemplateResponse:
    counts = read.counts()
    shared = {
        "form": form,
        "group_form": group_form,
        "groups": EnrollmentGroup.objects.order_by("display_name"),
        "last_pass": read.last_pass(),
        "complete_pass": read.last_complete_pass(),
        "counts": counts,
        "unsupported": sum(counts.reasons.values()),
    }
    return tab_page(request, "enrollment", connector_of(request.tenant.id), shared | context)
