"""The tabs of System > Connectors > Intune: connection, state sync, unsupported devices, errors."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from vedette.connectors import errors
from vedette.connectors.intune import heartbeat, recipes, settings_change
from vedette.connectors.intune.forms import ConnectionForm, RecipientsForm, StateSyncForm
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.models import ConnectorError
from vedette.directory import read
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.web import tables
from vedette.web.confirm import confirm

TABS = (
    ("connection", gettext_lazy("Connection settings")),
    ("enrollment", gettext_lazy("Enrollment management")),
    ("state-sync", gettext_lazy("State sync")),
    ("unsupported", gettext_lazy("Unsupported devices")),
    ("errors", gettext_lazy("Error management")),
)
REASONS = {
    "platform": gettext_lazy("Neither Android nor iOS"),
    "disabled": gettext_lazy("Disabled in Entra"),
    "not_in_intune": gettext_lazy("Not enrolled in Intune"),
    "os_too_old": gettext_lazy("Operating system too old"),
    "not_seen": gettext_lazy("Not seen for too long"),
    "replaced": gettext_lazy("Registered anew since: another entry stands for this phone"),
}
UNSUPPORTED = (
    tables.Column(key="device", label=gettext_lazy("Device"), order=("display_name",), css="v-cell-main"),
    tables.Column(key="system", label=gettext_lazy("System"), order=("operating_system", "os_version")),
    tables.Column(key="seen", label=gettext_lazy("Last seen in Entra"), order=("last_sign_in_at",)),
    tables.Column(key="reason", label=gettext_lazy("Reason"), order=("unsupported_reason",)),
)


@access.full("connectors")
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
    return tab_page(request, "connection", connector, {"form": form})


@require_POST
@access.full("connectors", door=False)
def beat_now(request: MemberRequest) -> HttpResponse:
    """Send a heartbeat at once and say what it found."""
    result = heartbeat.beat(request.tenant.id)
    if result.ok:
        messages.success(request, _("The heartbeat succeeded: token, reading and writing are fine."))
    else:
        messages.error(request, f"{result.message} {_(result.next_step)}")
    return redirect("intune:connection")


@access.full("connectors")
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
    rules = recipes.device_filters(connector.attribute_number)
    return tab_page(request, "state-sync", connector, {"form": form, "rules": rules})


@access.full("connectors")
def unsupported(request: MemberRequest) -> HttpResponseBase:
    """Devices of enrolled people that are not protected, each with its reason."""
    query = tables.read(request, columns=UNSUPPORTED, default_sort="device", search_label=_("Search devices"))
    rows = read.unsupported()
    if query.search:
        rows = rows.filter(display_name__icontains=query.search)
    context = {"table": tables.page(query, rows), "reasons": REASONS}
    return tab_page(request, "unsupported", connector_of(request.tenant.id), context)


@access.full("connectors")
def error_management(request: MemberRequest) -> HttpResponseBase:
    """Who is told of errors, and the errors themselves."""
    connector = connector_of(request.tenant.id)
    initial = {"error_emails": "\n".join(connector.error_emails)}
    form = RecipientsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        settings_change.save(request.tenant.id, form.cleaned_data, access.actor(request))
        messages.success(request, _("Your changes are saved."))
        return redirect("intune:errors")
    listed = ConnectorError.objects.order_by("-last_seen_at")[:200]
    return tab_page(request, "errors", connector, {"form": form, "listed": listed})


@require_POST
@access.full("connectors")
def acknowledge(request: MemberRequest, error_id: uuid.UUID) -> HttpResponse:
    """Note that somebody has seen an error."""
    if not errors.acknowledge(request.tenant.id, error_id, access.actor(request)):
        raise Http404
    return redirect("intune:errors")


def tab_page(
    request: MemberRequest, tab: str, connector: IntuneConnector, context: dict[str, Any]
) -> TemplateResponse:
    """Draw one tab of the connector with what all of them show."""
    locked = "" if connector.saved_at else _("Save the connection settings first.")
    entries = [
        {
            "key": key,
            "label": label,
            "href": reverse(f"intune:{key}"),
            "locked": locked if key != "connection" else "",
        }
        for key, label in TABS
    ]
    shared = {
        "tabs": entries,
        "tab": tab,
        "connector": connector,
        "incomplete": not (connector.sync_device_status and connector.sync_threat_status),
        "monitoring": request.tenant.mode == Tenant.Mode.MONITOR,
    }
    return TemplateResponse(request, f"intune/{tab}.html", shared | context)


def _ask_before(
    request: MemberRequest, connector: IntuneConnector, values: dict[str, Any], back: str
) -> HttpResponseBase | None:
    """Ask when saving would withdraw values: says how many phones, and what a fail-closed rule does then."""
    switches = {
        name: bool(values[name])
        for name in ("android_enabled", "ios_enabled", "sync_device_status", "sync_threat_status")
        if name in values and getattr(connector, name) and not values[name]
    }
    if not switches or request.POST.get("confirmed"):
        return None
    hit = settings_change.affected(request.tenant.id, **switches)
    return confirm(
        request,
        title=_("Withdraw what was sent?"),
        body=_(
            "Their values are removed at Microsoft. A rule that blocks by level no longer sees them; a fail-closed "
            "rule (-notIn) blocks every phone without a value."
        ),
        action=_("Save and withdraw"),
        back=reverse(back),
        facts=hit.facts(),
        danger=True,
        hidden=[(name, str(value)) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"]
        + [("confirmed", "1")],
    )
