"""Deciding who is told what: threats by each administrator's preferences (E5), connector news by its addresses."""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.dispatch import receiver

from vedette.compliance.models import Brake
from vedette.compliance.signals import brake_pulled, threats_opened
from vedette.connectors import errors
from vedette.connectors.mail.models import Notification
from vedette.connectors.models import ConnectorError
from vedette.connectors.signals import connector_state_changed, error_appeared
from vedette.foundation import clock
from vedette.foundation.ids import new_id
from vedette.tenants.models import Administrator, Tenant
from vedette.threats.models import Threat
from vedette.verdict.risk import Risk

# The preference that asks for mail about a risk level; lower levels are never mailed.
PREFERENCE: Final = {Risk.HIGH: "notify_high", Risk.MEDIUM: "notify_medium", Risk.LOW: "notify_low"}
TROUBLED: Final = frozenset({"unresponsive", "error", "unavailable"})
# More threats at once than this are told in one mail: new intelligence may find hundreds in a minute.
MOST_MAILS: Final = 5
LISTED: Final = 20
_WANTS_ANY: Final = Q(notify_high=True) | Q(notify_medium=True) | Q(notify_low=True)


@receiver(threats_opened)
def tell_threats(tenant_id: uuid.UUID, threats: Sequence[Threat], **_signal: Any) -> None:
    """Owe mail about new threats to each administrator who asked for their risk level."""
    fallback = _language(tenant_id)
    rows: list[Notification] = []
    for person in Administrator.objects.filter(_WANTS_ANY):
        address = person.email or person.upn
        wanted = [threat for threat in threats if _wants(person, threat)]
        rows += _about(tenant_id, wanted, address, person.language or fallback)
    _keep(rows)


@receiver(brake_pulled)
def tell_brake(tenant_id: uuid.UUID, brake: Brake, held: int, **_signal: Any) -> None:
    """Owe a mail about the brake, once: to the addresses of Error Management, else to the primary contact."""
    contact = Tenant.objects.values_list("primary_contact", flat=True).get(pk=tenant_id)
    context = {"brake": str(brake.pk), "kind": brake.kind, "limit": brake.limit, "held": held}
    language, now = _language(tenant_id), clock.now()
    _keep(
        _row(tenant_id, "brake", str(brake.pk), address, language, context, now)
        for address in errors.recipients(tenant_id) or [contact]
    )


@receiver(error_appeared)
def tell_error(tenant_id: uuid.UUID, error: ConnectorError, **_signal: Any) -> None:
    """Owe a mail about a connector error to the addresses of Error Management."""
    context = {
        "connector": error.connector,
        "code": error.code,
        "message": error.message,
        "explanation": error.explanation,
        "next_step": error.next_step,
        "words": error.words,
    }
    assert error.mailed_at is not None
    _tell(tenant_id, "error", f"{error.pk}:{error.mailed_at.isoformat()}", context)


@receiver(connector_state_changed)
def tell_state(
    tenant_id: uuid.UUID,
    connector: str,
    before: str,
    after: str,
    message: str,
    next_step: str,
    **_signal: Any,
) -> None:
    """Owe a mail when a connector stops working or works again: once, on the change (C1)."""
    if not {before, after} & TROUBLED:
        return
    context = {"connector": connector, "before": before, "after": after}
    if after in TROUBLED:
        context |= {"message": message, "next_step": next_step}
    _tell(tenant_id, "state", f"{connector}:{after}:{clock.now().isoformat()}", context)


def _wants(person: Administrator, threat: Threat) -> bool:
    preference = PREFERENCE.get(Risk(threat.risk))
    return bool(preference and getattr(person, preference))


def _about(
    tenant_id: uuid.UUID, threats: Sequence[Threat], address: str, language: str
) -> list[Notification]:
    now = clock.now()
    if len(threats) <= MOST_MAILS:
        return [
            _row(tenant_id, "threat", str(threat.pk), address, language, _threat(threat), now)
            for threat in threats
        ]
    worst = sorted(threats, key=lambda threat: -threat.risk)
    context = {
        "count": len(threats),
        "by_risk": {str(risk): count for risk, count in Counter(threat.risk for threat in threats).items()},
        "threats": [_threat(threat) for threat in worst[:LISTED]],
    }
    reference = f"{min(str(threat.pk) for threat in threats)}:{len(threats)}"
    return [_row(tenant_id, "threats", reference, address, language, context, now)]


def _threat(threat: Threat) -> dict[str, Any]:
    return {
        "threat_id": str(threat.pk),
        "classification": threat.classification,
        "risk": threat.risk,
        "simulated": threat.simulated,
        "summary": threat.summary,
        "mend": threat.mend,
        "device_id": str(threat.device_id),
        "device": threat.device.display_name or threat.device.model,
        "owner": threat.device.owner_name or threat.device.owner_upn,
        "detected_at": threat.detected_at.isoformat(),
    }


def _tell(tenant_id: uuid.UUID, kind: str, reference: str, context: dict[str, Any]) -> None:
    language, now = _language(tenant_id), clock.now()
    _keep(
        _row(tenant_id, kind, reference, address, language, context, now)
        for address in errors.recipients(tenant_id)
    )


def _language(tenant_id: uuid.UUID) -> str:
    return Tenant.objects.values_list("language", flat=True).get(pk=tenant_id) or "en"


def _row(
    tenant_id: uuid.UUID,
    kind: str,
    reference: str,
    address: str,
    language: str,
    context: dict[str, Any],
    now: datetime,
) -> Notification:
    return Notification(
        id=new_id(),
        tenant_id=tenant_id,
        kind=kind,
        reference=reference,
        address=address,
        language=language,
        context=context,
        created_at=now,
        due_at=now,
    )


def _keep(rows: Iterable[Notification]) -> None:
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
