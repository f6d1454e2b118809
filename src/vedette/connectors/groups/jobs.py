"""Jobs of the ways by group: the members in Entra are looked at every ten minutes, and when somebody asks."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from vedette.connectors.groups import look
from vedette.connectors.groups.models import GroupRoute
from vedette.foundation import clock, database, jobs
from vedette.tenants.models import Tenant

# A look that was under way when its worker died is taken up again after this long.
LIMIT: Final = timedelta(minutes=10)


@jobs.periodic(cron="* * * * * */2")
def defer_looks(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Defer a look for each way that is on and due."""
    with database.system():
        consented = Tenant.objects.filter(status=Tenant.Status.CONSENTED).values("id")
        due = GroupRoute.objects.filter(_due(clock.now()), enabled=True, tenant_id__in=consented)
        found = list(due.values_list("tenant_id", "route"))
    for tenant_id, route in found:
        jobs.defer(look_at_groups, lock=f"groups:{tenant_id}:{route}", tenant_id=str(tenant_id), route=route)


@jobs.task_in(jobs.READING)
def look_at_groups(tenant_id: str, route: str) -> None:
    """Look at one tenant's groups of one way, if it is still due."""
    tenant, now = uuid.UUID(tenant_id), clock.now()
    with database.tenant(tenant):
        won = GroupRoute.objects.filter(_due(now), route=route, enabled=True).update(looking_since=now)
    if won:
        look.look(tenant, route)


def _due(now: datetime) -> Q:
    free = Q(looking_since__isnull=True) | Q(looking_since__lt=now - LIMIT)
    return free & (Q(next_look_at__isnull=True) | Q(next_look_at__lte=now))
