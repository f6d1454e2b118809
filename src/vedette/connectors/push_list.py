"""Reading the history of pushes: for one device, or for all with search and filters."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from vedette.connectors import value_names
from vedette.connectors.models import Push
from vedette.connectors.push_words import CAUSES, OTHER_CAUSE, OUTCOMES, ROUTES
from vedette.devices.models import Device
from vedette.foundation import clock

SPANS: Final = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
_TONES: Final = {"confirmed": "success", "sent": "info", "due": "warning", "foreign": "warning"}


@dataclass(frozen=True)
class Told:
    """One push, in words."""

    push: Push
    device: str
    way: object
    cause: object
    outcome: object
    tone: str
    before: str = ""
    after: str = ""

    @property
    def at(self) -> datetime:
        """When it was tried."""
        return self.push.tried_at


def of_device(device_id: uuid.UUID, most: int) -> list[Told]:
    """List what was told of one device, newest first; inside the tenant's door."""
    return told(Push.objects.filter(device_id=device_id).order_by("-tried_at", "-id")[:most], names={})


def told(rows: Iterable[Push], names: Mapping[uuid.UUID, str] | None = None) -> list[Told]:
    """Put pushes in words; reads the names of their devices unless given."""
    pushes = list(rows)
    known = _names(pushes) if names is None else names
    values = value_names.names() if pushes else {}
    return [
        Told(
            push,
            known.get(push.device_id, "") if push.device_id else "",
            ROUTES.get(push.route, push.route),
            CAUSES.get(push.cause, push.cause) if push.cause else OTHER_CAUSE,
            OUTCOMES.get(push.outcome, push.outcome),
            _TONES.get(push.outcome, "danger"),
            values.get(push.before, push.before),
            values.get(push.after, push.after),
        )
        for push in pushes
    ]


def narrowed(*, search: str, filters: Mapping[str, str]) -> QuerySet[Push]:
    """Return the pushes that a search (device, person, value, request-id) and the filters leave."""
    rows = Push.objects.all()
    if route := filters["route"]:
        rows = rows.filter(route=route)
    if outcome := filters["outcome"]:
        rows = rows.filter(outcome=outcome)
    if when := filters["when"]:
        rows = rows.filter(tried_at__gte=clock.now() - SPANS[when])
    if search:
        devices = Device.objects.filter(
            Q(display_name__icontains=search)
            | Q(owner_name__icontains=search)
            | Q(owner_upn__icontains=search)
        )
        rows = rows.filter(
            Q(device_id__in=devices.values("pk"))
            | Q(after__iexact=search)
            | Q(error_code__iexact=search)
            | Q(request_id__iexact=search)
        )
    return rows


def _names(pushes: Iterable[Push]) -> Mapping[uuid.UUID, str]:
    wanted = {push.device_id for push in pushes if push.device_id}
    return dict(Device.objects.filter(pk__in=wanted).values_list("pk", "display_name"))
