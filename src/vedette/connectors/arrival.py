"""Telling other connectors which values arrived, so that they may act on it (a check-in, for example)."""

import uuid
from collections.abc import Sequence

from vedette.connectors.models import Delivery
from vedette.connectors.results import Result
from vedette.connectors.routes import Route
from vedette.connectors.signals import values_arrived
from vedette.foundation import database


def tell(tenant_id: uuid.UUID, route: Route, claimed: Sequence[Delivery], results: Sequence[Result]) -> None:
    """Send `values_arrived` for the devices whose value was written and is another than before."""
    before = {row.pk: row for row in claimed}
    changed = [
        row.device_id
        for item in results
        if item.status == Delivery.Status.CONFIRMED
        and (row := before[item.delivery_id]).device_id
        and (item.value or "") != (row.sent or "")
    ]
    if not changed:
        return
    with database.tenant(tenant_id):
        values_arrived.send(
            None, tenant_id=tenant_id, route=route.name, device_ids=[key for key in changed if key]
        )
