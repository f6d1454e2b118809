"""The heartbeat (C1): proves the whole path to Microsoft, is stored, and is told once when things change."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_noop as _

from vedette.connectors import deliver, errors
from vedette.connectors.errors import Advice, Problem
from vedette.connectors.intune import probe
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.probe import Beat
from vedette.connectors.intune.settings_read import connector_of, standing
from vedette.connectors.intune.standing import connector_state
from vedette.connectors.signals import connector_state_changed
from vedette.events.log import Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, Patience
from vedette.tenants.models import Tenant

SOURCE: Final = "heartbeat"
# A heartbeat says how things are now; the next one comes by itself.
PATIENCE: Final = Patience(attempts=2, seconds=10.0)
_EXPLANATION: Final = _("The heartbeat did not get through to Microsoft as it should.")


def beat(tenant_id: uuid.UUID) -> Beat:
    """Send one heartbeat, store its result, and tell people when the connector's state changes by it."""
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
    found = probe.walk(Graph(entra_tenant_id, patience=PATIENCE))
    _store(tenant_id, found)
    return found


def _store(tenant_id: uuid.UUID, found: Beat) -> None:
    now = clock.now()
    code = found.fault or found.lacking
    with database.writer(tenant_id):
        connector = IntuneConnector.objects.select_for_update().get(pk=connector_of(tenant_id).pk)
        connector.heartbeat_tried_at = now
        connector.next_heartbeat_at = now + timedelta(minutes=connector.heartbeat_minutes)
        if found.answered:
            connector.last_heartbeat_at, connector.heartbeat_missed = now, 0
        else:
            connector.heartbeat_missed += 1
        connector.heartbeat_detail = _detail(found, connector.heartbeat_detail, now)
        connector.save()
        restate(connector)
        if code:
            problem = Problem(
                SOURCE,
                code,
                found.message,
                # People are told by the change of state, once; the error itself is only listed.
                Advice(_EXPLANATION, found.next_step, mail_after=None),
                detail={"steps": found.steps, "request_id": found.request_id},
            )
            errors.record(tenant_id, "intune", problem)
        errors.passed(tenant_id, "intune", SOURCE, still={code})


def _detail(found: Beat, before: dict[str, object], now: datetime) -> dict[str, object]:
    """What is kept of a heartbeat; what Microsoft said last stays true while it says nothing."""
    told = found.answered or found.consent_withdrawn
    return {
        "steps": found.steps,
        "fault": found.fault,
        "lacking": found.lacking if told else before.get("lacking", ""),
        "consent_withdrawn": found.consent_withdrawn if told else before.get("consent_withdrawn", False),
        "message": found.message,
        "next_step": found.next_step,
        "request_id": found.request_id,
        "oldest_unsent_seconds": _oldest_unsent(now),
    }


def restate(connector: IntuneConnector) -> None:
    """Derive the connector's state anew; on a change, one audit event and one word to people."""
    before = connector.state
    state, reason = connector_state(standing(connector))
    if (state, reason) == (before, connector.state_reason):
        return
    connector.state, connector.state_reason = state, reason
    connector.save(update_fields=["state", "state_reason"])
    if state == before:
        return
    emit(
        Draft(
            "connector.state_changed",
            target=Target("connector", "intune", "Intune"),
            changes=[change("state", before, state)],
            detail={"reason": reason},
        )
    )
    connector_state_changed.send(
        IntuneConnector,
        tenant_id=connector.tenant_id,
        connector="intune",
        before=before,
        after=state,
        reason=reason,
        message=connector.heartbeat_detail.get("message", ""),
        next_step=connector.heartbeat_detail.get("next_step", ""),
    )


def _oldest_unsent(now: datetime) -> float | None:
    oldest = deliver.waiting().order_by("requested_at").values_list("requested_at", flat=True).first()
    return max(0.0, (now - oldest).total_seconds()) if oldest else None
