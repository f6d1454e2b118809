"""Jobs of the partner adapter: heartbeats, and asking what became of uploads."""

import logging
import uuid
from datetime import timedelta

from django.db.models import Q

from vedette.connectors import errors
from vedette.connectors.errors import Problem
from vedette.connectors.partner.client import PartnerClient, PartnerError
from vedette.connectors.partner.models import PartnerLink, PartnerUpload
from vedette.connectors.partner.partner_route import ask_after
from vedette.connectors.signals import values_stale
from vedette.foundation import clock, database, jobs
from vedette.foundation.graph import GraphError, TokenError
from vedette.tenants.models import Tenant

log = logging.getLogger(__name__)

EVERY_TWO_SECONDS = "* * * * * */2"
HEARTBEAT_EVERY = timedelta(minutes=10)


@jobs.periodic(cron=EVERY_TWO_SECONDS)
def defer_partner_work(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Defer a heartbeat where one is due, and a question where an upload is pending."""
    stale = Q(last_heartbeat_at__isnull=True) | Q(last_heartbeat_at__lt=clock.now() - HEARTBEAT_EVERY)
    with database.system():
        beating = set(PartnerLink.objects.filter(stale, enabled=True).values_list("tenant_id", flat=True))
        asking = set(
            PartnerUpload.objects.filter(status=PartnerUpload.Status.PENDING).values_list(
                "tenant_id", flat=True
            )
        )
    for tenant_id in beating | asking:
        jobs.defer(
            partner_work, lock=f"partner:{tenant_id}", tenant_id=str(tenant_id), beat=tenant_id in beating
        )


@jobs.task
def partner_work(tenant_id: str, *, beat: bool) -> None:
    """Send the heartbeat and ask after uploads of one tenant; trouble is recorded, the next tick tries again."""
    tenant = uuid.UUID(tenant_id)
    try:
        if beat:
            send_heartbeat(tenant)
        ask_after(tenant)
    except (PartnerError, GraphError, TokenError) as error:
        errors.record(tenant, "partner", Problem(str(error.code), str(error)))


def send_heartbeat(tenant_id: uuid.UUID) -> None:
    """Give a sign of life; when Intune asks for a resync, every device's health is owed again."""
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
    answer = PartnerClient(entra_tenant_id).heartbeat(clock.now().isoformat())
    with database.writer(tenant_id):
        PartnerLink.objects.filter(tenant_id=tenant_id).update(last_heartbeat_at=clock.now(), error="")
        if answer.get("resync"):
            values_stale.send(None, tenant_id=tenant_id, again=True, device_ids=None)
