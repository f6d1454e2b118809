"""Way 3 of E3: device health handed to the partner interface, where compliance policies read it.

An upload is accepted at once and worked on later; `uploads.ask_after` learns its outcome.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from vedette.connectors.claimed import Claimed
from vedette.connectors.deliver import result
from vedette.connectors.errors import LASTING, Advice
from vedette.connectors.models import Delivery
from vedette.connectors.partner.client import PartnerClient, Trouble, code_of
from vedette.connectors.partner.messages import (
    Message,
    health_message,
    portions,
    threat_message,
    upload_body,
)
from vedette.connectors.partner.models import PartnerLink, PartnerUpload
from vedette.connectors.results import Result
from vedette.connectors.routes import Budget
from vedette.foundation import clock, config, database
from vedette.foundation.ids import new_id
from vedette.tenants.models import Tenant
from vedette.threats.models import Threat

ROUTE: Final = "partner"
_ADVICE: Final = {
    "DeviceNotFound": Advice(
        _("Intune does not manage some devices, so it takes no health report for them."),
        _("Enroll the phone in Intune; it is tried again every hour."),
        mail_after=None,
    ),
    "not_offered": Advice(
        _("This tenant's Intune offers no partner interface."),
        _("Turn the adapter off: it works against the lab only."),
    ),
    "Authorization_RequestDenied": Advice(
        _("Microsoft refuses health reports: update_device_health is not granted."),
        _("A Global Administrator opens the consent link again and accepts."),
    ),
    "TenantNotProvisioned": Advice(
        _("Intune has no connector for Vedette in this tenant any more."),
        _("Turn the adapter off and on again under Connectors."),
    ),
}
_PASSING: Final = Advice(
    _("The health of some devices could not be handed over."),
    _("Nothing to do if it passes: it is tried again by itself until it arrives."),
    mail_after=LASTING,
)


class PartnerRoute:
    """Publishes `Delivery` rows of route `partner` as one upload per batch."""

    name = ROUTE
    connector = "partner"
    batch = 400

    def publish(self, tenant_id: uuid.UUID, deliveries: Sequence[Claimed], _budget: Budget) -> list[Result]:
        """Upload the health of these devices and the threats behind it; the outcome comes later."""
        with database.tenant(tenant_id):
            tenant = Tenant.objects.get(pk=tenant_id)
            resync = PartnerLink.objects.filter(resync_pending=True).exists()
            messages = _messages(deliveries, clock.now())
            upload = _note(tenant_id, deliveries)
        client = PartnerClient(tenant.entra_tenant_id)
        identifier = upload.message_id
        try:
            for portion in portions(messages):
                body = upload_body(str(tenant.entra_tenant_id), portion, clock.now(), resync=resync)
                client.upload(identifier, body)
                # The first portion holds the health of all; the others only carry threats.
                identifier, resync = uuid.uuid4(), False
        except Trouble as error:
            return _refused(tenant_id, upload, deliveries, error)
        with database.tenant(tenant_id):
            PartnerLink.objects.filter(tenant_id=tenant_id).update(resync_pending=False, error="")
        return [
            result(item, Delivery.Status.SENT, value=item.desired, request_id=str(upload.message_id))
            for item in deliveries
        ]

    def advice(self, code: str) -> Advice:
        """Say in words what an error code means."""
        return advice(code)


def advice(code: str) -> Advice:
    """Return what is known about an error code; anything else is tried again by itself."""
    return _ADVICE.get(code, _PASSING)


def _note(tenant_id: uuid.UUID, deliveries: Sequence[Claimed]) -> PartnerUpload:
    return PartnerUpload.objects.create(
        id=new_id(),
        tenant_id=tenant_id,
        message_id=uuid.uuid4(),
        sent_at=clock.now(),
        deliveries=[
            {"id": str(item.pk), "generation": item.generation, "value": item.desired} for item in deliveries
        ],
    )


def _messages(deliveries: Sequence[Claimed], now: datetime) -> list[Message]:
    """The health of each device, then its threats: open ones, and those that ended since it was last told."""
    known = [item for item in deliveries if item.entra_device_id]
    messages = [health_message(str(item.pk), str(item.entra_device_id), item.desired, now) for item in known]
    by_device = {item.device_id: item for item in known if item.device_id and item.desired}
    threats = (
        Threat.objects.filter(~Q(status=Threat.Status.RESOLVED) | Q(updated_at__gte=_told_since(known)))
        .filter(device_id__in=by_device)
        .select_related("device")
        .order_by("device_id", "created_at")
    )
    base = config.current().public_url
    for threat in threats:
        delivery = by_device[threat.device_id]
        ended = threat.status == Threat.Status.RESOLVED
        if ended and (delivery.sent_at is None or threat.updated_at < delivery.sent_at):
            continue
        told = delivery.sent_at is not None and threat.created_at < delivery.sent_at
        url = f"{base}/threats/{threat.pk}/"
        message = threat_message(threat, str(delivery.entra_device_id), url, told=told)
        messages += [message] if message else []
    return messages


def _told_since(deliveries: Sequence[Claimed]) -> datetime:
    told = [item.sent_at for item in deliveries if item.sent_at]
    return min(told, default=clock.now())


def _refused(
    tenant_id: uuid.UUID, upload: PartnerUpload, deliveries: Sequence[Claimed], error: Exception
) -> list[Result]:
    with database.tenant(tenant_id):
        PartnerUpload.objects.filter(pk=upload.pk).update(
            status=PartnerUpload.Status.FAILED, error=str(error), checked_at=clock.now()
        )
        PartnerLink.objects.filter(tenant_id=tenant_id).update(error=str(error))
    return [
        result(item, Delivery.Status.DUE, error_code=code_of(error), error=str(error)) for item in deliveries
    ]
