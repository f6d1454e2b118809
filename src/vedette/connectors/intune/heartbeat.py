"""The heartbeat (C1): proves the whole path to Microsoft, changes nothing there, and is stored.

A fresh token, one read, a probe of each write permission on an object ID that cannot exist (403 = missing,
404 = granted), and the age of the oldest unsent change.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from vedette.connectors import errors
from vedette.connectors.errors import Problem
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.settings_read import connector_of, standing
from vedette.connectors.intune.standing import connector_state
from vedette.connectors.models import Delivery
from vedette.connectors.signals import connector_state_changed
from vedette.events.log import Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, GraphError, TokenError
from vedette.tenants.models import Tenant

NOBODY: Final = "00000000-0000-4000-8000-000000000000"
NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
UNAUTHORIZED: Final = 401
# Consent that is gone shows as a token without roles (403 on a read) or as no token at all.
CONSENT_CODES: Final = frozenset({"65001", "700016", "7000112"})


@dataclass
class Beat:
    """What one heartbeat found. ``ok`` says that Microsoft answered; ``fault`` names what is missing."""

    ok: bool = False
    fault: str = ""
    message: str = ""
    consent_withdrawn: bool = False
    steps: dict[str, str] = field(default_factory=dict)
    request_id: str = ""


def beat(tenant_id: uuid.UUID) -> Beat:
    """Send one heartbeat, store its result, and tell people when the connector's state changes by it."""
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
    result = probe(Graph(entra_tenant_id))
    _store(tenant_id, result)
    return result


def probe(graph: Graph) -> Beat:
    """Walk the path to Microsoft without changing anything there."""
    result = Beat()
    try:
        graph.fresh_token()
        result.steps["access"] = "ok"
        graph.get("/groups", select="id", top=1)
        result.steps["read"] = "ok"
        result.ok = True
        _probe_write(graph, result)
    except TokenError as error:
        result.steps["access"] = "failed"
        result.fault, result.message = f"AADSTS{error.code}", str(error)
        result.consent_withdrawn = str(error.code) in CONSENT_CODES
    except GraphError as error:
        step = "write" if result.ok else "read"
        result.steps[step] = "failed"
        result.fault, result.message, result.request_id = error.code, str(error), error.request_id
        result.consent_withdrawn = step == "read" and error.status in {UNAUTHORIZED, FORBIDDEN}
    return result


def _probe_write(graph: Graph, result: Beat) -> None:
    try:
        graph.patch(f"/devices/{NOBODY}", {"extensionAttributes": {}}, idempotent=True)
    except GraphError as error:
        if error.status == NOT_FOUND:
            result.steps["write"] = "ok"
            return
        if error.status != FORBIDDEN:
            raise
        result.steps["write"] = "missing"
        result.fault = "write_permission_missing"
        result.message, result.request_id = str(error), error.request_id
    else:
        result.steps["write"] = "ok"


def _store(tenant_id: uuid.UUID, result: Beat) -> None:
    now = clock.now()
    with database.writer(tenant_id):
        connector = IntuneConnector.objects.select_for_update().get(pk=connector_of(tenant_id).pk)
        connector.heartbeat_tried_at = now
        connector.next_heartbeat_at = now + timedelta(minutes=connector.heartbeat_minutes)
        if result.ok:
            connector.last_heartbeat_at, connector.heartbeat_missed = now, 0
        else:
            connector.heartbeat_missed += 1
        connector.heartbeat_detail = {
            "steps": result.steps,
            "fault": result.fault,
            "message": result.message,
            "consent_withdrawn": result.consent_withdrawn,
            "request_id": result.request_id,
            "oldest_unsent_seconds": _oldest_unsent(now),
        }
        connector.save()
        restate(connector)
    if result.fault:
        problem = Problem(
            result.fault,
            result.message,
            explanation=_("The heartbeat did not get through to Microsoft as it should."),
            next_step=next_step(result),
            detail={"steps": result.steps, "request_id": result.request_id},
        )
        errors.record(tenant_id, "intune", problem, recipients=connector.error_emails)


def next_step(result: Beat) -> str:
    """Say who can mend what the heartbeat found."""
    if result.consent_withdrawn:
        return _("Consent is missing: a Global Administrator opens the consent link again and accepts.")
    if result.fault == "write_permission_missing":
        return _("Device.ReadWrite.All is not granted: a Global Administrator accepts the consent again.")
    return _("Nothing to do if it passes: the next heartbeat tries again. Look at the network if it stays.")


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
        recipients=list(connector.error_emails),
    )


def _oldest_unsent(now: datetime) -> float | None:
    oldest = (
        Delivery.objects.filter(status__in=[Delivery.Status.DUE, Delivery.Status.LEASED])
        .order_by("requested_at")
        .values_list("requested_at", flat=True)
        .first()
    )
    return (now - oldest).total_seconds() if oldest else None
