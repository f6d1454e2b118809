"""Jobs of the partner adapter: heartbeats, and asking what became of uploads."""

import uuid
from datetime import timedelta
from typing import Final

from django.db.models import Q

from vedette.connectors import errors
from vedette.connectors.errors import Problem
from vedette.connectors.partner import switch, uploads
from vedette.connectors.partner.client import PartnerClient, Trouble, code_of
from vedette.connectors.partner.models import PartnerLink, PartnerUpload
from vedette.connectors.partner.partner_route import advice
from vedette.connectors.signals import values_stale
from vedette.events.log import SYSTEM
from vedette.foundation import clock, database, jobs
from vedette.tenants.models import Tenant

EVERY_TWO_SECONDS: Final = "* * * * * */2"
HEARTBEAT_EVERY: Final = timedelta(minutes=10)
RETRY_REFUSED_AFTER: Final = timedelta(hours=1)
SOURCE: Final = "heartbeat"


@jobs.periodic(cron=EVERY_TWO_SECONDS)
def defer_partner_work(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Defer a heartbeat where one is due, and a question where an upload is pending."""
    now = clock.now()
    silent = Q(heartbeat_tried_at__isnull=True) | Q(heartbeat_tried_at__lt=now - HEARTBEAT_EVERY)
    with database.system():
        beating = set(PartnerLink.objects.filter(silent, enabled=True).values_list("tenant_id", flat=True))
        pending = PartnerUpload.objects.filter(status=PartnerUpload.Status.PENDING).defer("deliveries")
        asking = {upload.tenant_id for upload in pending if uploads.due(upload, now)}
        leaving = Tenant.objects.filter(status=Tenant.Status.DISCONNECTING).values("id")
        ending = set(
            PartnerLink.objects.filter(enabled=True, tenant_id__in=leaving).values_list(
                "tenant_id", flat=True
            )
        )
    for tenant_id in ending:
        jobs.defer(end_partner, lock=f"partner:{tenant_id}", tenant_id=str(tenant_id))
    for tenant_id in (beating | asking) - ending:
        jobs.defer(
            partner_work, lock=f"partner:{tenant_id}", tenant_id=str(tenant_id), beat=tenant_id in beating
        )


@jobs.task_in(jobs.CALLING)
def end_partner(tenant_id: str) -> None:
    """Withdraw the adapter of a tenant that is being disconnected: Intune forgets its reports at once."""
    tenant = uuid.UUID(tenant_id)
    try:
        switch.turn_off(tenant, SYSTEM)
    except Trouble as error:
        errors.record(tenant, "partner", Problem(SOURCE, code_of(error), str(error), advice(code_of(error))))


@jobs.task_in(jobs.CALLING)
def partner_work(tenant_id: str, *, beat: bool) -> None:
    """Send the heartbeat and ask after uploads of one tenant; trouble is recorded and tried again later."""
    tenant = uuid.UUID(tenant_id)
    if beat:
        _try(tenant, SOURCE)
    _try(tenant, uploads.SOURCE)


def _try(tenant_id: uuid.UUID, source: str) -> None:
    try:
        (send_heartbeat if source == SOURCE else uploads.ask_after)(tenant_id)
    except Trouble as error:
        with database.tenant(tenant_id):
            PartnerLink.objects.filter(tenant_id=tenant_id).update(error=str(error))
        code = code_of(error)
        errors.record(tenant_id, "partner", Problem(source, code, str(error), advice(code)))


def send_heartbeat(tenant_id: uuid.UUID) -> None:
    """Give a sign of life; when Intune asks for a resync, every device's health is owed again, once."""
    now = clock.now()
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
        PartnerLink.objects.filter(tenant_id=tenant_id).update(heartbeat_tried_at=now)
    answer = PartnerClient(entra_tenant_id).heartbeat(now.isoformat())
    with database.writer(tenant_id):
        link = PartnerLink.objects.select_for_update().get(tenant_id=tenant_id)
        link.last_heartbeat_at, link.error = now, ""
        asked = bool(answer.get("resync")) and not link.resync_pending
        link.resync_pending = link.resync_pending or asked
        link.save(update_fields=["last_heartbeat_at", "error", "resync_pending"])
        if asked:
            values_stale.send(None, tenant_id=tenant_id, again=True, device_ids=None)
        errors.passed(tenant_id, "partner", SOURCE)
    uploads.retry_refused(tenant_id, RETRY_REFUSED_AFTER)
    uploads.forget_old(tenant_id)
