"""Periodic work of what keeps enforcement safe: releases and test threats that end by themselves."""

import logging

from vedette.compliance import release, simulate
from vedette.foundation import jobs

log = logging.getLogger(__name__)

EVERY_FIVE_SECONDS = "* * * * * */5"


@jobs.periodic(cron=EVERY_FIVE_SECONDS)
def end_releases(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """End what was let in for a time, for each tenant that has some over."""
    for tenant_id in release.tenants_due():
        try:
            release.expire(tenant_id)
        except Exception:
            log.exception("Releases of tenant %s cannot be ended; the next look tries again", tenant_id)


@jobs.periodic(cron=EVERY_FIVE_SECONDS)
def end_simulations(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """End test threats whose hour is over, for each tenant that has some."""
    for tenant_id in simulate.tenants_due():
        try:
            simulate.expire(tenant_id)
        except Exception:
            log.exception("Test threats of tenant %s cannot be ended; the next look tries again", tenant_id)
