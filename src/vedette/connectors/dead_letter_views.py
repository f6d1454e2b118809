"""Undelivered events of a destination: why, what would be sent, send again, let go."""

import json
import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from vedette.connectors import destination_acts, destination_events
from vedette.connectors.destination_health import described, trouble_of
from vedette.connectors.destination_kinds import KINDS
from vedette.connectors.destination_models import DeadLetter, Destination
from vedette.connectors.destination_secrets import target_of
from vedette.connectors.destination_summary import title
from vedette.connectors.destination_views import row_of
from vedette.foundation.secrets import SealError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import tables
from vedette.web.confirm import confirm

LONGEST = 20_000
COLUMNS = (
    tables.Column(key="event", label=gettext_lazy("Event"), order=("position",), css="v-cell-main"),
    tables.Column(key="reason", label=gettext_lazy("Reason"), order=("code",)),
    tables.Column(key="failed", label=gettext_lazy("Refused"), order=("failed_at",), css="v-nowrap"),
    tables.Column(
        key="actions", label=gettext_lazy("Actions"), css="v-cell-actions text-end", is_silent=True
    ),
)


@access.full("connectors")
def page(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponseBase:
    """List what a destination refused."""
    row = row_of(destination_id)
    query = tables.read(request, columns=COLUMNS, default_sort="-failed")
    table = tables.page(query, DeadLetter.objects.filter(destination=row))
    table.page.object_list = described(row, list(table.page.object_list))
    context = {"destination": row, "table": table, "count": table.page.paginator.count}
    return TemplateResponse(request, "connectors/dead_letters.html", context)


@access.full("connectors")
def letter(request: MemberRequest, destination_id: uuid.UUID, letter_id: uuid.UUID) -> HttpResponseBase:
    """Show one: the reason, and what would be sent."""
    row, found = _letter(destination_id, letter_id)
    events = destination_events.at_positions(row.tenant_id, [found.position])
    context = {
        "row": row,
        "letter": found,
        "shown": trouble_of(found.code, found.error),
        "title": title(events[0], request.LANGUAGE_CODE) if events else found.action,
        "payload": _payload(row, events[0]) if events else "",
    }
    return TemplateResponse(request, "connectors/dead_letter.html", context)


@require_POST
@access.full("connectors")
def replay(request: MemberRequest, destination_id: uuid.UUID, letter_id: uuid.UUID) -> HttpResponse:
    """Send one again."""
    row, found = _letter(destination_id, letter_id)
    destination_acts.replay(request.tenant.id, row, access.actor(request), found.pk)
    messages.success(request, _("The event is sent again within seconds."))
    return redirect("deliveries:undelivered", row.pk)


@access.full("connectors")
def discard(request: MemberRequest, destination_id: uuid.UUID, letter_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then let one go."""
    row, found = _letter(destination_id, letter_id)
    if request.method == "POST":
        destination_acts.discard(request.tenant.id, row, access.actor(request), found.pk)
        messages.success(request, _("The event is let go."))
        return redirect("deliveries:undelivered", row.pk)
    return confirm(
        request,
        title=_("Let this event go?"),
        body=_("“%(name)s” is never told of it. The event itself stays in the log.") % {"name": row.name},
        action=_("Let go"),
        back=reverse("deliveries:undelivered", args=[row.pk]),
        danger=True,
    )


@access.full("connectors")
def replay_all(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then send all again."""
    row = row_of(destination_id)
    if request.method == "POST":
        count = destination_acts.replay(request.tenant.id, row, access.actor(request))
        text = ngettext(
            "%(count)d event is sent again within seconds.",
            "%(count)d events are sent again within seconds.",
            count,
        )
        messages.success(request, text % {"count": count})
        return redirect("deliveries:undelivered", row.pk)
    return confirm(
        request,
        title=_("Send all undelivered events again?"),
        body=_(
            "In the order in which they happened, after what waits. What is refused again is listed again."
        ),
        action=_("Send again"),
        back=reverse("deliveries:undelivered", args=[row.pk]),
        facts=[(_("Undelivered events"), DeadLetter.objects.filter(destination=row).count())],
    )


@access.full("connectors")
def discard_all(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then let all go."""
    row = row_of(destination_id)
    if request.method == "POST":
        count = destination_acts.discard(request.tenant.id, row, access.actor(request))
        text = ngettext("%(count)d event is let go.", "%(count)d events are let go.", count)
        messages.success(request, text % {"count": count})
        return redirect("deliveries:undelivered", row.pk)
    return confirm(
        request,
        title=_("Let all undelivered events go?"),
        body=_("“%(name)s” is never told of them. The events themselves stay in the log.")
        % {"name": row.name},
        action=_("Let all go"),
        back=reverse("deliveries:undelivered", args=[row.pk]),
        facts=[(_("Undelivered events"), DeadLetter.objects.filter(destination=row).count())],
        danger=True,
    )


def _letter(destination_id: uuid.UUID, letter_id: uuid.UUID) -> tuple[Destination, DeadLetter]:
    row = row_of(destination_id)
    found = DeadLetter.objects.filter(destination=row, pk=letter_id).first()
    if found is None:
        raise Http404
    return row, found


def _payload(row: Destination, event: destination_events.Told) -> str:
    """Return what would be sent, laid out where it is JSON."""
    try:
        written = KINDS[row.kind].preview(target_of(row), event)
    except SealError as error:
        return str(error)
    try:
        return json.dumps(json.loads(written), indent=2, ensure_ascii=False)[:LONGEST]
    except ValueError:
        return written[:LONGEST]
