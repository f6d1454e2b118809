"""Jobs of what all connectors share."""

import logging

from vedette.connectors import arrival, pushes
from vedette.foundation import clock, database, jobs
from vedette.tenants.models import Tenant

log = logging.getLogger(__name__)


@jobs.periodic(cron="47 3 * * *")
def forget_old_pushes(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Delete the history of pushes that is older than `VEDETTE_PUSH_DAYS`."""
    with database.system():
        tenants = list(Tenant.objects.values_list("id", flat=True))
    for tenant_id in tenants:
        pushes.forget_old(tenant_id)


@jobs.periodic(cron="*/2 * * * *")
def tell_arrivals(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Tell what arrived where the publisher died before it told."""
    for tenant_id in arrival.tenants_left(clock.now()):
        try:
            arrival.tell(tenant_id)
        except Exception:
            # Told again in two minutes; the other tenants are told now.
            log.exception("Telling what arrived for tenant %s failed", tenant_id)
