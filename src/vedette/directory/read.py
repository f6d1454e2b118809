"""Reading the directory as it was last written down; call inside the tenant's door."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from vedette.directory.models import DirectoryDevice, DirectoryPass, DirectoryUser


@dataclass(frozen=True)
class Counts:
    """People and devices in the enrollment groups; `reasons` counts unsupported devices by code."""

    users: int
    devices: int
    supported: int
    reasons: dict[str, int]


def last_pass() -> DirectoryPass | None:
    """Return the newest reading, finished or not."""
    return DirectoryPass.objects.order_by("-started_at").first()


def last_complete_pass() -> DirectoryPass | None:
    """Return the newest reading that got to its end without an error."""
    return DirectoryPass.objects.filter(complete=True).order_by("-started_at").first()


def supported() -> QuerySet[DirectoryDevice]:
    """Return the devices that are to be protected."""
    return DirectoryDevice.objects.filter(unsupported_reason="").order_by("object_id")


def unsupported() -> QuerySet[DirectoryDevice]:
    """Return the devices that are not, each with the code of its reason (requirement D1)."""
    return DirectoryDevice.objects.exclude(unsupported_reason="").order_by("display_name", "object_id")


def counts() -> Counts:
    """Count people and devices by reason."""
    rows = DirectoryDevice.objects.values_list("unsupported_reason").annotate(count=Count("id"))
    reasons = {str(reason): int(count) for reason, count in rows}
    return Counts(
        users=DirectoryUser.objects.count(),
        devices=sum(reasons.values()),
        supported=reasons.pop("", 0),
        reasons=reasons,
    )


def user(oid: UUID) -> DirectoryUser | None:
    """Return a person by object ID."""
    return DirectoryUser.objects.filter(oid=oid).first()


def users(oids: Iterable[UUID]) -> dict[UUID, DirectoryUser]:
    """Return people by object ID."""
    return {found.oid: found for found in DirectoryUser.objects.filter(oid__in=set(oids))}


def device(object_id: UUID) -> DirectoryDevice | None:
    """Return a device by the object ID of Graph's `device`."""
    return DirectoryDevice.objects.filter(object_id=object_id).first()


def devices(object_ids: Iterable[UUID]) -> dict[UUID, DirectoryDevice]:
    """Return devices by object ID."""
    return {found.object_id: found for found in DirectoryDevice.objects.filter(object_id__in=set(object_ids))}


def phones_of(people: Iterable[UUID]) -> dict[UUID, int]:
    """Count the devices to protect of each of these people; who has none is left out."""
    rows = DirectoryDevice.objects.filter(unsupported_reason="", owner_oid__in=set(people))
    return dict(rows.values_list("owner_oid").annotate(count=Count("id")).order_by())


def to_protect(object_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of these devices that are to be protected."""
    rows = DirectoryDevice.objects.filter(unsupported_reason="", object_id__in=set(object_ids))
    return set(rows.values_list("object_id", flat=True))
