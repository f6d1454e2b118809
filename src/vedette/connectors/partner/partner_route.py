"""Way 3 of E3: device health handed to the partner interface, where compliance policies read it.

An upload is accepted at once and worked on later; its outcome is asked for until it is known.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vedette.connectors import errors
from vedette.connectors.deliver import Result
from vedette.connectors.errors import Problem
from vedette.connectors.models import Delivery
from vedette.connectors.partner.client import PartnerClient, PartnerError
from vedette.connectors.partner.messages import health_message, threat_message, upload_body
from vedette.connectors.partner.models import PartnerLink, PartnerUpload
from vedette.foundation import clock, config, database
from vedette.foundation.graph import GraphError, TokenError
from vedette.foundation.ids import new_id
from vedette.tenants.models import Tenant
from vedette.threats.models import Threat

ROUTE: Final = "partner"
MOST_THREATS: Final = 500


class PartnerRoute:
    """Publishes `Delivery` rows of route `partner` as one upload per batch."""

    name = ROUTE
    batch = 400

    def publish(self, tenant_id: uuid.UUID, deliveries: Sequence[Delivery]) -> list[Result]:
        """Upload the health of these devices and the threats behind it; the outcome comes later."""
        with database.tenant(tenant_id):
            tenant = Tenant.objects.get(pk=tenant_id)
            messages = _messages(deliveries)
            upload = PartnerUpload.objects.create(
                id=new_id(),
                tenant_id=tenant_id,
                message_id=uuid.uuid4(),
                sent_at=clock.now(),
                deliveries=[
                    {"id": str(item.pk), "generation": item.generation, "value": item.desired}
                    for item in deliveries
                ],
            )
        body = upload_body(str(tenant.entra_tenant_id), messages, clock.now(), resync=False)
        try:
            PartnerClient(tenant.entra_tenant_id).upload(upload.message_id, body)
        except (PartnerError, GraphError, TokenError) as error:
            return _refused(tenant_id, upload, deliveries, error)
        return [
            Result(
                item.pk,
                item.generation,
                Delivery.Status.SENT,
                value=item.desired,
                request_id=str(upload.message_id),
            )
            for item in deliveries
        ]


def ask_after(tenant_id: uuid.UUID) -> int:
    """Ask what became of pending uploads and settle their deliveries; return how many are still pending."""
    with database.tenant(tenant_id):
        tenant = Tenant.objects.get(pk=tenant_id)
        pending = list(PartnerUpload.objects.filter(status=PartnerUpload.Status.PENDING))
    if not pending:
        return 0
    client = PartnerClient(tenant.entra_tenant_id)
    waiting = 0
    for upload in pending:
        answer = client.status(upload.message_id)
        if answer["status"] == "Pending":
            waiting += 1
            continue
        with database.tenant(tenant_id):
            _settle(upload, answer)
    return waiting


def _messages(deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
    now = clock.now()
    healths = [
        health_message(str(item.pk), str(item.entra_device_id), item.desired, now)
        for item in deliveries
        if item.entra_device_id
    ]
    by_device = {item.device_id: str(item.entra_device_id) for item in deliveries if item.device_id}
    threats = (
        Threat.objects.filter(device_id__in=by_device)
        .select_related("device")
        .order_by("-updated_at")[:MOST_THREATS]
    )
    base = config.current().public_url
    told = [
        threat_message(threat, by_device[threat.device_id], f"{base}/threats/{threat.pk}/")
        for threat in threats
    ]
    return healths + [message for message in told if message]


def _settle(upload: PartnerUpload, answer: Mapping[str, Any]) -> None:
    now = clock.now()
    failed = {
        str(item["messageId"]): f"{item.get('errorCode')}: {item.get('errorDetail')}"
        for item in answer.get("messages", [])
        if item.get("status") == "failed"
    }
    for item in upload.deliveries:
        rows = Delivery.objects.filter(
            pk=item["id"], generation=item["generation"], status=Delivery.Status.SENT
        )
        if item["id"] in failed:
            rows.update(status=Delivery.Status.FAILED, error_code="partner_refused", error=failed[item["id"]])
        else:
            rows.update(status=Delivery.Status.CONFIRMED, confirmed_at=now)
    upload.status = PartnerUpload.Status.FAILED if failed else PartnerUpload.Status.COMPLETED
    upload.error = "; ".join(sorted(set(failed.values())))[:1000]
    upload.checked_at = now
    upload.save(update_fields=["status", "error", "checked_at"])


def _refused(
    tenant_id: uuid.UUID, upload: PartnerUpload, deliveries: Sequence[Delivery], error: Exception
) -> list[Result]:
    code = str(getattr(error, "code", "partner_error"))
    with database.tenant(tenant_id):
        PartnerUpload.objects.filter(pk=upload.pk).update(
            status=PartnerUpload.Status.FAILED, error=str(error), checked_at=clock.now()
        )
        PartnerLink.objects.filter(tenant_id=tenant_id).update(error=str(error))
    errors.record(tenant_id, "partner", Problem(code, str(error)))
    return [
        Result(item.pk, item.generation, Delivery.Status.DUE, error_code=code, error=str(error))
        for item in deliveries
    ]
