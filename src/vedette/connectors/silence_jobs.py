"""Every minute each connected tenant is looked at for sources that have fallen silent."""

import logging

from vedette.connectors import silence
from vedette.foundation import database, jobs
from vedette.tenants.models import Tenant

log = logging.getLogger(__name__)


@jobs.periodic(cron="* * * * *")
def look_for_silence(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Raise and end silence alarms; one tenant's trouble does not keep the others from being looked at."""
    with database.system():
        tenants = list(Tenant.objects.filter(status=Tenant.Status.CONSENTED).values_list("id", flat=True))
    for tenant_id in tenants:
        try:
            silence.look(tenant_id)
        except Exception:
            log.exception("Tenant %s cannot be looked at for silence; the next look tries again", tenant_id)
