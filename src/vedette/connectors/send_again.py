"""Sending what holds now once more: for one device, the devices of one device group, or all of them."""

import uuid
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from vedette.connectors import deliver
from vedette.connectors.models import ACTS, Delivery
from vedette.connectors.push_words import ROUTES
from vedette.connectors.signals import values_stale
from vedette.devices.models import Device, DeviceGroup
from vedette.events.log import Actor, Draft, Target, emit
from vedette.foundation import database


class UnknownScopeError(Exception):
    """There is no such device, group or kind of either."""


@dataclass(frozen=True)
class Scope:
    """Whose values are sent again. ``only`` narrows devices; empty means all of the tenant's."""

    kind: str
    id: str = ""
    name: str = ""
    only: dict[str, uuid.UUID] = field(default_factory=dict)

    def devices(self) -> QuerySet[Device]:
        """Return the devices; inside the tenant's door."""
        return Device.objects.filter(**self.only)


def scope(kind: str, chosen: uuid.UUID | None = None) -> Scope:
    """Look a scope up: `all`, `group` or `device`; inside the tenant's door. Raises UnknownScopeError."""
    if kind == "all":
        return Scope(kind)
    if chosen is None:
        raise UnknownScopeError(kind)
    if kind == "group" and (group := DeviceGroup.objects.filter(pk=chosen).first()):
        return Scope(kind, str(group.pk), group.name, {"group_id": group.pk})
    if kind == "device" and (device := Device.objects.defer("facts").filter(pk=chosen).first()):
        return Scope(kind, str(device.pk), device.display_name, {"pk": device.pk})
    raise UnknownScopeError(kind)


def counts(chosen: Scope) -> list[tuple[str, int]]:
    """Count what is sent, by way, for the question before the act; inside the tenant's door."""
    rows = Delivery.objects.exclude(desired="").exclude(route__in=ACTS).filter(device__in=chosen.devices())
    by_route = rows.values_list("route").annotate(count=Count("id")).order_by("route")
    return [
        (_("Phones"), chosen.devices().count()),
        *((_("Values by “%(way)s”") % {"way": ROUTES.get(route, route)}, count) for route, count in by_route),
    ]


def run(tenant_id: uuid.UUID, chosen: Scope, actor: Actor) -> int:
    """Owe the values once more on every way that is on; return how many wait now. Audited."""
    with database.writer(tenant_id):
        ids = None if chosen.kind == "all" else list(chosen.devices().values_list("pk", flat=True))
        values_stale.send(None, tenant_id=tenant_id, again=True, device_ids=ids)
        waiting = deliver.waiting()
        count = (waiting if ids is None else waiting.filter(device_id__in=ids)).count()
        emit(
            Draft(
                "connector.send_again",
                actor=actor,
                target=Target(chosen.kind, chosen.id, chosen.name),
                detail={"count": count},
            )
        )
        return count
