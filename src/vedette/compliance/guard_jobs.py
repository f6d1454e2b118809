"""Periodic work of what keeps enforcement safe: releases that end by themselves."""

import logging

from vedette.compliance import release
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
