"""Periodic work about web content: threats that end by themselves, encounters that are forgotten."""

import logging
from datetime import timedelta
from typing import Final

from vedette.compliance import web_encounters
from vedette.foundation import database, jobs
from vedette.tenants.models import Tenant

log = logging.getLogger(__name__)

KEEP_ENCOUNTERS: Final = timedelta(days=90)


@jobs.periodic(cron="* * * * * */15")
def end_web_threats(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """End the threats of encounters whose hours are over, for each tenant that has some."""
    for tenant_id in web_encounters.tenants_due():
        try:
            web_encounters.expire(tenant_id)
        except Exception:
            log.exception("Web threats of tenant %s cannot be ended; the next look tries again", tenant_id)


@jobs.periodic(cron="41 3 * * *")
def forget_old_encounters(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Delete what phones met last more than 90 days ago."""
    with database.system():
        tenants = list(Tenant.objects.values_list("id", flat=True))
    for tenant_id in tenants:
        web_encounters.forget_old(tenant_id, KEEP_ENCOUNTERS)
