"""Periodic work of compliance: the sweep, and forgetting old reports."""

import logging
from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef

from vedette.compliance import policy_wish, sweep
from vedette.devices.models import Report
from vedette.foundation import clock, database, jobs
from vedette.tenants.models import Tenant
from vedette.threats.models import PolicyWish

log = logging.getLogger(__name__)

KEEP_REPORTS: Final = timedelta(days=90)


@jobs.periodic(cron="* * * * * */5")
def sweep_silent(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Disconnect overdue devices of each tenant that has some."""
    for tenant_id in sweep.tenants_due():
        try:
            changes = sweep.sweep(tenant_id)
        except Exception:
            log.exception("The sweep of tenant %s failed; the next one tries again", tenant_id)
        else:
            log.info("Tenant %s: %d devices disconnected", tenant_id, len(changes))


@jobs.periodic(cron="* * * * *")
def resume_policy_wishes(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Begin changes of a policy again whose worker died."""
    with database.system():
        tenants = set(PolicyWish.objects.filter(finished_at=None).values_list("tenant_id", flat=True))
    for tenant_id in tenants:
        policy_wish.resume(tenant_id)


@jobs.periodic(cron="17 3 * * *")
def forget_old_reports(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Delete assessed reports after 90 days but the newest of each device; history stays with events."""
    with database.system():
        tenants = list(Tenant.objects.values_list("id", flat=True))
    for tenant_id in tenants:
        with database.tenant(tenant_id):
            newer = Report.objects.filter(device=OuterRef("device"), received_at__gt=OuterRef("received_at"))
            old = Report.objects.filter(received_at__lt=clock.now() - KEEP_REPORTS)
            old.filter(Exists(newer), assessed_at__isnull=False).delete()
