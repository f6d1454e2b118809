"""Reading back what was written: the value itself, not only Graph's 204 for it (docs/adr/0021).

A poll that sees a device holding its value says so (`drift.repair`). What no poll has seen a minute after it was
written, because Graph told of no change, is read here, fifteen devices in one request; what is not there is written
again. So a write that Graph confirms and loses is found within two polls.
"""

import logging
import uuid
from datetime import timedelta
from typing import Final

from django.db.models import F, Q, QuerySet

from vedette.connectors.deliver import CHANNEL
from vedette.connectors.intune.attribute_route import NOT_FOUND, ROUTE
from vedette.connectors.intune.attributes import attributes_of
from vedette.connectors.models import Delivery
from vedette.foundation import clock, database, jobs
from vedette.foundation.graph import Graph, GraphError, Reply

log = logging.getLogger(__name__)

# Graph may show what was written a moment ago only later.
SETTLING: Final = timedelta(minutes=1)
MOST: Final = 3000


def look(tenant_id: uuid.UUID, graph: Graph) -> int:
    """Read back what nobody has seen yet; return how many values were not there and are due again."""
    before = clock.now() - SETTLING
    with database.tenant(tenant_id):
        rows = list(_unseen(before).order_by("sent_at")[:MOST])
    if not rows:
        return 0
    held = attributes_of(graph, {row.entra_object_id for row in rows if row.entra_object_id})
    there: list[uuid.UUID] = []
    lost: list[uuid.UUID] = []
    for row in rows:
        assert row.entra_object_id is not None
        found = _holds(row, held[row.entra_object_id])
        if found is not None:
            (there if found else lost).append(row.pk)
    now = clock.now()
    with database.writer(tenant_id):
        _unseen(before).filter(pk__in=there).update(read_back_at=now)
        again = _unseen(before).filter(pk__in=lost)
        count = again.update(status=Delivery.Status.DUE, due_at=now, attempts=0, requested_at=now)
        if count:
            log.warning("Tenant %s: %d written values were not found at Microsoft", tenant_id, count)
            jobs.notify(CHANNEL)
    return count


def _unseen(before: object) -> QuerySet[Delivery]:
    unread = Q(read_back_at=None) | Q(read_back_at__lt=F("sent_at"))
    settled = Q(route=ROUTE, status=Delivery.Status.CONFIRMED, lease_until=None, sent_at__lt=before)
    return Delivery.objects.filter(unread, settled, entra_object_id__isnull=False)


def _holds(row: Delivery, read: Reply) -> bool | None:
    """Tell whether a device holds what was written; None when that cannot be said now."""
    if read.error is not None:
        gone = isinstance(read.error, GraphError) and read.error.status == NOT_FOUND
        return row.desired == "" if gone else None
    attributes = read.body.get("extensionAttributes") or {}
    return (attributes.get(row.place) or "") == row.desired
