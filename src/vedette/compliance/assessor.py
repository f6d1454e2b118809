"""The loop that assesses: woken by each batch of reports, looks by itself every few seconds."""

import logging
import threading
from time import monotonic
from typing import Final
from uuid import UUID

from django.db import DatabaseError, close_old_connections

from vedette.compliance import inbox
from vedette.compliance.assess import assess, reassess
from vedette.devices.models import REPORT_CHANNEL
from vedette.foundation import database, jobs
from vedette.tenants.models import Tenant

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
# Intelligence, parameters and the day change seldom; a few seconds after such a change is soon enough.
REVIEW_SECONDS: Final = 5.0


def run(stop: threading.Event) -> None:
    """Assess whatever arrives until `stop` is set; a tenant that fails does not stop the others."""
    reviewed_at = 0.0
    for _ in jobs.listen([REPORT_CHANNEL], timeout=LOOK_SECONDS, stop=stop):
        close_old_connections()
        try:
            drain(stop)
            if monotonic() - reviewed_at >= REVIEW_SECONDS:
                review(stop)
                reviewed_at = monotonic()
        except DatabaseError:
            log.warning("The assessor cannot reach the database; it tries again", exc_info=True)


def drain(stop: threading.Event | None = None) -> int:
    """Assess until no report waits; return how many were closed."""
    closed, failed = 0, set[UUID]()
    while tenants := [t for t in inbox.tenants_waiting() if t not in failed]:
        for tenant_id in tenants:
            if stop and stop.is_set():
                return closed
            done = _try(tenant_id)
            if not done:
                failed.add(tenant_id)
            closed += done
    return closed


def review(stop: threading.Event | None = None) -> int:
    """Judge anew what rests on older grounds, one batch of each tenant, then what has arrived meanwhile."""
    with database.system():
        tenants = list(Tenant.objects.values_list("id", flat=True))
    judged = 0
    for tenant_id in tenants:
        while not (stop and stop.is_set()):
            try:
                done = reassess(tenant_id).devices
            except Exception:
                log.exception("Devices of tenant %s cannot be judged anew", tenant_id)
                break
            judged += done
            if not done:
                break
            drain(stop)
    return judged


def _try(tenant_id: UUID) -> int:
    """Assess one batch; 0 means that the tenant's reports stay for the next look."""
    try:
        return assess(tenant_id).reports
    except Exception:
        log.exception("Reports of tenant %s cannot be assessed now; they stay in the inbox", tenant_id)
        return 0
