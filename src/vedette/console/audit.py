"""System > Audit trail: who did what, when, from what to what; the chain is checked by `vedette audit verify`."""

import uuid
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from vedette.events.models import Event
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import tables

COLUMNS = (
    tables.Column(key="time", label=_("Time"), order=("position",)),
    tables.Column(key="actor", label=_("Who"), order=("actor_name",)),
    tables.Column(key="action", label=_("What"), order=("action",), css="v-cell-main"),
    tables.Column(key="target", label=_("On"), order=("target_name",)),
    tables.Column(key="changes", label=_("From → to")),
)


@access.member("audit")
def page(request: MemberRequest) -> HttpResponseBase:
    """List audit events, newest first; restricted access sees its own only (matrix, note 2)."""
    query = tables.read(
        request, columns=COLUMNS, default_sort="-time", search_label=_("Search the audit trail")
    )
    context = {
        "table": tables.page(query, _rows(request, query.search)),
        "own_only": access.own_activity_only(request.administrator),
    }
    return TemplateResponse(request, "console/audit.html", context)


@access.member("audit")
def detail(request: MemberRequest, event_id: uuid.UUID) -> HttpResponseBase:
    """Show one event with its place in the chain."""
    event = get_object_or_404(_rows(request, ""), pk=event_id)
    context: dict[str, Any] = {
        "event": event,
        "hash": bytes(event.hash or b"").hex(),
        "previous": bytes(event.previous_hash or b"").hex(),
    }
    return TemplateResponse(request, "console/audit_event.html", context)


def _rows(request: MemberRequest, search: str) -> QuerySet[Event]:
    rows = Event.objects.filter(type=Event.Type.AUDIT)
    if access.own_activity_only(request.administrator):
        rows = rows.filter(actor_id=str(request.administrator.pk))
    for word in search.split():
        rows = rows.filter(
            Q(action__icontains=word) | Q(actor_name__icontains=word) | Q(target_name__icontains=word)
        )
    return rows
