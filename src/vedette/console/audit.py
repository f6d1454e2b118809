"""System > Audit trail: who did what, when, from what to what; the chain is checked by `vedette audit verify`."""

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vedette.console import audit_words, export_note
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import exports, tables

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


HEADER = (
    "position", "time", "who_is", "who", "who_id", "act", "on_is", "on", "on_id", "changes", "detail", "hash",
)  # fmt: skip
FILE = "audit.csv"
CHUNK = 500


@access.member("audit")
def page(request: MemberRequest) -> HttpResponseBase:
    """List audit events, newest first; restricted access sees its own only (matrix, note 2)."""
    query = _query(request)
    table = tables.page(query, _filtered(_visible(request), query))
    context = {
        "table": table,
        "lines": {event.pk: _words(event) for event in table.page.object_list},
        "own_only": access.own_activity_only(request.administrator),
    }
    return TemplateResponse(request, "console/audit.html", context)


@access.member("audit", door=False)
def export(request: MemberRequest) -> HttpResponseBase:
    """Hand out the list as CSV, as it is filtered and sorted; restricted access gets its own acts only."""
    query, tenant_id = _query(request), request.tenant.id
    export_note.note(request, "audit.exported", FILE, query)

    def lines() -> Iterator[Sequence[Any]]:
        with database.tenant(tenant_id):
            rows = _filtered(_visible(request), query).order_by(*query.order_by)
            for row in rows.iterator(chunk_size=CHUNK):
                yield (
                    row.position, row.occurred_at, row.actor_type, row.actor_name, row.actor_id, row.action,
                    row.target_type, row.target_name, row.target_id, _json(row.changes), _json(row.detail),
                    bytes(row.hash or b"").hex(),
                )  # fmt: skip

    return exports.csv_response(FILE, HEADER, lines)


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


def _query(request: MemberRequest) -> tables.Query:
    return tables.read(
        request,
        columns=COLUMNS,
        filters=FILTERS,
        default_sort="-time",
        search_label=gettext("Search by person, act or object"),
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


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
