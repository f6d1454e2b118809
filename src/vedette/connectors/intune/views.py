"""The tabs of System > Connectors > Intune: connection, state sync, unsupported devices, errors."""

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count, Min, Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from vedette.connectors import deliver, errors
from vedette.connectors.intune import attribute_move, heartbeat, reach, recipes, settings_change
from vedette.connectors.intune.attribute_route import ROUTE
from vedette.connectors.intune.forms import ConnectionForm, RecipientsForm, StateSyncForm
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.intune.tabs import resend, tab_page
from vedette.connectors.intune.words import MEND, SOURCES, STEPS, UNSUPPORTED
from vedette.connectors.models import ConnectorError, Delivery
from vedette.directory import read
from vedette.foundation import clock
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.verdict.risk import Risk
from vedette.web import badges, tables
from vedette.web.confirm import confirm

MOST_ERRORS = 100
MINIMUMS = {"high": Risk.HIGH, "medium": Risk.MEDIUM, "low": Risk.LOW}
COLUMNS = (
    tables.Column(key="device", label=gettext_lazy("Device"), order=("display_name",), css="v-cell-main"),
    tables.Column(key="system", label=gettext_lazy("System"), order=("operating_system", "os_version")),
    tables.Column(key="seen", label=gettext_lazy("Last seen in Entra"), order=("last_sign_in_at",)),
    tables.Column(key="reason", label=gettext_lazy("Reason"), order=("unsupported_reason",)),
)
FILTERS = (tables.Filter(name="reason", label=gettext_lazy("Reason"), choices=tuple(UNSUPPORTED.items())),)


@access.member("connectors")
def connection(request: MemberRequest) -> HttpResponseBase:
    """Heartbeat frequency and platform switches."""
    connector = connector_of(request.tenant.id)
    form = ConnectionForm(request.POST or None, instance=connector_of(request.tenant.id))
    if request.method == "POST" and form.is_valid():
        question = _ask_before(request, connector, form.cleaned_data, "intune:connection")
        if question:
            return question
        first = connector.saved_at is None
        settings_change.save(request.tenant.id, form.cleaned_data, access.actor(request))
        messages.success(
            request,
            _("Saved. The first heartbeat is on its way.") if first else _("Your changes are saved."),
        )
        return redirect("intune:connection")
    steps = connector.heartbeat_detail.get("steps", {})
    context = {
        "form": form,
        "steps": [(label, steps.get(key, "unknown")) for key, label in STEPS],
        "unsent": _unsent(),
    }
    return tab_page(request, "connection", connector, context)


@require_POST
@access.full("connectors", door=False)
def beat_now(request: MemberRequest) -> HttpResponse:
    """Send a heartbeat at once and say what it found."""
    settings_change.note_heartbeat(request.tenant.id, access.actor(request))
    found = heartbeat.beat(request.tenant.id)
    if found.ok:
        messages.success(request, _("The heartbeat succeeded: token, reading and writing are fine."))
    else:
        messages.error(request, f"{found.message} {_(found.next_step)}")
    return redirect("intune:connection")


@access.member("connectors")
def state_sync(request: MemberRequest) -> HttpResponseBase:
    """What is sent to Microsoft, and where to; shows the rule that makes it bite."""
    connector = connector_of(request.tenant.id)
    form = StateSyncForm(request.POST or None, instance=connector_of(request.tenant.id))
    if request.method == "POST" and form.is_valid():
        question = _ask_before(request, connector, form.cleaned_data, "intune:state-sync")
        if question:
            return question
        settings_change.save(request.tenant.id, form.cleaned_data, access.actor(request))
        messages.success(request, _("Your changes are saved."))
        return redirect("intune:state-sync")
    asked = request.GET.get("minimum", "")
    minimum = asked if asked in MINIMUMS else recipes.MINIMUM
    context = {
        "form": form,
        "sent": _sent(),
        "reach": reach.of_attribute_rules(),
        "minimum": minimum,
        "minimums": [(word, badges.risk(risk).label) for word, risk in MINIMUMS.items()],
        "rules": recipes.device_filters(connector.attribute_number, minimum),
    }
    return tab_page(request, "state-sync", connector, context)


@access.member("connectors")
def unsupported(request: MemberRequest) -> HttpResponseBase:
    """Devices of enrolled people that are not protected, each with its reason."""
    query = tables.read(
        request,
        columns=COLUMNS,
        filters=FILTERS,
        default_sort="device",
        search_label=_("Search devices"),
    )
    rows = read.unsupported()
    if query.search:
        rows = rows.filter(display_name__icontains=query.search)
    if query.filters["reason"]:
        rows = rows.filter(unsupported_reason=query.filters["reason"])
    table = tables.page(query, rows)
    for row in table.page:
        row.reason = UNSUPPORTED.get(row.unsupported_reason, row.unsupported_reason)
        row.mend = MEND.get(row.unsupported_reason, "")
    context = {"table": table, "last_pass": read.last_complete_pass()}
    return tab_page(request, "unsupported", connector_of(request.tenant.id), context)


