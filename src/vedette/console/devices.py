"""The Devices module: list, search, filter, export (D6)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from vedette.console import export_note, guard, words
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.threats.models import Threat
from vedette.verdict.risk import Risk
from vedette.web import exports, tables
from vedette.web.badges import STATES

COLUMNS = (
    tables.Column(key="device", label=_("Device"), order=("display_name",), css="v-cell-main"),
    tables.Column(key="owner", label=_("Person"), order=("owner_name", "owner_upn")),
    tables.Column(key="system", label=_("System"), order=("platform", "os_version"), css="v-nowrap"),
    tables.Column(key="state", label=_("State"), order=("state_row__risk", "state_row__state")),
    tables.Column(key="threats", label=_("Open threats"), order=("open_threats",)),
    tables.Column(key="seen", label=_("Last seen"), order=("last_seen_at",), css="v-nowrap"),
)
STATE_NAMES = ("pending", "secured", "low", "medium", "high", "misconfigured", "disconnected", "deactivated")
FILTERS = (
    tables.Filter(
        name="state",
        label=_("State"),
        choices=[*[(name, STATES[name].label) for name in STATE_NAMES], *guard.FILTERS],
    ),
    tables.Filter(name="platform", label=_("Platform"), choices=[("ANDROID", "Android"), ("IOS", "iOS")]),
)
HEADER = (
    "device", "person", "upn", "platform", "manufacturer", "model", "os_version", "security_patch", "activation",
    "state", "told", "open_threats", "activated_at", "last_seen_at", "entra_device_id",
)  # fmt: skip
CHUNK = 500
FILE = "devices.csv"
_OPEN_THREATS = Coalesce(
    Subquery(
        Threat.objects.filter(device=OuterRef("pk"), status=Threat.Status.OPEN)
        .order_by()
        .values("device")
        .annotate(count=Count("pk"))
        .values("count")
    ),
    0,
)


@access.member("devices")
def page(request: MemberRequest) -> HttpResponseBase:
    """List the tenant's devices."""
    query = _query(request)
    # filter, order and cut first, on IDs alone; what a row shows is read for the page's rows only
    table = tables.page(query, _matching(query).values_list("pk", flat=True))
    table.page.object_list = _filled(table.page.object_list)
    context = {
        "table": table,
        "why": {row.pk: _worst(row) for row in table.page.object_list},
        "guarded": guard.of_devices(row.pk for row in table.page.object_list),
        "may_enroll": access.may(request.administrator, "enrollment", "modify"),
    }
    return TemplateResponse(request, "console/devices.html", context)


@access.member("devices", door=False)
def export(request: MemberRequest) -> HttpResponseBase:
    """Hand out the list as CSV, as it is filtered and sorted."""
    query, tenant_id = _query(request), request.tenant.id
    export_note.note(request, "device.exported", FILE, query)

    def lines() -> Iterator[Sequence[Any]]:
        with database.tenant(tenant_id):
            for row in _rows(query).order_by(*query.order_by).iterator(chunk_size=CHUNK):
                state = getattr(row, "state_row", None)
                yield (
                    row.display_name, row.owner_name, row.owner_upn, row.platform, row.manufacturer, row.model,
                    row.os_version, row.security_patch, row.activation_status, state.state if state else "",
                    state.told if state else "",
                    row.open_threats, row.activated_at, row.last_seen_at, row.entra_device_id,
                )  # fmt: skip

    return exports.csv_response(FILE, HEADER, lines)


def _worst(row: Device) -> str:
    """The title of the threat that weighs most in the device's state, empty without one."""
    state = getattr(row, "state_row", None)
    if state is None or state.risk < Risk.LOW:
        return ""
    reasons = [reason for reason in state.reasons if reason.get("code") == "threat"]
    return words.title_of_reason(reasons[0]) if reasons else ""


def _query(request: MemberRequest) -> tables.Query:
    return tables.read(
        request,
        columns=COLUMNS,
        filters=FILTERS,
        default_sort="-state",
        search_label=_("Search by device or person"),
    )


def _rows(query: tables.Query) -> QuerySet[Any]:
    return _shown(_matching(query))


def _filled(page: Iterable[UUID]) -> list[Device]:
    """Read the rows of a page, in its order."""
    ids = list(page)
    rows = {row.pk: row for row in _shown(Device.objects.filter(pk__in=ids))}
    return [rows[key] for key in ids if key in rows]


def _shown(rows: QuerySet[Any]) -> QuerySet[Any]:
    shown: QuerySet[Any] = (
        rows.defer("facts").select_related("state_row").annotate(open_threats=_OPEN_THREATS)
    )
    return shown


def _matching(query: tables.Query) -> QuerySet[Any]:
    """Find the devices of the list; their threats are counted only to sort by them."""
    rows = Device.objects.all()
    if any(name.endswith("open_threats") for name in query.order_by):
        rows = rows.alias(open_threats=_OPEN_THREATS)
    state = query.filters["state"]
    if state in guard.NARROWED:
        rows = rows.filter(guard.NARROWED[state]())
    elif state:
        rows = rows.filter(state_row__state=state)
    else:
        rows = rows.exclude(activation_status=Device.Activation.DEACTIVATED)
    if platform := query.filters["platform"]:
        rows = rows.filter(platform=platform)
    for word in query.search.split():
        rows = rows.filter(
            Q(display_name__icontains=word)
            | Q(owner_name__icontains=word)
            | Q(owner_upn__icontains=word)
            | Q(model__icontains=word)
        )
    return rows
