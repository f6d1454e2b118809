"""The page of the groups inside an enrollment group: which of them brings in how many people and devices (C3)."""

import uuid
from typing import Final

from django.http import Http404, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from vedette.connectors import group_search
from vedette.connectors.intune import group_tree
from vedette.connectors.intune.group_tree import Branch, Remark, Tree
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.directory import read
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.errors import Fact

# Somebody waits for the page.
PATIENCE: Final = Patience(attempts=2, seconds=8.0)
# A question before an act names so many groups.
MOST_FACTS: Final = 12
REMARKS: Final[dict[Remark, str | Promise]] = {
    Remark.NONE: "",
    Remark.HIDDEN: _("its members are hidden: the permission Member.Read.Hidden is missing"),
    Remark.GONE: _("Entra has it no more"),
    Remark.AGAIN: _("shown above already"),
    Remark.CIRCLE: _("leads back to a group above it"),
    Remark.UNREAD: _("not read: there are too many groups"),
}


@access.member("connectors", door=False)
def page(request: MemberRequest, object_id: uuid.UUID) -> HttpResponseBase:
    """Read the groups inside one enrollment group now and show them as a tree."""
    with database.tenant(request.tenant.id):
        row = EnrollmentGroup.objects.filter(object_id=object_id).first()
    if row is None:
        raise Http404
    context: dict[str, object] = {"group": row, "back": reverse("intune:enrollment")}
    try:
        graph = Graph(request.tenant.entra_tenant_id, patience=PATIENCE)
        found, whole = group_tree.read(graph, object_id)
    except (GraphError, TokenError) as error:
        context["trouble"] = group_search.trouble(error)
    else:
        with database.tenant(request.tenant.id):
            people = {uuid.UUID(key) for members in found.values() for key in members.people}
            phones = {str(key): count for key, count in read.phones_of(people).items()}
            devices = {uuid.UUID(key) for members in found.values() for key in members.devices}
            known = {str(key) for key in read.to_protect(devices)}
        tree = group_tree.tree(object_id, row.display_name, found, phones, known, whole=whole)
        context |= {
            "tree": tree,
            "rows": [(branch, _indent(branch), REMARKS[branch.remark]) for branch in tree.branches],
        }
    with database.tenant(request.tenant.id):
        return TemplateResponse(request, "intune/inside.html", context).render()


def facts(tree: Tree) -> list[Fact]:
    """Say for the question before a group is added what each group inside it brings in."""
    rows: list[Fact] = [
        (f"{_indent(branch)}↳ {branch.name}", REMARKS[branch.remark] or _brings(branch))
        for branch in tree.inside[:MOST_FACTS]
    ]
    more = len(tree.inside) - MOST_FACTS
    if more > 0:
        rows.append((gettext("Further groups inside it"), more))
    return rows


def _brings(branch: Branch) -> str:
    people = ngettext("%(count)d person", "%(count)d people", branch.people) % {"count": branch.people}
    phones = ngettext("%(count)d device", "%(count)d devices", branch.phones) % {"count": branch.phones}
    return f"{people}, {phones}"


def _indent(branch: Branch) -> str:
    return "\u2003" * (branch.level - 1)
