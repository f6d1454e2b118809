"""The state of devices: computed by set in SQL, written with its change, event and signal.

Everything that can alter a state ends in `decide_devices`. The SQL says what `verdict.decide` says; a
Hypothesis test holds the two equal (design.md 2, rule 4).
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection

from vedette.compliance import signals, telling, verdict_sql
from vedette.compliance.models import StateChange
from vedette.compliance.telling import Cause, Decided
from vedette.devices.models import Device
from vedette.events.log import SYSTEM, Actor, Draft, Target, change, emit_all
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id

_BATCH: Final = 5000


def decide_devices(
    device_ids: Iterable[UUID],
    cause: str,
    detail: Mapping[str, Any] | None = None,
    *,
    report_ids: Mapping[UUID, UUID] | None = None,
    assessed_at: datetime | None = None,
    actor: Actor = SYSTEM,
    watched: Cause | Mapping[UUID, Cause] | None = None,
) -> list[StateChange]:
    """Decide the state of these devices anew and write what changed; inside `database.writer`.

    `cause` is one word (StateChange.cause), `report_ids` the report behind each device's change,
    `assessed_at` is given when fresh facts were judged. `watched` names what the brake watches, for all
    devices or each: of the phones that it would newly block those beyond the limit are held. Returns the
    changes in order of position.
    """
    ids = iter(sorted(set(device_ids)))
    changes: list[StateChange] = []
    while batch := list(islice(ids, _BATCH)):
        decided = telling.hold_back(_decide(batch, assessed_at), watched)
        telling.end_what_is_over(decided)
        changes += _write(decided, cause, dict(detail or {}), report_ids or {}, actor)
    return changes


def _decide(device_ids: list[UUID], assessed_at: datetime | None) -> list[Decided]:
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
            Decided(device_id, before, before_told, after, told, needs_it, json.loads(reasons))
            for device_id, before, before_told, after, told, needs_it, reasons in cursor.fetchall()
        ]


def _write(
    decided: list[Decided],
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
            told=item.told,
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


def _event(item: Decided, device: Device, cause: str, actor: Actor) -> Draft:
    changes = [change("state", item.before or None, item.state)]
    if item.told != item.state or (item.before_told and item.before_told != item.before):
        changes.append(change("told", item.before_told or None, item.told))
    return Draft(
        action="device.state_changed",
        type=Event.Type.DEVICE,
        change_type="UPDATED" if item.before else "CREATED",
        actor=actor,
        target=Target("device", str(device.id), device.display_name),
        changes=changes,
        detail={"cause": cause, "needs_it": item.needs_it, "reasons": item.reasons},
    )
