"""Sweeping up answers that were kept for a day."""

from vedette.api.native import kept
from vedette.foundation import database, jobs
from vedette.tenants.models import Tenant


@jobs.periodic(cron="41 * * * *")
def forget_kept_answers(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Delete what is older than a day, tenant by tenant."""
    with database.system():
        tenants = list(Tenant.objects.values_list("id", flat=True))
    for tenant_id in tenants:
        with database.tenant(tenant_id):
            kept.forget(tenant_id)
