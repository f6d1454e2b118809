"""System > Audit trail: who did what, when, from what to what; the chain is checked by `vedette audit verify`."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from vedette.console import audit_words
from vedette.events.models import Event
from vedette.foundation import clock
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import tables

COLUMNS = (
    tables.Column(key="time", label=_("Time"), order=("position",), css="v-nowrap"),
    tables.Column(key="actor", label=_("Who"), order=("actor_name",)),
    tables.Column(key="action", label=_("What"), order=("action",), css="v-cell-main"),
    tables.Column(key="target", label=_("On"), order=("target_name",)),
    tables.Column(key="changes", label=_("From → to")),
)
SPANS: Final = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
FILTERS = (
    tables.Filter(name="area", label=_("Area"), choices=list(audit_words.AREAS.items())),
    tables.Filter(
        name="who",
        label=_("Who"),
        choices=[
            ("ADMIN", _("Administrators")),
            ("OPERATOR", _("The operator")),
            ("DEVICE", _("Phones")),
            ("SYSTEM", _("Vedette itself")),
        ],
    ),
    tables.Filter(
        name="when",
        label=_("When"),
        choices=[("day", _("Last 24 hours")), ("week", _("Last 7 days")), ("month", _("Last 30 days"))],
    ),
)


@access.member("audit")
def page(request: MemberRequest) -> HttpResponseBase:
    """List audit events, newest first; restricted access sees its own only (matrix, note 2)."""
    query = tables.read(
        request,
        columns=COLUMNS,
        filters=FILTERS,
        default_sort="-time",
        search_label=_("Search by person, act or object"),
    )
    table = tables.page(query, _filtered(_visible(request), query))
    context = {
        "table": table,
        "lines": {event.pk: _words(event) for event in table.page.object_list},
        "own_only": access.own_activity_only(request.administrator),
    }
    return TemplateResponse(request, "console/audit.html", context)


@access.member("audit")
def detail(request: MemberRequest, event_id: uuid.UUID) -> HttpResponseBase:
    """Show one event with its place in the chain."""
    event = get_object_or_404(_visible(request), pk=event_id)
    context: dict[str, Any] = {
        "event": event,
        **_words(event),
        "details": audit_words.details_of(event),
        "hash": bytes(event.hash or b"").hex(),
        "previous": bytes(event.previous_hash or b"").hex(),
    }
    return TemplateResponse(request, "console/audit_event.html", context)


def _words(event: Event) -> dict[str, Any]:
    return {
        "title": audit_words.action_words(event.action),
        "target": audit_words.target_words(event),
        "changes": audit_words.changes_of(event),
        "reason": event.detail.get("reason", "") if event.action.startswith("threat.") else "",
    }


def _visible(request: MemberRequest) -> QuerySet[Event]:
    rows = Event.objects.filter(type=Event.Type.AUDIT)
    if access.own_activity_only(request.administrator):
        rows = rows.filter(actor_id=str(request.administrator.pk))
    return rows


def _filtered(rows: QuerySet[Event], query: tables.Query) -> QuerySet[Event]:
    if area := query.filters["area"]:
        rows = rows.filter(action__startswith=f"{area}.")
    if who := query.filters["who"]:
        rows = rows.filter(actor_type=who)
    if when := query.filters["when"]:
        rows = rows.filter(occurred_at__gte=clock.now() - SPANS[when])
    for word in query.search.split():
        rows = rows.filter(
            Q(action__in=_actions_called(word))
            | Q(action__icontains=word)
            | Q(actor_name__icontains=word)
            | Q(target_name__icontains=word)
        )
    return rows


def _actions_called(word: str) -> Iterable[str]:
    """Actions whose words in the reader's language hold WORD: people search for what they read."""
    wanted = word.casefold()
    return [action for action, words in audit_words.ACTIONS.items() if wanted in str(words).casefold()]
