"""Errors of connectors: counted, explained, and told once (requirement C5)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import F

from vedette.connectors.models import ConnectorError
from vedette.connectors.signals import error_appeared
from vedette.events.log import Actor, Draft, Target, emit
from vedette.foundation import clock, database

# An error that comes back after this long without a sign is news again.
NEWS_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Problem:
    """What went wrong, in words for the person who can mend it."""

    code: str
    message: str
    explanation: str = ""
    next_step: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def record(
    tenant_id: uuid.UUID, connector: str, problem: Problem, *, recipients: Sequence[str] = (), times: int = 1
) -> ConnectorError:
    """Count a problem; people are told when it is new, never each time it repeats."""
    now = clock.now()
    words = {
        "message": problem.message,
        "explanation": str(problem.explanation),
        "next_step": str(problem.next_step),
        "detail": dict(problem.detail),
        "last_seen_at": now,
    }
    with database.writer(tenant_id):
        known = ConnectorError.objects.filter(connector=connector, code=problem.code).first()
        if known is None:
            error = ConnectorError.objects.create(
                tenant_id=tenant_id,
                connector=connector,
                code=problem.code,
                first_seen_at=now,
                count=times,
                mailed_at=now,
                **words,
            )
            error_appeared.send(ConnectorError, tenant_id=tenant_id, error=error, recipients=list(recipients))
            return error
        is_news = now - known.last_seen_at > NEWS_AFTER
        changes = words | {"count": F("count") + times}
        if is_news:
            changes |= {"mailed_at": now, "acknowledged_at": None, "acknowledged_by": ""}
        ConnectorError.objects.filter(pk=known.pk).update(**changes)
        known.refresh_from_db()
        if is_news:
            error_appeared.send(ConnectorError, tenant_id=tenant_id, error=known, recipients=list(recipients))
        return known


def acknowledge(tenant_id: uuid.UUID, error_id: uuid.UUID, actor: Actor) -> None:
    """Note that somebody has seen an error; it stays listed until it is a day old. Raises DoesNotExist."""
    with database.writer(tenant_id):
        error = ConnectorError.objects.get(pk=error_id)
        error.acknowledged_at, error.acknowledged_by = clock.now(), actor.name
        error.save(update_fields=["acknowledged_at", "acknowledged_by"])
        emit(
            Draft(
                "connector.error_acknowledged",
                actor=actor,
                target=Target("connector", error.connector, error.code),
            )
        )
