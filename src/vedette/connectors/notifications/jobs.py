"""Jobs of change notifications: subscriptions are looked after, and polls run soon where something changed."""

import uuid
from typing import Final

from django.db.models import Q

from vedette.connectors.notifications import subscribing
from vedette.connectors.notifications.models import Subscription
from vedette.connectors.signals import directory_changed
from vedette.foundation import clock, database, jobs
from vedette.tenants.models import Tenant

EVERY_TWO_SECONDS: Final = "* * * * * */2"


@jobs.periodic(cron=EVERY_TWO_SECONDS)
def defer_notifications(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Defer what is due: a job already waiting is not doubled."""
    with database.system():
        consented = Tenant.objects.filter(status=Tenant.Status.CONSENTED).values("id")
        due = list(
            Subscription.objects.filter(Q(next_at__lte=clock.now()) | ~Q(tenant_id__in=consented))
            .values_list("tenant_id", flat=True)
            .distinct()
        )
        woken = list(
            Subscription.objects.filter(woken_at__isnull=False).values_list("tenant_id", flat=True).distinct()
        )
    for tenant_id in due:
        jobs.defer(keep_subscriptions, lock=f"subscriptions:{tenant_id}", tenant_id=str(tenant_id))
    for tenant_id in woken:
        jobs.defer(poll_soon, lock=f"wake:{tenant_id}", tenant_id=str(tenant_id))


@jobs.task_in(jobs.CALLING)
def keep_subscriptions(tenant_id: str) -> None:
    """Make, renew or delete what is due of one tenant."""
    tenant = uuid.UUID(tenant_id)
    with database.tenant(tenant):
        if Tenant.objects.filter(pk=tenant, status=Tenant.Status.DISCONNECTING).exists():
            Subscription.objects.filter(failures=0).update(next_at=clock.now())
    subscribing.keep(tenant)


@jobs.task
def poll_soon(tenant_id: str) -> None:
    """Have the next poll run now; while one is running the wish stays, since that one may have looked before."""
    with database.tenant(uuid.UUID(tenant_id)):
        woken = dict(Subscription.objects.filter(woken_at__isnull=False).values_list("pk", "woken_at"))
        if not woken:
            return
        taken = all(answer for _, answer in directory_changed.send(None, tenant_id=uuid.UUID(tenant_id)))
        for pk, woken_at in woken.items() if taken else ():
            # what was told meanwhile is a wish of its own
            Subscription.objects.filter(pk=pk, woken_at=woken_at).update(woken_at=None)
