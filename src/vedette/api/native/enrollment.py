"""Enrollment: how far it is, and invitations."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from django.db.models import Count, Q, QuerySet
from msgspec import Meta

from vedette.api.native import cursors, people_live
from vedette.api.native.devices import LARGE
from vedette.api.native.problems import Problem
from vedette.api.native.route import Call, NoQuery
from vedette.api.native.shapes import Named, Page, Paging, Text
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.devices import invitations, jobs
from vedette.devices.models import Device, WaitingIdentity
from vedette.devices.models import Invitation as Row
from vedette.directory import read as directory
from vedette.foundation import clock

Status = Literal["waiting", "sent", "failed", "used", "expired", "withdrawn"]


class InvitationQuery(Paging, kw_only=True):
    """Filters of the list."""

    status: Status | None = None
    email: Annotated[str, Meta(min_length=1, max_length=320, description="Whole address")] | None = None


class InvitationWish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whom to invite: exactly one of a device and a person."""

    device_id: UUID | None = None
    person: (
        Annotated[Text, Meta(description="User principal name or object ID; looked up in Entra")] | None
    ) = None
    language: Annotated[
        Literal["en", "fr"] | None, Meta(description="Of the mail; else the organisation's")
    ] = None


class Invitation(msgspec.Struct, kw_only=True):
    """A one-time activation code on its way to somebody; the code itself is in the mail alone."""

    id: UUID
    device_id: UUID | None
    owner_oid: UUID | None
    owner_upn: str
    email: str
    language: str
    status: Status
    error: Annotated[str, Meta(description="Why the mail did not leave")]
    created_at: datetime
    created_by: str
    sent_at: datetime | None
    expires_at: datetime
    used_at: datetime | None


class InvitationPage(Page[Invitation]):
    """Invitations, the newest first."""


class Enrollment(msgspec.Struct, kw_only=True):
    """How far enrollment is."""

    groups: Annotated[list[Named], Meta(description="Enrollment groups of Entra, by object ID")]
    devices: Annotated[dict[str, int], Meta(description="Devices by activation")]
    pending_without_mail: int
    waiting_apps: Annotated[int, Meta(description="Apps that were opened and cannot be activated yet")]
    people: Annotated[int, Meta(description="People in the groups, as read last")]
    found: Annotated[int, Meta(description="Their devices")]
    supported: int
    unsupported: Annotated[dict[str, int], Meta(description="Those left out, by reason")]
    read_at: Annotated[datetime | None, Meta(description="When the directory was last read whole")]


def summary(call: Call[NoQuery, None]) -> Enrollment:
    """Tell how far enrollment is."""
    rows = Device.objects.filter(tenant_id=call.tenant_id).order_by()
    by_activation = rows.values_list("activation_status").annotate(count=Count("id"))
    counts, last = directory.counts(), directory.last_complete_pass()
    pending = rows.filter(activation_status=Device.Activation.PENDING, owner_email="")
    return Enrollment(
        groups=[
            Named(row.object_id, row.display_name) for row in EnrollmentGroup.objects.order_by("display_name")
        ],
        devices={str(name): int(count) for name, count in by_activation},
        pending_without_mail=pending.count(),
        waiting_apps=WaitingIdentity.objects.filter(tenant_id=call.tenant_id).count(),
        people=counts.users,
        found=counts.devices,
        supported=counts.supported,
        unsupported=counts.reasons,
        read_at=last.finished_at if last else None,
    )


def listed(call: Call[InvitationQuery, None]) -> InvitationPage:
    """Give a page of invitations, the newest first."""
    query = call.query
    rows = _matching(query).filter(tenant_id=call.tenant_id)
    if query.cursor:
        rows = rows.filter(id__lt=cursors.read_id(query.cursor, query))
    found = list(rows.order_by("-id")[: query.limit + 1])
    page = [_told(row) for row in found[: query.limit]]
    more = len(found) > query.limit
    return InvitationPage(page, cursors.after(page[-1].id, query) if more else None)


def one(call: Call[NoQuery, None]) -> Invitation:
    """Give an invitation."""
    return _told(Row.objects.get(id=call.ids["invitation_id"]))


def find_person(call: Call[NoQuery, InvitationWish]) -> people_live.Found | None:
    """Look the person up, before any transaction. Raises Problem."""
    wish = call.body
    if (wish.device_id is None) == (wish.person is None):
        raise Problem("refused", "Name either device_id or person.")
    return people_live.wanted(call.find_person, call.tenant_id, wish.person) if wish.person else None


def invite(call: Call[NoQuery, InvitationWish]) -> Invitation:
    """Invite; a job sends the mail with the code."""
    wish, actor = call.body, call.who.actor
    if wish.device_id:
        try:
            device = Device.objects.defer(*LARGE).get(id=wish.device_id)
        except Device.DoesNotExist:
            raise Problem("refused", f"There is no device {wish.device_id}.") from None
        issued = invitations.invite_device(device, actor, language=wish.language)
    else:
        found: people_live.Found = call.prepared
        issued = invitations.invite_person(
            call.tenant_id,
            oid=found.oid,
            upn=found.upn,
            email=found.email,
            actor=actor,
            language=wish.language,
        )
    return _told(jobs.send_later(issued.invitation))


def withdraw(call: Call[NoQuery, None]) -> Invitation:
    """Make a code worthless."""
    row = Row.objects.get(id=call.ids["invitation_id"])
    invitations.revoke(row, call.who.actor)
    return _told(Row.objects.get(id=row.id))


def _matching(query: InvitationQuery) -> QuerySet[Row]:
    rows, now = Row.objects.all(), clock.now()
    if query.email:
        rows = rows.filter(email__iexact=query.email)
    standing = Q(used_at=None, revoked_at=None)
    return {
        "used": rows.filter(used_at__isnull=False),
        "withdrawn": rows.filter(used_at=None, revoked_at__isnull=False),
        "expired": rows.filter(standing, expires_at__lte=now),
        "failed": rows.filter(standing, expires_at__gt=now, sent_at=None).exclude(send_error=""),
        "sent": rows.filter(standing, expires_at__gt=now, sent_at__isnull=False),
        "waiting": rows.filter(standing, expires_at__gt=now, sent_at=None, send_error=""),
    }.get(query.status or "", rows)


def _status(row: Row) -> Status:
    if row.used_at:
        return "used"
    if row.revoked_at:
        return "withdrawn"
    if row.expires_at <= clock.now():
        return "expired"
    if row.sent_at:
        return "sent"
    return "failed" if row.send_error else "waiting"


def _told(row: Row) -> Invitation:
    return Invitation(
        id=row.id,
        device_id=row.device_id,
        owner_oid=row.owner_oid,
        owner_upn=row.owner_upn,
        email=row.email,
        language=row.language,
        status=_status(row),
        error=row.send_error,
        created_at=row.created_at,
        created_by=row.created_by,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
