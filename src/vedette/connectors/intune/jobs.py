"""Jobs of the Intune connector: every few seconds, polls and heartbeats are deferred for tenants that are due."""

import uuid
from datetime import datetime, timedelta

from django.db.models import Q

from vedette.connectors.intune import directory_poll, heartbeat, readings
from vedette.connectors.intune.models import IntuneConnector
from vedette.foundation import clock, database, jobs
from vedette.tenants.models import Tenant

EVERY_TWO_SECONDS = "* * * * * */2"
# A poll that was running when its worker died is taken up again after this long.
POLL_LIMIT = timedelta(minutes=30)


@jobs.periodic(cron=EVERY_TWO_SECONDS)
def defer_due(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Defer a poll and a heartbeat for each tenant that is due; a job already waiting is not doubled."""
    now = clock.now()
    with database.system():
        consented = Tenant.objects.filter(status=Tenant.Status.CONSENTED).values("id")
        connectors = IntuneConnector.objects.filter(saved_at__isnull=False, tenant_id__in=consented)
        beating = list(connectors.filter(_due("next_heartbeat_at", now)).values_list("tenant_id", flat=True))
        polling = list(
            connectors.filter(_due("next_poll_at", now))
            .filter(Q(poll_running_since__isnull=True) | Q(poll_running_since__lt=now - POLL_LIMIT))
            .values_list("tenant_id", flat=True)
        )
        reading = readings.due(now)
    for tenant_id in beating:
        jobs.defer(send_heartbeat, lock=f"heartbeat:{tenant_id}", tenant_id=str(tenant_id))
    for tenant_id in polling:
        jobs.defer(poll_directory, lock=f"poll:{tenant_id}", tenant_id=str(tenant_id))
    for tenant_id in reading:
        jobs.defer(read_microsoft, lock=f"reading:{tenant_id}", tenant_id=str(tenant_id))


@jobs.task_in(jobs.CALLING)
def send_heartbeat(tenant_id: str) -> None:
    """Send one tenant's heartbeat, if it is still due."""
    tenant = uuid.UUID(tenant_id)
    with database.tenant(tenant):
        due = IntuneConnector.objects.filter(_due("next_heartbeat_at", clock.now())).exists()
    if due:
        heartbeat.beat(tenant)


@jobs.task_in(jobs.READING)
def poll_directory(tenant_id: str) -> None:
    """Poll one tenant's directory, if it is still due."""
    tenant, now = uuid.UUID(tenant_id), clock.now()
    with database.tenant(tenant):
        # Taking the poll and noting it is one UPDATE: two workers cannot both win.
        won = IntuneConnector.objects.filter(
            _due("next_poll_at", now),
            Q(poll_running_since__isnull=True) | Q(poll_running_since__lt=now - POLL_LIMIT),
        ).update(poll_running_since=now)
    if won:
        directory_poll.poll(tenant)


@jobs.task_in(jobs.READING)
def read_microsoft(tenant_id: str) -> None:
    """Read what is due of one tenant's permissions, rules and connectors at Microsoft."""
    readings.read_due(uuid.UUID(tenant_id))


def _due(name: str, now: datetime) -> Q:
    return Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__lte": now})
