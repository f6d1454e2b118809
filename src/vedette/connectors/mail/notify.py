"""Deciding who is told what: threats by each administrator's preferences (E5), connector news by its addresses."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.dispatch import receiver

from vedette.compliance.signals import threats_opened
from vedette.connectors.mail.models import Notification
from vedette.connectors.models import ConnectorError
from vedette.connectors.signals import connector_state_changed, error_appeared
from vedette.foundation import clock
from vedette.foundation.ids import new_id
from vedette.tenants.models import Administrator, Tenant
from vedette.threats.models import Threat
from vedette.verdict.risk import Risk

# The preference that asks for mail about a risk level; lower levels are never mailed.
PREFERENCE = {Risk.HIGH: "notify_high", Risk.MEDIUM: "notify_medium", Risk.LOW: "notify_low"}


@receiver(threats_opened)
def tell_threats(tenant_id: uuid.UUID, threats: Sequence[Threat], **_signal: Any) -> None:
    """Owe a mail about each new threat to each administrator who asked for its risk level."""
    wanted = list(Administrator.objects.all())
    rows = []
    for threat in threats:
        preference = PREFERENCE.get(Risk(threat.risk))
        for person in wanted:
            address = person.email or person.upn
            if preference and address and getattr(person, preference):
                rows.append(
                    _row(tenant_id, "threat", str(threat.pk), address, person.language, _threat(threat))
                )
    _keep(rows)


@receiver(error_appeared)
def tell_error(
    tenant_id: uuid.UUID, error: ConnectorError, recipients: Sequence[str], **_signal: Any
) -> None:
    """Owe a mail about a connector error to the addresses of Error Management."""
    context = {
        "connector": error.connector,
        "code": error.code,
        "message": error.message,
        "explanation": error.explanation,
        "next_step": error.next_step,
    }
    reference = f"{error.pk}:{error.mailed_at.isoformat() if error.mailed_at else ''}"
    language = _language(tenant_id)
    _keep(_row(tenant_id, "error", reference, address, language, context) for address in recipients)


@receiver(connector_state_changed)
def tell_state(
    tenant_id: uuid.UUID,
    connector: str,
    before: str,
    after: str,
    reason: str,
    recipients: Sequence[str],
    **_signal: Any,
) -> None:
    """Owe a mail when a connector stops working or works again: once, on the change (C1)."""
    troubled = {"unresponsive", "error", "unavailable"}
    if not {before, after} & troubled:
        return
    context = {"connector": connector, "before": before, "after": after, "reason": reason}
    reference = f"{connector}:{after}:{clock.now().isoformat()}"
    language = _language(tenant_id)
    _keep(_row(tenant_id, "state", reference, address, language, context) for address in recipients)


def _threat(threat: Threat) -> dict[str, Any]:
    return {
        "threat_id": str(threat.pk),
        "classification": threat.classification,
        "risk": threat.risk,
        "summary": threat.summary,
        "mend": threat.mend,
        "device_id": str(threat.device_id),
        "device": threat.device.display_name or threat.device.model,
        "owner": threat.device.owner_name or threat.device.owner_upn,
        "detected_at": threat.detected_at.isoformat(),
    }


def _language(tenant_id: uuid.UUID) -> str:
    return Tenant.objects.values_list("language", flat=True).get(pk=tenant_id)


def _row(
    tenant_id: uuid.UUID, kind: str, reference: str, address: str, language: str, context: dict[str, Any]
) -> Notification:
    return Notification(
        id=new_id(),
        tenant_id=tenant_id,
        kind=kind,
        reference=reference,
        address=address,
        language=language or "en",
        context=context,
        due_at=clock.now(),
    )


def _keep(rows: Iterable[Notification]) -> None:
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
