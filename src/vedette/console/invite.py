"""Invitations: send one, see what became of each, send it again or revoke it (D2)."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.console.enrollment import tab_page
from vedette.devices import invitation_mail, invitations
from vedette.devices.invitations import CannotInvite, Issued
from vedette.devices.models import Device, Invitation
from vedette.foundation import clock, database
from vedette.foundation.mail import MailError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import tables
from vedette.web.confirm import confirm

COLUMNS = (
    tables.Column(key="person", label=gettext_lazy("Person"), order=("email",), css="v-cell-main"),
    tables.Column(key="device", label=gettext_lazy("Device"), order=("device__display_name",)),
    tables.Column(key="sent", label=gettext_lazy("Sent"), order=("created_at",), css="v-nowrap"),
    tables.Column(key="status", label=gettext_lazy("Status"), order=("used_at",)),
    tables.Column(key="expires", label=gettext_lazy("Expires"), order=("expires_at",), css="v-nowrap"),
    tables.Column(
        key="actions", label=gettext_lazy("Actions"), css="v-cell-actions text-end", is_silent=True
    ),
)
FILTERS = (
    tables.Filter(
        name="status",
        label=gettext_lazy("Status"),
        choices=[
            ("used", gettext_lazy("Used")),
            ("open", gettext_lazy("Not used yet")),
            ("failed", gettext_lazy("Not delivered")),
            ("expired", gettext_lazy("Expired")),
            ("revoked", gettext_lazy("Revoked")),
        ],
    ),
)


@access.full("enrollment")
def page(request: MemberRequest) -> HttpResponseBase:
    """List invitations."""
    query = tables.read(
        request, columns=COLUMNS, filters=FILTERS, default_sort="-sent", search_label=_("Search by address")
    )
    rows = _matching(query.filters["status"])
    if query.search:
        rows = rows.filter(email__icontains=query.search)
    context = {"table": tables.page(query, rows), "now": clock.now()}
    return tab_page(request, "invitations", "console/invitations.html", context)


@access.full("enrollment", door=False)
def device(request: MemberRequest, device_id: uuid.UUID) -> HttpResponseBase:
    """Invite one device; the code goes by mail only."""
    with database.tenant(request.tenant.id):
        row = get_object_or_404(Device.objects.defer("facts"), pk=device_id)
    back = reverse("console:device", args=[device_id])
    if request.method != "POST":
        return confirm(
            request,
            title=_("Send a code for this device?"),
            body=_("An older unused code of it becomes worthless."),
            action=_("Send"),
            back=back,
            facts=[
                (_("Device"), row.display_name),
                (_("To"), row.owner_email or _("no e-mail address in Entra")),
            ],
        )
    _send(request, lambda: invitations.invite_device(row, access.actor(request)))
    return redirect(back)


@access.full("enrollment", door=False)
def renew(request: MemberRequest, invitation_id: uuid.UUID) -> HttpResponseBase:
    """Send a new code in place of an unused one."""
    row = _find(request, invitation_id)
    if request.method != "POST":
        return confirm(
            request,
            title=_("Send a new code?"),
            body=_("The code of the older e-mail becomes worthless. The new one is good for four weeks."),
            action=_("Send"),
            back=reverse("console:invitations"),
            facts=[(_("To"), row.email)],
        )
    _send(request, lambda: invitations.renew(row, access.actor(request)))
    return redirect("console:invitations")


@access.full("enrollment")
def revoke(request: MemberRequest, invitation_id: uuid.UUID) -> HttpResponseBase:
    """Make an unused code worthless."""
    row = _find(request, invitation_id)
    if request.method != "POST":
        return confirm(
            request,
            title=_("Revoke this invitation?"),
            body=_("Its code then activates nothing. You can send a new one at any time."),
            action=_("Revoke"),
            back=reverse("console:invitations"),
            facts=[(_("Sent to"), row.email)],
            danger=True,
        )
    try:
        with database.writer(request.tenant.id):
            invitations.revoke(row, access.actor(request))
    except CannotInvite as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The invitation is revoked."))
    return redirect("console:invitations")


def _find(request: MemberRequest, invitation_id: uuid.UUID) -> Invitation:
    with database.tenant(request.tenant.id):
        return get_object_or_404(Invitation.objects.defer("device__facts"), pk=invitation_id)


def _send(request: MemberRequest, issue: Callable[[], Issued]) -> None:
    """Make a code and send it, the mail after the commit; say what came of it."""
    try:
        with database.writer(request.tenant.id):
            issued = issue()
        invitation_mail.send(issued)
    except (CannotInvite, MailError) as error:
        messages.error(request, str(error))
    else:
        address = issued.invitation.email
        messages.success(request, _("The code is on its way to %(address)s.") % {"address": address})


def _matching(status: str) -> QuerySet[Invitation]:
    rows = Invitation.objects.select_related("device").defer("device__facts")
    now = clock.now()
    unused = rows.filter(used_at__isnull=True)
    if status == "used":
        return rows.filter(used_at__isnull=False)
    if status == "open":
        return unused.filter(expires_at__gt=now, revoked_at__isnull=True)
    if status == "failed":
        return unused.exclude(send_error="")
    if status == "expired":
        return unused.filter(expires_at__lte=now, revoked_at__isnull=True)
    if status == "revoked":
        return unused.filter(revoked_at__isnull=False)
    return rows
