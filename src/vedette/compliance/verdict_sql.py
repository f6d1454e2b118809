"""The SQL behind state.py: `verdict.decide` for a set of devices.

Parameters: tenant; devices (uuid[] or null for all); group (uuid or null for all); overlay (jsonb, risk by
classification, to try out another policy; `{}` for the one in force); needs_it; low, medium, high; agent; for KEEP
also now and assessed_at.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from vedette.foundation import database
from vedette.verdict import CLASSIFICATIONS, Risk
from vedette.verdict.findings import AGENT
from vedette.verdict.states import STRICTNESS

NEEDS_IT: Final = sorted(code for code, known in CLASSIFICATIONS.items() if known.needs_it)


def parameters(
    *,
    devices: Iterable[UUID] | None = None,
    group: UUID | None = None,
    overlay: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Return the parameters of VERDICTS for the open door's tenant."""
    return {
        "tenant": database.current_tenant(),
        "devices": None if devices is None else list(devices),
        "group": group,
        "overlay": json.dumps({code: int(risk) for code, risk in (overlay or {}).items()}),
        "needs_it": NEEDS_IT,
        "agent": AGENT,
        "low": int(Risk.LOW),
        "medium": int(Risk.MEDIUM),
        "high": int(Risk.HIGH),
    }


# The branches stand in the order of verdict.decide.
VERDICTS: Final = """
with target as materialized (
    select d.id, d.group_id, d.activation_status, d.disconnected_at, d.facts is not null as reported
    from devices_device d
    where d.tenant_id = %(tenant)s
      and (%(devices)s::uuid[] is null or d.id = any(%(devices)s::uuid[]))
      and (%(group)s::uuid is null or d.group_id = %(group)s::uuid)
),
rated as (
    select t.device_id, t.classification, t.key, t.origin,
           coalesce((%(overlay)s::jsonb ->> t.classification)::smallint, t.risk) as risk
    from threats_threat t
    join target on target.id = t.device_id
    where t.tenant_id = %(tenant)s and t.status = 'open'
),
threat as (
    select device_id, max(risk) as risk, max(risk) filter (where origin <> %(agent)s) as others,
           bool_or(risk = %(high)s and classification = any(%(needs_it)s::text[])) as needs_it,
           jsonb_agg(
               jsonb_build_object('code', 'threat', 'subject', classification, 'key', key, 'risk', risk)
               order by risk desc, classification collate "C", key collate "C") as reasons
    from rated group by device_id
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
        or ((f.classification = '*'
             or coalesce((%(overlay)s::jsonb ->> f.classification)::smallint, level.risk,
                         (%(overlay)s::jsonb ->> 'UNKNOWN')::smallint, other.risk, %(low)s) >= %(low)s)
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
               when target.activation_status <> 'PENDING' and target.disconnected_at is not null
                   then 'disconnected'
               when target.activation_status = 'PENDING' or not target.reported then
                   case when threat.others >= %(high)s then 'high' when threat.others = %(medium)s then 'medium'
                        when threat.others = %(low)s then 'low' else 'pending' end
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
                when lifecycle in ('not_activated', 'no_report') and state <> 'pending'
                then found || jsonb_build_array(jsonb_build_object(
                    'code', lifecycle, 'subject', '', 'key', '', 'risk', 0))
                else jsonb_build_array(jsonb_build_object(
                    'code', lifecycle, 'subject', '', 'key', '', 'risk', 0)) || found
           end as reasons
    from decided
)
"""


def _strictness(column: str) -> str:
    cases = " ".join(f"when '{state.value}' then {number}" for state, number in STRICTNESS.items())
    return f"(case {column} {cases} end)"


# What is told is the state, but for a release in force or a block that the brake holds (telling.py).
KEEP: Final = f"""
, telling as materialized (
    select reasoned.*,
           case
               when reasoned.state = 'deactivated' then reasoned.state
               when freed.id is not null then 'secured'
               when {_strictness("reasoned.state")} > {_strictness("held.told")} then held.told
               else reasoned.state
           end as told
    from reasoned
    left join compliance_release freed on freed.tenant_id = %(tenant)s and freed.device_id = reasoned.id
         and freed.ended_at is null and freed.until > %(now)s
    left join compliance_newblock held on held.tenant_id = %(tenant)s and held.device_id = reasoned.id
         and held.held and held.ended_at is null
),
kept as (
    insert into compliance_devicestate as known
        (device_id, tenant_id, state, told, risk, needs_it, since, assessed_at, reasons)
    select id, %(tenant)s, state, told, risk, needs_it, %(now)s, %(assessed_at)s::timestamptz, reasons
    from telling
    on conflict (device_id) do update
    set state = excluded.state, told = excluded.told, risk = excluded.risk, needs_it = excluded.needs_it,
        reasons = excluded.reasons,
        since = case when known.state = excluded.state then known.since else excluded.since end,
        assessed_at = coalesce(excluded.assessed_at, known.assessed_at)
    where excluded.assessed_at is not null
       or (known.state, known.told, known.risk, known.needs_it, known.reasons)
          is distinct from (excluded.state, excluded.told, excluded.risk, excluded.needs_it, excluded.reasons)
)
select telling.id, coalesce(before.state, ''), coalesce(before.told, ''), telling.state, telling.told,
       telling.needs_it, telling.reasons
from telling
left join compliance_devicestate before on before.device_id = telling.id
where before.state is distinct from telling.state or before.told is distinct from telling.told
   or (telling.state = 'high' and before.needs_it <> telling.needs_it)
order by telling.id
"""  # noqa: S608 - only our own numbers are written in

PREVIEW: Final = """
select coalesce(before.state, ''), reasoned.state, count(*)
from reasoned
left join compliance_devicestate before on before.device_id = reasoned.id
group by 1, 2
"""
