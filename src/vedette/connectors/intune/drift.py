"""Comparing what the directory shows with what was written: drift is repaired, foreign values are left alone."""

import uuid

from vedette.connectors.intune.attribute_route import ROUTE
from vedette.connectors.intune.desired import is_ours
from vedette.connectors.models import Delivery
from vedette.directory.models import DirectoryDevice
from vedette.foundation import clock

SETTLED = (Delivery.Status.SENT, Delivery.Status.CONFIRMED)


def repair(tenant_id: uuid.UUID) -> int:
    """Make settled deliveries due again whose value at Microsoft is not what was sent; return how many.

    Runs inside the tenant's writer after a complete poll. Only rows settled before the poll's reading of
    the device are compared, so that a value on its way is not taken for drift.
    """
    shown = {
        row.object_id: (row.extension_attributes, row.seen_at)
        for row in DirectoryDevice.objects.only("object_id", "extension_attributes", "seen_at")
    }
    drifted = []
    for delivery in Delivery.objects.filter(route=ROUTE, status__in=SETTLED).exclude(place=""):
        known = shown.get(delivery.entra_object_id) if delivery.entra_object_id else None
        if known is None or (delivery.sent_at and delivery.sent_at > known[1]):
            continue
        found = known[0].get(delivery.place) or ""
        if found != delivery.desired and is_ours(found):
            drifted.append(delivery.pk)
    return Delivery.objects.filter(pk__in=drifted, tenant_id=tenant_id).update(
        status=Delivery.Status.DUE, due_at=clock.now(), attempts=0
    )
