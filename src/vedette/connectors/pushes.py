"""The history of what other systems were told: a row for each push, kept for `VEDETTE_PUSH_DAYS`.

`deliver.settle` writes them.
"""

import uuid
from datetime import datetime, timedelta

from django.db.models import QuerySet

from vedette.connectors.models import Delivery, Push
from vedette.foundation import clock, config, database


def confirm(delivery_id: uuid.UUID, generation: int, now: datetime) -> None:
    """Note that what was sent has been applied; inside the tenant's door."""
    _sent(delivery_id, generation).update(outcome=Delivery.Status.CONFIRMED, confirmed_at=now)


def refuse(delivery_id: uuid.UUID, generation: int, code: str, text: str) -> None:
    """Note that what was sent has not been applied; inside the tenant's door."""
    _sent(delivery_id, generation).update(outcome=Delivery.Status.FAILED, error_code=code, error=text)


def forget_old(tenant_id: uuid.UUID) -> int:
    """Drop what is older than `VEDETTE_PUSH_DAYS`; return how many rows."""
    oldest = clock.now() - timedelta(days=config.current().push_days)
    with database.tenant(tenant_id):
        count, _by_model = Push.objects.filter(tried_at__lt=oldest).delete()
        return count


def _sent(delivery_id: uuid.UUID, generation: int) -> QuerySet[Push]:
    return Push.objects.filter(delivery_id=delivery_id, generation=generation, outcome=Delivery.Status.SENT)
