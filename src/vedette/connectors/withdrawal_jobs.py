"""Finishing the disconnection of tenants, once nothing of ours is left at Microsoft."""

import logging
import uuid

from vedette.compliance import disconnect
from vedette.connectors import withdrawal
from vedette.events.log import SYSTEM
from vedette.foundation import database, jobs

log = logging.getLogger(__name__)


@jobs.periodic(cron="* * * * * */2")
def finish_disconnecting(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Look at each tenant that is being disconnected."""
    for tenant_id in disconnect.under_way():
        try:
            finish_if_withdrawn(tenant_id)
        except Exception:
            log.exception("Tenant %s cannot be disconnected now; the next look tries again", tenant_id)


def finish_if_withdrawn(tenant_id: uuid.UUID) -> bool:
    """Note that a tenant is disconnected if nothing of ours is left; tell whether it is."""
    with database.tenant(tenant_id):
        if withdrawal.remaining():
            return False
    disconnect.finish(tenant_id, SYSTEM)
    return True
