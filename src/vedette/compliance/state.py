"""The state of devices: computed by set in SQL, written with its change, event and signal.

Everything that can alter a state ends in `decide_devices`. The SQL says what `verdict.decide` says; a
Hypothesis test holds the two equal (design.md 2, rule 4).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection

from vedette.compliance import signals, verdict_sql
from vedette.compliance.models import StateChange
from vedette.devices.models import Device
from vedette.events.log import SYSTEM, Actor, Draft, Target, change, emit_all
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id

_BATCH: Final = 5000


@dataclass(frozen=True)
class _Decided:
    """A device whose state is another than before; `before` is empty for a new one."""

    device_id: UUID
    before: str
    state: str
    needs_it: bool
    reasons: list[dict[str, Any]]


def decide_devices(
    device_ids: Iterable[UUID],
    cause: str,
    detail: Mapping[str, Any] | None = None,
    *,
    report_ids: Mapping[UUID, UUID] | None = None,
    assessed_at: datetime | None = None,
    actor: Actor = SYSTEM,
) -> list[StateChange]:
    """Decide the state of these devices anew and write what changed; inside `database.writer`.

    `cause` is one word (StateChange.cause), `report_ids` the report behind each device's change,
    `assessed_at` is given when fresh facts were judged. Returns the changes in order of position.
    """
    ids = iter(sorted(set(device_ids)))
    changes: list[StateChange] = []
    while batch := list(islice(ids, _BATCH)):
        decided = _decide(batch, assessed_at)
        changes += _write(decided, cause, dict(detail or {}), report_ids or {}, actor)
    return changes


def _decide(device_ids: list[UUID], assessed_at: datetime | None) -> list[_Decided]:
    with connection.cursor() as cursor:
        cursor.execute(
            verdict_sql.VERDICTS + verdict_sql.KEEP,
            {
                **verdict_sql.parameters(devices=device_ids),
                "now": clock.now(),
                "assessed_at": assessed_at,
            },
        )
        # Django hands jsonb over as text where no model field reads it.
        return [
            _Decided(device_id, before, after, needs_it, json.loads(reasons))
            for device_id, before, after, needs_it, reasons in cursor.fetchall()
        ]


def _write(
    decided: list[_Decided],
    cause: str,
    detail: dict[str, Any],
    report_ids: Mapping[UUID, UUID],
    actor: Actor,
) -> list[StateChange]:
    if not decided:
        return []
    tenant_id, now = database.current_tenant(), clock.now()
    devices = Device.objects.defer("facts").in_bulk([item.device_id for item in decided])
    events = emit_all([_event(item, devices[item.device_id], cause, actor) for item in decided])
    changes = [
        StateChange(
            id=new_id(),
            tenant_id=tenant_id,
            device=devices[item.device_id],
            position=event.position,
            from_state=item.before,
            to_state=item.state,
            needs_it=item.needs_it,
            cause=cause,
            detail=detail,
            reasons=item.reasons,
            report_id=report_ids.get(item.device_id),
            changed_at=now,
        )
        for item, event in zip(decided, events, strict=True)
    ]
    StateChange.objects.bulk_create(changes)
    signals.states_changed.send(sender=StateChange, tenant_id=tenant_id, changes=changes)
    return changes


def _event(item: _Decided, device: Device, cause: str, actor: Actor) -> Draft:
    return Draft(
        action="device.state_changed",
        type=Event.Type.DEVICE,
        change_type="UPDATED" if item.before else "CREATED",
        actor=actor,
        target=Target("device", str(device.id), device.display_name),
        changes=[change("state", item.before or None, item.state)],
        detail={"cause": cause, "needs_it": item.needs_it, "reasons": item.reasons},
    )
