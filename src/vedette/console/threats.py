"""The Threats module: list, search, filter, export."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from vedette.console import export_note, words
from vedette.devices.models import Device
from vedette.feeds.models import FeedVersion
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.threats.models import Threat
from vedette.verdict.risk import Risk
from vedette.web import exports, tables
from vedette.web.badges import RISKS, STATES

COLUMNS = (
    tables.Column(key="threat", label=_("Threat"), order=("classification",), css="v-cell-main"),
    tables.Column(key="risk", label=_("Risk"), order=("risk",)),
    tables.Column(key="device", label=_("Device"), order=("device__display_name",)),
    tables.Column(key="status", label=_("Status"), order=("status",)),
    tables.Column(key="found", label=_("Found"), order=("created_at",), css="v-nowrap"),
)
AT_RISK: Final = "at-risk"
"""Filter on the levels that put a device at risk: what menu and dashboard count."""
FILTERS = (
    tables.Filter(
        name="status",
        label=_("Status"),
        choices=[(name, STATES[name].label) for name in ("open", "resolved", "ignored")],
    ),
    tables.Filter(
        name="risk",
        label=_("Risk"),
        choices=[
            (AT_RISK, _("Low and above")),
            *[(str(level), RISKS[level].label) for level in (4, 3, 2, 1, 0)],
        ],
    ),
)
HEADER = (
    "classification", "family", "risk", "status", "summary", "device", "person", "detected_at", "found_at",
    "resolved_at", "ignored_by", "ignore_reason", "simulated",
)  # fmt: skip
CHUNK = 500
FILE = "threats.csv"


@access.member("threats")
def page(request: MemberRequest) -> HttpResponseBase:
    """List the tenant's threats, newest first."""
    query = _query(request)
    context = {
        "table": tables.page(query, _rows(query)),
        "has_intelligence": FeedVersion.objects.filter(active=True).exists(),
        "any_report": Device.objects.filter(last_seen_at__isnull=False).exists(),
        "may_enroll": access.may(request.administrator, "enrollment", "modify"),
    }
    return TemplateResponse(request, "console/threats.html", context)


@access.member("threats", door=False)
def export(request: MemberRequest) -> HttpResponseBase:
    """Hand out the list as CSV, as it is filtered and sorted."""
    query, tenant_id = _query(request), request.tenant.id
    export_note.note(request, "threat.exported", FILE, query)

    def lines() -> Iterator[Sequence[Any]]:
        with database.tenant(tenant_id):
            for row in _rows(query).order_by(*query.order_by).iterator(chunk_size=CHUNK):
                yield (
                    row.classification, row.family, Risk(row.risk).name, row.status, row.summary,
                    row.device.display_name, row.device.owner_upn, row.detected_at, row.created_at, row.resolved_at,
                    row.ignored_by, row.ignore_reason, row.simulated,
                )  # fmt: skip

    return exports.csv_response(FILE, HEADER, lines)


def _query(request: MemberRequest) -> tables.Query:
    return tables.read(
        request,
        columns=COLUMNS,
        filters=FILTERS,
        default_sort="-found",
        search_label=_("Search by threat, device or person"),
    )


def _rows(query: tables.Query) -> QuerySet[Threat]:
    rows = Threat.objects.select_related("device").defer("device__facts")
    if status := query.filters["status"]:
        rows = rows.filter(status=status)
    if risk := query.filters["risk"]:
        rows = rows.filter(risk__gte=Risk.LOW) if risk == AT_RISK else rows.filter(risk=int(risk))
    for word in query.search.split():
        rows = rows.filter(
            Q(classification__in=words.codes_called(word))
            | Q(classification__icontains=word)
            | Q(family__icontains=word)
            | Q(summary__icontains=word)
            | Q(device__display_name__icontains=word)
            | Q(device__owner_name__icontains=word)
            | Q(device__owner_upn__icontains=word)
        )
    return rows
