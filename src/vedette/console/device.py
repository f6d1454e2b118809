"""One device: its state and why, evidence, rule, time and delivery; and what an administrator may do with it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import lifecycle
from vedette.compliance.lifecycle import Refused
from vedette.compliance.models import StateChange
from vedette.connectors import expected, push_list, value_names
from vedette.connectors.intune import enforcement
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.models import Delivery
from vedette.connectors.push_words import ROUTES
from vedette.console import comparison, device_story, guard, resolver, scan_links, signals_known
from vedette.console.binding_words import BINDINGS
from vedette.console.device_story import Case
from vedette.console.explanation import LEFT_BECAUSE, history_of
from vedette.devices.models import Device
from vedette.directory.models import DirectoryDevice
from vedette.events.log import Actor
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.threats.models import Threat
from vedette.web.confirm import confirm

LISTED = 50


@dataclass(frozen=True)
class Act:
    """Something an administrator does to a device, with the question before and the word after."""

    question: object
    body: object
    button: object
    done: object
    run: Callable[[Device, Actor], object]
    danger: bool = False


def _deactivate(device: Device, actor: Actor) -> None:
    lifecycle.deactivate(device, "administrator", actor)


ACTS = {
    "resync": Act(
        gettext_lazy("Resync this device?"),
        gettext_lazy(
            "The phone sends a whole report at its next check-in, and its state goes to Microsoft again."
        ),
        gettext_lazy("Resync"),
        gettext_lazy("A whole report is asked for; the state is on its way to Microsoft again."),
        lifecycle.resync,
    ),
    "deactivate": Act(
        gettext_lazy("Deactivate this device?"),
        gettext_lazy(
            "Its app stops counting and its value at Microsoft is withdrawn. A fail-closed rule then blocks the phone. "
            "The poll leaves it alone until you reinstate it."
        ),
        gettext_lazy("Deactivate"),
        gettext_lazy("The device is deactivated."),
        _deactivate,
        danger=True,
    ),
    "reinstate": Act(
        gettext_lazy("Reinstate this device?"),
        gettext_lazy("It becomes pending, and its person can be invited anew."),
        gettext_lazy("Reinstate"),
        gettext_lazy("The device is pending again."),
        lifecycle.reinstate,
    ),
    "delete": Act(
        gettext_lazy("Delete this device?"),
        gettext_lazy(
            "Its threats and history go with it; the audit trail stays. If its person is still in an enrollment group, "
            "it comes back as pending at the next poll."
        ),
        gettext_lazy("Delete"),
        gettext_lazy("The device is deleted."),
        lifecycle.delete,
        danger=True,
    ),
}


@access.member("devices")
def page(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """Show one device."""
    device = get_object_or_404(Device.objects.select_related("state_row", "group"), pk=device_id)
    threats = Threat.objects.filter(device=device).order_by("-risk", "-created_at")
    unresolved = list(threats.exclude(status=Threat.Status.RESOLVED))
    case = Case(
        device=device,
        tenant=request.tenant,
        open_threats=[threat for threat in unresolved if threat.status == Threat.Status.OPEN],
        deliveries=list(Delivery.objects.filter(device=device).order_by("route")),
        rules=enforcement.of(connector_of(request.tenant.id)),
    )
    reported = _directory_row(device)
    signals = signals_known.of(device, reported)
    lines = _comparison(case)
    context: dict[str, Any] = {
        "device": device,
        "state": case.state.value,
        "tone": device_story.tone(case),
        "headline": device_story.headline(case),
        "steps": device_story.steps(case),
        "open_threats": case.open_threats,
        "ignored_threats": [threat for threat in unresolved if threat.status == Threat.Status.IGNORED],
        "earlier_threats": threats.filter(status=Threat.Status.RESOLVED).order_by("-resolved_at")[:LISTED],
        "deliveries": case.deliveries,
        "routes": ROUTES,
        "value_names": value_names.names(),
        "pushes": push_list.of_device(device.pk, LISTED),
        "comparison": lines,
        "differs": comparison.differs(lines),
        "reported": reported,
        "rules_known": case.rules.source != enforcement.UNKNOWN,
        "signals": signals,
        "signals_lacking": signals_known.lacking(signals),
        "binding": BINDINGS.get(device.binding),
        "left_because": LEFT_BECAUSE.get(device.deactivation_reason, device.deactivation_reason),
        "history": history_of(StateChange.objects.filter(device=device).order_by("-position")[:LISTED]),
        "may_modify": access.may(request.administrator, "devices", "modify"),
        "may_invite": access.may(request.administrator, "enrollment", "modify"),
        "may_configure": access.may(request.administrator, "connectors", "modify"),
    }
    if access.may(request.administrator, "scans"):
        context["scans"] = scan_links.live(device)
    context |= guard.of_device(device, request.administrator)
    context |= resolver.of_device(device, request.administrator)
    return TemplateResponse(request, "console/device.html", context)


def _directory_row(device: Device) -> DirectoryDevice | None:
    if device.entra_object_id is None:
        return None
    return DirectoryDevice.objects.filter(object_id=device.entra_object_id).first()


def _comparison(case: Case) -> list[expected.Line]:
    row = _directory_row(case.device)
    if row is None:
        return []
    told = {
        delivery.route: comparison.Told(
            delivery.desired, delivery.place, delivery.sent_at if delivery.sent == delivery.desired else None
        )
        for delivery in case.deliveries
    }
    reported = comparison.Reported(
        row.compliant, row.compliance_state, row.reported_health, row.extension_attributes, row.seen_at
    )
    lines = comparison.compare(
        case.told, reported, told.get("attribute"), told.get("partner"), told.get("device_group")
    )
    return [*lines, *expected.lines(case.device)]


@access.full("devices")
def act(request: MemberRequest, device_id: uuid.UUID, act: str) -> HttpResponseBase:
    """Ask, then do one of ACTS."""
    chosen = ACTS.get(act)
    if chosen is None:
        raise Http404
    device = get_object_or_404(Device.objects.defer("facts"), pk=device_id)
    if request.method == "POST":
        try:
            with database.writer(request.tenant.id):
                chosen.run(device, access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, str(chosen.done))
        return redirect("console:devices") if act == "delete" else redirect("console:device", device_id)
    return confirm(
        request,
        title=chosen.question,  # type: ignore[arg-type] # lazy text, as the kit takes it
        body=chosen.body,  # type: ignore[arg-type] # lazy text
        action=chosen.button,  # type: ignore[arg-type] # lazy text
        back=reverse("console:device", args=[device_id]),
        facts=[(_("Device"), device.display_name), (_("Person"), device.owner_name or device.owner_upn)],
        danger=chosen.danger,
    )
