"""Work on uploads in the worker: analysis, what a crash left behind, the end of their time."""

import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from vedette.events.log import SYSTEM
from vedette.foundation import clock, database, jobs
from vedette.scans import analysis, intake, uploads
from vedette.scans.models import Scan

log = logging.getLogger(__name__)

STUCK: Final = timedelta(minutes=30)
"""Longer than any analysis and its second attempt take."""


@jobs.task
def analyse(tenant: str, scan: str) -> None:
    """Analyse one upload."""
    analysis.analyse(UUID(tenant), UUID(scan))


@jobs.periodic(cron="*/5 * * * *")
def sweep_uploads(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Begin again what got stuck, end what is past its time, delete files that belong to no scan."""
    take_up_again()
    end_kept()
    sweep_files()


def take_up_again() -> None:
    """Queue scans whose job is gone."""
    with database.system():
        rows = Scan.objects.filter(status__in=intake.UNDER_WAY, created_at__lt=clock.now() - STUCK)
        stuck = [
            (row.tenant_id, row.id)
            for row in rows.only("id", "tenant_id", "started_at")
            if row.started_at is None or row.started_at < clock.now() - STUCK
        ]
    for tenant_id, scan_id in stuck:
        with database.tenant(tenant_id):
            scan = Scan.objects.filter(id=scan_id, status__in=intake.UNDER_WAY).defer("result").first()
            if scan is not None:
                intake.queue(scan)


def end_kept() -> None:
    """Delete scans that were kept as long as VEDETTE_SCAN_DAYS says."""
    with database.system():
        over = list(Scan.objects.filter(keep_until__lt=clock.now()).values_list("tenant_id", "id")[:500])
    for tenant_id, scan_id in over:
        try:
            intake.delete(tenant_id, scan_id, SYSTEM)
        except Exception:
            log.exception("Scan %s cannot be deleted; the next sweep tries again", scan_id)


def sweep_files() -> None:
    """Delete files of uploads that were cut off, and of scans that are over."""
    with database.system():
        wanted = set(Scan.objects.exclude(stored_as="").values_list("stored_as", flat=True))
    for name in uploads.left_over(wanted):
        uploads.delete(name)
        log.info("Deleted what was left of an upload")
