"""The state of devices: computed by set in SQL, written with its change, event and signal.

Everything that can alter a state ends in `decide_devices`. The SQL says what `verdict.decide` says; a
Hypothesis test holds the two equal (design.md 2, rule 4).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection

from vedette.compliance import signals
from vedette.compliance.models import StateChange
from vedette.devices.models import Device
from vedette.events.log import SYSTEM, Actor, Draft, Target, change, emit_all
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id
from vedette.verdict import CLASSIFICATIONS, Risk

NEEDS_IT: Final = sorted(code for code, known in CLASSIFICATIONS.items() if known.needs_it)

_BATCH: Final = 5000
_RISKS: Final = {"low": int(Risk.LOW), "medium": int(Risk.MEDIUM), "high": int(Risk.HIGH)}


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
            _DECIDE,
            {
                "tenant": database.current_tenant(),
                "devices": device_ids,
                "needs_it": NEEDS_IT,
                "now": clock.now(),
                "assessed_at": assessed_at,
                **_RISKS,
            },
        )
        return [_Decided(*row) for row in cursor.fetchall()]


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


# The branches stand in the order of verdict.decide.
_DECIDE: Final = """
with target as materialized (
    select d.id, d.group_id, d.activation_status, d.disconnected_at, d.facts is not null as reported
    from devices_device d
    where d.tenant_id = %(tenant)s and d.id = any(%(devices)s::uuid[])
),
threat as (
    select t.device_id, max(t.risk) as risk,
           bool_or(t.risk = %(high)s and t.classification = any(%(needs_it)s::text[])) as needs_it,
           jsonb_agg(
               jsonb_build_object(
                   'code', 'threat', 'subject', t.classification, 'key', t.key, 'risk', t.risk)
               order by t.risk desc, t.classification collate "C", t.key collate "C") as reasons
    from threats_threat t
    where t.tenant_id = %(tenant)s and t.status = 'open' and t.device_id = any(%(devices)s::uuid[])
    group by t.device_id
),
spot as (
    select distinct f.device_id, f.detector,
           case f.kind when 'failed' then 'detector_failed' else 'unanswered' end as code
    from compliance_detectorfailure f
    join target on target.id = f.device_id
    left join threats_policylevel level on level.tenant_id = %(tenant)s
         and level.group_id = target.group_id and level.classification = f.classification
    left join threats_policylevel other on other.tenant_id = %(tenant)s
         and other.group_id = target.group_id and other.classification = 'UNKNOWN'
    left join threats_policyparameters parameters on parameters.tenant_id = %(tenant)s
         and parameters.group_id = target.group_id
    where f.tenant_id = %(tenant)s and (
        f.kind = 'failed'
        or ((f.classification = '*' or coalesce(level.risk, other.risk, %(low)s) >= %(low)s)
            and not coalesce(parameters.may_stay_unknown ? f.detector, false)))
),
blind as (
    select device_id,
           jsonb_agg(
               jsonb_build_object('code', code, 'subject', detector, 'key', '', 'risk', 0)
               order by code, detector collate "C") as reasons
    from spot group by device_id
),
decided as materialized (
    select target.id, coalesce(threat.risk, 0) as risk, coalesce(threat.needs_it, false) as needs_it,
           case
               when target.activation_status = 'DEACTIVATED' then 'deactivated'
               when target.activation_status = 'PENDING' then 'pending'
               when target.disconnected_at is not null then 'disconnected'
               when not target.reported then 'pending'
               when threat.risk >= %(high)s then 'high'
               when threat.risk = %(medium)s then 'medium'
               when threat.risk = %(low)s then 'low'
               when blind.reasons is not null then 'misconfigured'
               else 'secured'
           end as state,
           case
               when target.activation_status = 'DEACTIVATED' then 'deactivated'
               when target.activation_status = 'PENDING' then 'not_activated'
               when target.disconnected_at is not null then 'disconnected'
               when not target.reported then 'no_report'
           end as lifecycle,
           coalesce(threat.reasons, '[]') || coalesce(blind.reasons, '[]') as found
    from target
    left join threat on threat.device_id = target.id
    left join blind on blind.device_id = target.id
),
reasoned as materialized (
    select id, state, risk, needs_it,
           case when lifecycle is null then found
                else jsonb_build_array(jsonb_build_object(
                    'code', lifecycle, 'subject', '', 'key', '', 'risk', 0)) || found
           end as reasons
    from decided
),
kept as (
    insert into compliance_devicestate as known
        (device_id, tenant_id, state, risk, needs_it, since, assessed_at, reasons)
    select id, %(tenant)s, state, risk, needs_it, %(now)s, %(assessed_at)s::timestamptz, reasons
    from reasoned
    on conflict (device_id) do update
    set state = excluded.state, risk = excluded.risk, needs_it = excluded.needs_it,
        reasons = excluded.reasons,
        since = case when known.state = excluded.state then known.since else excluded.since end,
        assessed_at = coalesce(excluded.assessed_at, known.assessed_at)
    where excluded.assessed_at is not null
       or (known.state, known.risk, known.needs_it, known.reasons)
          is distinct from (excluded.state, excluded.risk, excluded.needs_it, excluded.reasons)
)
select reasoned.id, coalesce(before.state, ''), reasoned.state, reasoned.needs_it, reasoned.reasons
from reasoned
left join compliance_devicestate before on before.device_id = reasoned.id
where before.state is distinct from reasoned.state
   or (reasoned.state = 'high' and before.needs_it <> reasoned.needs_it)
order by reasoned.id
"""