@access.member("connectors")
def error_management(request: MemberRequest) -> HttpResponseBase:
    """Who is told of errors, and the errors themselves."""
    connector = connector_of(request.tenant.id)
    initial = {"error_emails": "\n".join(connector.error_emails)}
    form = RecipientsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        settings_change.save(request.tenant.id, form.cleaned_data, access.actor(request))
        messages.success(request, _("Your changes are saved."))
        return redirect("intune:errors")
    listed = ConnectorError.objects.order_by("-last_seen_at")
    context = {
        "form": form,
        "standing": [_worded(error) for error in listed.filter(resolved_at=None)[:MOST_ERRORS]],
        "past": [_worded(error) for error in listed.exclude(resolved_at=None)[:MOST_ERRORS]],
    }
    return tab_page(request, "errors", connector, context)


@require_POST
@access.full("connectors")
def acknowledge(request: MemberRequest, error_id: uuid.UUID) -> HttpResponse:
    """Note that somebody has seen an error."""
    if not errors.acknowledge(request.tenant.id, error_id, access.actor(request)):
        raise Http404
    return redirect("intune:errors")


def _worded(error: ConnectorError) -> dict[str, Any]:
    shown = errors.shown(error.message, error.explanation, error.next_step, error.words)
    # Our own message says more than the explanation; Microsoft's says less.
    title, detail = (shown.message, shown.explanation) if error.words else (shown.explanation, shown.message)
    return {
        "row": error,
        "title": title or detail,
        "detail": detail if title else "",
        "next_step": shown.next_step,
        "source": SOURCES.get(error.source, error.source),
        "code": error.code.partition(":")[0],
    }


def _unsent() -> dict[str, Any]:
    """How many changes wait to be sent, and for how long the oldest of them has."""
    found = deliver.waiting().aggregate(count=Count("id"), oldest=Min("requested_at"))
    age = clock.now() - found["oldest"] if found["oldest"] else None
    return {"count": found["count"], "age": age}


def _sent() -> dict[str, int]:
    """Deliveries of the attribute by how they stand."""
    status = Delivery.Status
    waiting = Q(status__in=[status.DUE, status.LEASED])
    return Delivery.objects.filter(route=ROUTE).aggregate(
        written=Count("id", filter=Q(status=status.CONFIRMED) & ~Q(desired="")),
        waiting=Count("id", filter=waiting & Q(error_code="")),
        retried=Count("id", filter=waiting & ~Q(error_code="")),
        foreign=Count("id", filter=Q(status=status.FOREIGN)),
        failed=Count("id", filter=Q(status=status.FAILED)),
    )


def _ask_before(
    request: MemberRequest, connector: IntuneConnector, values: dict[str, Any], back: str
) -> HttpResponseBase | None:
    """Ask when saving would withdraw or move values: says how many phones, and what rules do then."""
    switches = {
        name: bool(values[name])
        for name in ("android_enabled", "ios_enabled", "sync_device_status", "sync_threat_status")
        if name in values and getattr(connector, name) and not values[name]
    }
    number = values.get("attribute_number", connector.attribute_number)
    moves = number != connector.attribute_number
    if not (switches or moves) or request.POST.get("confirmed"):
        return None
    body, facts = [], []
    if switches:
        body.append(
            _(
                "Their values are removed at Microsoft. A rule that blocks by level no longer sees them; a "
                "fail-closed rule (-notIn) blocks every phone without a value."
            )
        )
        facts += settings_change.affected(request.tenant.id, **switches).facts()
    if moves:
        move = attribute_move.counted(connector, number)
        body.append(
            _(
                "In one step each phone's value is cleared from %(old)s and written to %(new)s. Rules at Microsoft "
                "that name %(old)s see no value from then on: a fail-closed rule (-notIn) blocks every phone, a "
                "fail-open rule (-in) lets every phone in, until you name %(new)s in them. A phone with somebody "
                "else's value in %(new)s is left without a state."
            )
            % {"old": move.old, "new": move.new}
        )
        facts += move.facts()
    return confirm(
        request,
        title=_("Withdraw what was sent?") if switches else _("Move to another attribute?"),
        body=" ".join(body),
        action=_("Save and withdraw") if switches else _("Save and move"),
        back=reverse(back),
        facts=facts,
        danger=True,
        hidden=resend(request),
    )
