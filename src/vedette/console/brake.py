"""The brake's page: which cause, how many phones, and the two ways out of it."""

import uuid

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import brake
from vedette.compliance.lifecycle import Refused
from vedette.compliance.models import Brake
from vedette.console.guard_words import KINDS
from vedette.devices.models import Device
from vedette.feeds.models import FeedVersion
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm
from vedette.web.errors import Fact

SHOWN = 50
OUTCOMES = {
    "released": gettext_lazy("The held blocks were released."),
    "reverted": gettext_lazy("What caused them was taken back."),
    "over": gettext_lazy("All held phones recovered."),
}
WAYS_BACK = {
    "feed": gettext_lazy(
        "Threat intelligence belongs to the whole installation. On the server: vedette intel rollback NAME"
    ),
    "detectors": gettext_lazy("The detectors come with Vedette: on the server, install the version before."),
    "lists": gettext_lazy("Take the entry off the lists of applications again, or release the blocks."),
    "privacy": gettext_lazy("Change back what is collected of phones, or release the blocks."),
    "day": gettext_lazy(
        "Nobody changed anything: raise the age that the security policy allows, or release the blocks."
    ),
    "sweep": gettext_lazy("Nobody changed anything: raise the days of silence, or release the blocks."),
}


@access.member("dashboard", door=False)
def page(request: MemberRequest, brake_id: uuid.UUID) -> HttpResponseBase:
    """Show one brake, also after it is over."""
    alone = brake.alone_here(request.tenant.id)
    with database.tenant(request.tenant.id):
        row = get_object_or_404(Brake, pk=brake_id)
        held = brake.held_by(row)
        context = {
            "brake": row,
            "cause": KINDS.get(row.kind, row.kind),
            "sent": brake.sent_by(row),
            "held": len(held),
            "phones": Device.objects.filter(pk__in=held[:SHOWN])
            .select_related("state_row")
            .defer("facts")
            .order_by("display_name", "id"),
            "feeds": _feeds() if row.kind == "feed" else [],
            "outcome": OUTCOMES.get(row.outcome, ""),
            "revertible": brake.revertible(row, alone=alone),
            "way_back": WAYS_BACK.get(row.kind, ""),
            "may_modify": access.may(request.administrator, "account", "modify"),
        }
        return TemplateResponse(request, "console/brake.html", context).render()


@access.full("account", door=False)
def release_held(request: MemberRequest, brake_id: uuid.UUID) -> HttpResponseBase:
    """Tell what is held."""
    with database.tenant(request.tenant.id):
        row = get_object_or_404(Brake, pk=brake_id)
        facts = _facts(row)
    if request.method == "POST":
        try:
            brake.release(request.tenant.id, brake_id, access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The held blocks are on their way to Microsoft."))
        return redirect("console:brake", brake_id)
    return confirm(
        request,
        title=_("Release the held blocks?"),
        body=_("Microsoft is told the states of these phones as they are; rules there may then block them."),
        action=_("Release"),
        back=reverse("console:brake", args=[brake_id]),
        facts=facts,
        danger=True,
    )


@access.full("account", door=False)
def revert_cause(request: MemberRequest, brake_id: uuid.UUID) -> HttpResponseBase:
    """Take back what caused the blocks."""
    with database.tenant(request.tenant.id):
        row = get_object_or_404(Brake, pk=brake_id)
        facts = _facts(row)
    if request.method == "POST":
        try:
            brake.revert(request.tenant.id, brake_id, access.actor(request))
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("It is taken back; the phones are judged anew."))
            if row.kind == "feed":
                messages.info(request, _("The version before is in force, and the feed is fetched no more."))
        return redirect("console:brake", brake_id)
    if row.kind == "feed":
        facts.append((_("In force, newest first"), ", ".join(_feeds_of(request))))
        body = _(
            "The newest version goes back to the one before it, for the whole installation. The feed is fetched no "
            "more until you choose to fetch it again: the next fetch would undo this."
        )
    else:
        body = _("The setting goes back to what it was before. What was changed in it since stays.")
    return confirm(
        request,
        title=_("Take the cause back?"),
        body=body,
        action=_("Take back"),
        back=reverse("console:brake", args=[brake_id]),
        facts=facts,
        danger=True,
    )


def _facts(row: Brake) -> list[Fact]:
    return [
        (_("Cause"), KINDS.get(row.kind, row.kind)),
        (_("Held phones"), len(brake.held_by(row))),
        (_("Blocked before the brake"), brake.sent_by(row)),
    ]


def _feeds_of(request: MemberRequest) -> list[str]:
    with database.tenant(request.tenant.id):
        return _feeds()


def _feeds() -> list[str]:
    """Name the feed versions in force, newest first; inside a door."""
    rows = FeedVersion.objects.filter(active=True).select_related("feed").order_by("-imported_at")
    return [_("%(name)s, version %(number)d") % {"name": row.feed.name, "number": row.number} for row in rows]
