"""System > Connectors > What was told: every push, per way, with its outcome; and sending again."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vedette.connectors import push_list, send_again
from vedette.connectors.push_words import OUTCOMES, ROUTES
from vedette.devices.models import DeviceGroup
from vedette.events.log import Draft, Target, emit
from vedette.foundation import config, database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import exports, tables
from vedette.web.confirm import confirm

COLUMNS: Final = (
    tables.Column(key="device", label=gettext_lazy("Device"), css="v-cell-main"),
    tables.Column(key="way", label=gettext_lazy("Way"), order=("route",)),
    tables.Column(key="value", label=gettext_lazy("Before → after")),
    tables.Column(key="outcome", label=gettext_lazy("Outcome"), order=("outcome",)),
    tables.Column(key="cause", label=gettext_lazy("Cause"), order=("cause",)),
    tables.Column(key="time", label=gettext_lazy("Time"), order=("tried_at",), css="v-nowrap"),
)
FILTERS: Final = (
    tables.Filter(name="route", label=gettext_lazy("Way"), choices=tuple(ROUTES.items())),
    tables.Filter(name="outcome", label=gettext_lazy("Outcome"), choices=tuple(OUTCOMES.items())),
    tables.Filter(
        name="when",
        label=gettext_lazy("When"),
        choices=[
            ("day", gettext_lazy("Last 24 hours")),
            ("week", gettext_lazy("Last 7 days")),
            ("month", gettext_lazy("Last 30 days")),
        ],
    ),
)
FILE: Final = "pushes.csv"
HEADER: Final = (
    "time", "device", "device_id", "entra_object_id", "person_id", "way", "place", "before", "after", "outcome",
    "requested", "sent", "confirmed", "request_id", "cause", "state_change_id", "error_code", "error",
)  # fmt: skip
CHUNK: Final = 500


@access.member("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """List pushes, newest first."""
    query = _query(request)
    table = tables.page(query, push_list.narrowed(search=query.search, filters=query.filters))
    table.page.object_list = push_list.told(table.page.object_list)
    groups = list(DeviceGroup.objects.order_by("name"))
    context = {
        "table": table,
        "days": config.current().push_days,
        "groups": groups if len(groups) > 1 else [],
        "may_modify": access.may(request.administrator, "connectors", "modify"),
    }
    return TemplateResponse(request, "connectors/pushes.html", context)


@access.member("connectors", door=False)
def export(request: MemberRequest) -> HttpResponseBase:
    """Hand out the list as CSV, as it is filtered and sorted."""
    query, tenant_id = _query(request), request.tenant.id
    detail = {name: value for name, value in query.filters.items() if value}
    if query.search:
        detail["search"] = query.search
    with database.writer(tenant_id):
        emit(
            Draft(
                "connector.pushes_exported",
                change_type="EXPORTED",
                actor=access.actor(request),
                target=Target("export", "", FILE),
                detail=detail,
            )
        )

    def lines() -> Iterator[Sequence[Any]]:
        with database.tenant(tenant_id):
            rows = push_list.narrowed(search=query.search, filters=query.filters).order_by(*query.order_by)
            for chunk in _chunks(rows.iterator(chunk_size=CHUNK)):
                for item in push_list.told(chunk):
                    push = item.push
                    yield (
                        push.tried_at, item.device, push.device_id, push.entra_object_id, push.owner_oid,
                        push.route, push.place, push.before, push.after, push.outcome,
                        push.requested_at, push.sent_at, push.confirmed_at, push.request_id, push.cause,
                        push.state_change_id, push.error_code, push.error,
                    )  # fmt: skip

    return exports.csv_response(FILE, HEADER, lines)


@access.full("connectors")
def again(request: MemberRequest, kind: str = "all", chosen: uuid.UUID | None = None) -> HttpResponseBase:
    """Ask, with numbers, then send what holds now once more: for one device, one group, or all."""
    try:
        scope = send_again.scope(kind, chosen)
    except send_again.UnknownScopeError as error:
        raise Http404 from error
    back = reverse("console:device", args=[chosen]) if kind == "device" else reverse("connectors:pushes")
    if request.method == "POST":
        count = send_again.run(request.tenant.id, scope, access.actor(request))
        if count:
            text = ngettext(
                "%(count)d value is on its way again.", "%(count)d values are on their way again.", count
            )
            messages.success(request, text % {"count": count})
        else:
            messages.warning(
                request, _("There is nothing to send: no way is on, or the tenant only watches.")
            )
        return redirect(back)
    return confirm(
        request,
        title=_("Send again?"),
        body=_(
            "What holds now is sent to Microsoft once more, whatever was sent before. A value that stands there "
            "already is read and left as it is."
        ),
        action=_("Send again"),
        back=back,
        facts=[(_("For"), scope.name or _("All phones")), *send_again.counts(scope)],
    )


def _query(request: MemberRequest) -> tables.Query:
    return tables.read(
        request,
        columns=COLUMNS,
        filters=FILTERS,
        default_sort="-time",
        search_label=_("Search by device, person, value or request-id"),
    )


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
