"""Telling other connectors which values arrived, so that they may act on it (a check-in, for example).

What arrived is written down in the transaction that settles it (`deliver_sql.SETTLE`), and told in another one, which
takes it off the list: a crash in between delays it and loses nothing. Not told in the first one, because what others
owe then locks further rows, in another order than whoever deletes a device.
"""

import uuid
from datetime import datetime, timedelta
from typing import Final

from vedette.connectors.models import Arrival
from vedette.connectors.signals import values_arrived
from vedette.foundation import database

# What is older was left behind by a publisher that died.
LEFT_BEHIND: Final = timedelta(minutes=1)


def tell(tenant_id: uuid.UUID) -> None:
    """Send `values_arrived` for whatever arrived for a tenant and was not told yet."""
    with database.tenant(tenant_id):
        for row in Arrival.objects.select_for_update(skip_locked=True).order_by("at"):
            ids = [uuid.UUID(key) for key in row.device_ids]
            values_arrived.send(None, tenant_id=tenant_id, route=row.route, device_ids=ids)
            row.delete()


def tenants_left(now: datetime) -> list[uuid.UUID]:
    """List the tenants where something arrived a while ago and was never told; needs no door."""
    with database.system():
        found = Arrival.objects.filter(at__lt=now - LEFT_BEHIND)
        return list(found.values_list("tenant_id", flat=True).distinct())
