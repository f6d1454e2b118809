"""What became of uploads: asked for, less and less often, until Intune has worked on them."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from vedette.connectors import deliver, errors, pushes
from vedette.connectors.errors import Problem
from vedette.connectors.models import Delivery
from vedette.connectors.partner.client import PartnerClient, PartnerError, Trouble
from vedette.connectors.partner.messages import takes_back
from vedette.connectors.partner.models import PartnerUpload
from vedette.connectors.partner.partner_route import ROUTE, advice
from vedette.foundation import clock, database, jobs
from vedette.tenants.models import Tenant

SOURCE: Final = "upload"
NOT_FOUND: Final = 404
# After so long without an outcome the upload counts as lost and its deliveries are sent again.
LOST_AFTER: Final = timedelta(minutes=10)
LONGEST_WAIT: Final = timedelta(minutes=1)
KEPT: Final = timedelta(days=7)


def due(upload: PartnerUpload, now: datetime) -> bool:
    """Pure: tell whether to ask again: at once, then each time after twice as long, at most a minute."""
    if upload.checked_at is None:
        return True
    return now - upload.checked_at >= min(upload.checked_at - upload.sent_at, LONGEST_WAIT)


def ask_after(tenant_id: uuid.UUID) -> int:
    """Ask what became of pending uploads and settle their deliveries; return how many are still pending."""
    now = clock.now()
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
        pending = list(PartnerUpload.objects.filter(status=PartnerUpload.Status.PENDING))
    client = PartnerClient(entra_tenant_id)
    waiting = 0
    for upload in pending:
        if not due(upload, now):
            waiting += 1
            continue
        answer = _ask(client, tenant_id, upload, now)
        with database.tenant(tenant_id):
            waiting += not _settle(upload, answer, now)
    if pending and not waiting:
        errors.passed(tenant_id, "partner", SOURCE, still=_refused_codes(tenant_id))
    return waiting


def forget_old(tenant_id: uuid.UUID) -> None:
    """Drop uploads whose outcome has been known for a week."""
    with database.tenant(tenant_id):
        PartnerUpload.objects.filter(sent_at__lt=clock.now() - KEPT).delete()


def retry_refused(tenant_id: uuid.UUID, after: timedelta) -> int:
    """Make due again what Intune refused longer than `after` ago: the device may be enrolled by now."""
    with database.tenant(tenant_id):
        refused = Delivery.objects.filter(
            route=ROUTE, status=Delivery.Status.FAILED, due_at__lt=clock.now() - after
        )
        count = refused.update(status=Delivery.Status.DUE, due_at=clock.now())
        if count:
            jobs.notify(deliver.CHANNEL)
        return count


def _ask(
    client: PartnerClient, tenant_id: uuid.UUID, upload: PartnerUpload, now: datetime
) -> Mapping[str, Any]:
    try:
        return client.status(upload.message_id)
    except Trouble as error:
        if isinstance(error, PartnerError) and error.status == NOT_FOUND:
            return {"status": "Lost"}
        with database.tenant(tenant_id):
            PartnerUpload.objects.filter(pk=upload.pk).update(checked_at=now)
        raise


def _settle(upload: PartnerUpload, answer: Mapping[str, Any], now: datetime) -> bool:
    """Write an outcome down; False when there is none yet."""
    upload.checked_at = now
    if answer["status"] == "Pending" and now - upload.sent_at < LOST_AFTER:
        upload.save(update_fields=["checked_at"])
        return False
    if answer["status"] in {"Pending", "Lost"}:
        _send_again(upload)
        upload.status, upload.error = (
            PartnerUpload.Status.FAILED,
            "Intune has lost this upload; it is sent again.",
        )
    else:
        failed = _failures(upload, answer.get("messages", []))
        _write(upload, failed, now)
        upload.status = PartnerUpload.Status.FAILED if failed else PartnerUpload.Status.COMPLETED
        upload.error = "; ".join(sorted({text for _code, text in failed.values()}))[:1000]
    upload.save(update_fields=["status", "error", "checked_at"])
    return True


def _failures(upload: PartnerUpload, messages: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Refused deliveries by ID, with code and text; taking back what Intune no longer has is no failure."""
    back = {str(item["id"]) for item in upload.deliveries if takes_back(item["value"])}
    return {
        str(item["messageId"]): (str(item.get("errorCode")), str(item.get("errorDetail")))
        for item in messages
        if item.get("status") == "failed"
        and not (item.get("errorCode") == "DeviceNotFound" and str(item["messageId"]) in back)
    }


def _write(upload: PartnerUpload, failed: Mapping[str, tuple[str, str]], now: datetime) -> None:
    for item in upload.deliveries:
        rows = Delivery.objects.filter(
            pk=item["id"], generation=item["generation"], status=Delivery.Status.SENT
        )
        code, text = failed.get(item["id"], ("", ""))
        identity = uuid.UUID(item["id"]), item["generation"]
        if code:
            rows.update(status=Delivery.Status.FAILED, error_code=code, error=text, due_at=now)
            pushes.refuse(*identity, code, text)
        else:
            rows.update(status=Delivery.Status.CONFIRMED, confirmed_at=now, error_code="", error="")
            pushes.confirm(*identity, now)
    deliver.forget_removed(item["id"] for item in upload.deliveries)
    by_code: dict[str, list[str]] = {}
    for code, text in failed.values():
        by_code.setdefault(code, []).append(text)
    for code, texts in by_code.items():
        problem = Problem(SOURCE, code, texts[0], advice(code), detail={"devices": len(texts)})
        errors.record(upload.tenant_id, "partner", problem, times=len(texts))


def _send_again(upload: PartnerUpload) -> None:
    for item in upload.deliveries:
        Delivery.objects.filter(
            pk=item["id"], generation=item["generation"], status=Delivery.Status.SENT
        ).update(status=Delivery.Status.DUE, due_at=clock.now())
    jobs.notify(deliver.CHANNEL)


def _refused_codes(tenant_id: uuid.UUID) -> set[str]:
    with database.tenant(tenant_id):
        failed = Delivery.objects.filter(route=ROUTE, status=Delivery.Status.FAILED)
        return set(failed.values_list("error_code", flat=True).distinct())
