"""Writing the event log.

Every event gets the tenant's next position inside `database.writer(tenant)`, so position order is commit
order (design.md 2, rule 3). AUDIT events are chained: each carries the SHA-256 over its own content and the
hash before it, and the tenant's EventHead keeps the last hash, so that a changed, removed or inserted row
shows in `chain.verify`.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection

from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id

CHANNEL: Final = "vedette_event"
"""PostgreSQL notifies here with the tenant's ID once for each transaction that added to its log."""


@dataclass(frozen=True)
class Actor:
    """Who did it: an administrator, the operator, a device, or the service itself."""

    type: str
    id: str = ""
    name: str = ""


SYSTEM = Actor(Event.Actor.SYSTEM, "", "Vedette")


@dataclass(frozen=True)
class Target:
    """What it was done to."""

    type: str = ""
    id: str = ""
    name: str = ""


@dataclass(frozen=True)
class Draft:
    """An event before it has a position."""

    action: str
    type: str = Event.Type.AUDIT
    change_type: str = "UPDATED"
    actor: Actor = SYSTEM
    target: Target = field(default_factory=Target)
    changes: Sequence[Mapping[str, Any]] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)
    occurred_at: datetime | None = None


def change(attribute: str, before: object, after: object) -> dict[str, Any]:
    """Say what an attribute was and is. Never pass a secret."""
    return {"attribute": attribute, "from": before, "to": after}


def emit(draft: Draft) -> Event:
    """Append one event to the log of the open door's tenant; call inside `database.writer`."""
    return emit_all([draft])[0]


def emit_all(drafts: Sequence[Draft]) -> list[Event]:
    """Append several events, in order, with one look at the head."""
    if not drafts:
        return []
    tenant_id = database.current_tenant()
    first, audit_hash = _reserve(tenant_id, len(drafts))
    rows = []
    for position, draft in enumerate(drafts, start=first):
        row = _row(tenant_id, position, draft)
        if row.type == Event.Type.AUDIT:
            row.previous_hash = audit_hash
            audit_hash = digest(row)
            row.hash = audit_hash
        rows.append(row)
    Event.objects.bulk_create(rows)
    _keep(tenant_id, audit_hash)
    return rows


def digest(row: Event) -> bytes:
    """Hash the content of an audit row together with the hash before it (SHA-256, canonical JSON)."""
    content = {
        "position": row.position,
        "id": str(row.id),
        "action": row.action,
        "change_type": row.change_type,
        "occurred_at": row.occurred_at.isoformat(),
        "actor": [row.actor_type, row.actor_id, row.actor_name],
        "target": [row.target_type, row.target_id, row.target_name],
        "changes": row.changes,
        "detail": row.detail,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(bytes(row.previous_hash or b"") + text.encode()).digest()


def _reserve(tenant_id: uuid.UUID, count: int) -> tuple[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into events_eventhead as head (tenant_id, position, audit_hash) values (%s, %s, '') "
            "on conflict (tenant_id) do update set position = head.position + excluded.position "
            "returning position, audit_hash",
            [tenant_id, count],
        )
        last, audit_hash = cursor.fetchone()
    return last - count + 1, bytes(audit_hash)


def _keep(tenant_id: uuid.UUID, audit_hash: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "update events_eventhead set audit_hash = %s where tenant_id = %s returning pg_notify(%s, %s)",
            [audit_hash, tenant_id, CHANNEL, str(tenant_id)],
        )


def _row(tenant_id: uuid.UUID, position: int, draft: Draft) -> Event:
    # The JSON columns are rounded through JSON here, so that the hash sees what the database will give back.
    return Event(
        id=new_id(),
        tenant_id=tenant_id,
        position=position,
        type=draft.type,
        change_type=draft.change_type,
        action=draft.action,
        occurred_at=draft.occurred_at or clock.now(),
        actor_type=draft.actor.type,
        actor_id=draft.actor.id,
        actor_name=draft.actor.name,
        target_type=draft.target.type,
        target_id=draft.target.id,
        target_name=draft.target.name,
        changes=json.loads(json.dumps(list(draft.changes), default=str)),
        detail=json.loads(json.dumps(dict(draft.detail), default=str)),
    )
