"""What stands at Microsoft because of us, and whether its withdrawal is done (requirement A7)."""

from dataclasses import dataclass

from django.db.models import Count, Q

from vedette.connectors.models import ACTS, Delivery

# Written and not withdrawn yet; `sent` is null before the first push and empty after a withdrawal.
_STANDING = Q(sent__isnull=False) & ~Q(sent="")
# Begun, and what came of it was lost: it may have been written.
_MAY_STAND = Q(sent=None, desired="") & ~Q(place="")
_MOVING = Q(status__in=[Delivery.Status.DUE, Delivery.Status.LEASED]) & ~Q(route__in=ACTS)


@dataclass(frozen=True)
class Written:
    """How many devices hold a value of ours at one place."""

    route: str
    place: str
    value: str
    devices: int


@dataclass(frozen=True)
class Stuck:
    """Withdrawals that do not get through, by what Microsoft answers."""

    code: str
    error: str
    devices: int


def written() -> list[Written]:
    """Count what stands at Microsoft, by place and value; inside the tenant's door."""
    rows = Delivery.objects.filter(_STANDING).values("route", "place", "sent")
    counted = rows.annotate(devices=Count("pk")).order_by("route", "place", "sent")
    return [Written(row["route"], row["place"], row["sent"], row["devices"]) for row in counted]


def remaining() -> int:
    """Count the devices whose value is still to be withdrawn; inside the tenant's door."""
    return Delivery.objects.filter(_STANDING | _MAY_STAND | _MOVING).count()


def stuck() -> list[Stuck]:
    """Count the withdrawals that met an error, by its code; inside the tenant's door."""
    rows = Delivery.objects.filter(_STANDING | _MAY_STAND | _MOVING).exclude(error_code="")
    counted = rows.values("error_code", "error").annotate(devices=Count("pk")).order_by("-devices")
    return [Stuck(row["error_code"], row["error"], row["devices"]) for row in counted]
