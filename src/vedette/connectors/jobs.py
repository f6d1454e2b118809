"""Jobs of what all connectors share."""

from vedette.connectors import pushes
from vedette.foundation import database, jobs
from vedette.tenants.models import Tenant


@jobs.periodic(cron="47 3 * * *")
def forget_old_pushes(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Delete the history of pushes that is older than `VEDETTE_PUSH_DAYS`."""
    with database.system():
        tenants = list(Tenant.objects.values_list("id", flat=True))
    for tenant_id in tenants:
        pushes.forget_old(tenant_id)
