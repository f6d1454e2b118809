"""SQL of the deliveries: one statement for any number of devices. `%(owed)s` and `%(results)s` are JSON lists.

Rows are locked in order of device, as everywhere, so that what is owed and what is settled never deadlock.
"""

from typing import Final

LEFT_BEHIND: Final = """
insert into connectors_delivery
    (id, tenant_id, route, device_id, desired, sent, place, before, status, generation, due_at, attempts,
     error_code, error, request_id, requested_at, sent_at, entra_object_id, entra_device_id, owner_oid)
select gen_random_uuid(), d.tenant_id, d.route, null, '', d.sent, d.place, d.before, 'due', 1, %(now)s, 0,
       '', '', '', %(now)s, d.sent_at, d.entra_object_id, d.entra_device_id, d.owner_oid
from jsonb_to_recordset(%(owed)s::jsonb) as o(id uuid, device_id uuid, value text, state_change_id uuid)
join devices_device dev on dev.tenant_id = %(tenant)s and dev.id = o.device_id
join connectors_delivery d
  on d.tenant_id = %(tenant)s and d.route = %(route)s and d.device_id = o.device_id
where case when %(by_owner)s then d.owner_oid is distinct from dev.owner_oid and d.owner_oid is not null
           else d.entra_object_id is distinct from dev.entra_object_id and d.entra_object_id is not null end
  and (coalesce(d.sent, '') <> '' or (
      d.place <> '' and (d.sent is null or d.desired <> '' or d.status in ('due', 'leased'))))
"""
"""Withdraw what was written, or may have been, to the Entra device, or for the person, that a device stood for
before."""

OWE: Final = """
insert into connectors_delivery as d
    (id, tenant_id, route, device_id, desired, before, status, generation, due_at, attempts,
     error_code, error, request_id, state_change_id, requested_at,
     entra_object_id, entra_device_id, owner_oid, place)
select o.id, %(tenant)s, %(route)s, o.device_id, o.value, '', 'due', 1, %(due_at)s, 0, '', '', '',
       o.state_change_id, %(now)s, dev.entra_object_id, dev.entra_device_id, dev.owner_oid, ''
from jsonb_to_recordset(%(owed)s::jsonb) as o(id uuid, device_id uuid, value text, state_change_id uuid)
join devices_device dev on dev.tenant_id = %(tenant)s and dev.id = o.device_id
where o.value <> '' or exists (
    select 1 from connectors_delivery x
    where x.tenant_id = %(tenant)s and x.route = %(route)s and x.device_id = o.device_id)
order by o.device_id
on conflict (tenant_id, route, device_id) do update
set desired = excluded.desired, status = 'due', generation = d.generation + 1, due_at = excluded.due_at,
    attempts = 0, error_code = '', error = '',
    state_change_id = excluded.state_change_id, requested_at = excluded.requested_at,
    sent = case when (case when %(by_owner)s then d.owner_oid is distinct from excluded.owner_oid
                      else d.entra_object_id is distinct from excluded.entra_object_id end)
           then null else d.sent end,
    place = case when (case when %(by_owner)s then d.owner_oid is distinct from excluded.owner_oid
                       else d.entra_object_id is distinct from excluded.entra_object_id end)
            then '' else d.place end,
    entra_object_id = excluded.entra_object_id, entra_device_id = excluded.entra_device_id,
    owner_oid = excluded.owner_oid
where d.desired <> excluded.desired
   or (%(again)s and (excluded.desired <> '' or coalesce(d.sent, '') <> ''))
   or (case when %(by_owner)s then d.owner_oid is distinct from excluded.owner_oid
       else d.entra_object_id is distinct from excluded.entra_object_id end)
"""
"""The lease of a value on its way is kept: its write must end before the next begins. What was withdrawn is not
withdrawn again."""

CLAIM: Final = """
with free as materialized (
    select d.id from connectors_delivery d
    where d.tenant_id = %(tenant)s and d.route = %(route)s
      and ((d.status = 'due' and d.due_at <= %(now)s) or d.status = 'leased')
      and (d.lease_until is null or d.lease_until < %(now)s)
    order by d.due_at limit %(limit)s
    for update of d skip locked
), taken as (
    update connectors_delivery as d
    set status = 'leased', lease_until = %(lease_until)s, attempts = d.attempts + 1
    from free where d.tenant_id = %(tenant)s and d.id = free.id
    returning d.id, d.route, d.generation, d.attempts, d.desired, d.place, d.before, d.error_code, d.due_at,
              d.requested_at, d.lease_until, d.sent, d.sent_at, d.device_id, d.entra_object_id, d.entra_device_id,
              d.owner_oid, d.state_change_id
)
select coalesce(json_agg(taken order by taken.due_at), '[]')::text from taken
"""

FORESEE: Final = """
with r as (
    select * from jsonb_to_recordset(%(planned)s::jsonb)
        as r(id uuid, generation bigint, lease_until timestamptz, place text)
), held as materialized (
    select d.id
    from connectors_delivery d
    join r on d.id = r.id and d.lease_until = r.lease_until and d.generation = r.generation
    where d.tenant_id = %(tenant)s
    order by d.device_id, d.id
    for no key update of d
)
update connectors_delivery as d
set place = r.place
from r, held
where d.tenant_id = %(tenant)s and d.id = held.id and d.id = r.id
  and d.lease_until = r.lease_until and d.generation = r.generation
returning d.id
"""

SETTLE: Final = """
with r as materialized (
    select * from jsonb_to_recordset(%(results)s::jsonb)
        as r(id uuid, generation bigint, lease_until timestamptz, status text, arrived boolean,
             untouched boolean, news boolean, changed boolean, value text, place text, before text,
             request_id text, error_code text, error text, due_at timestamptz,
             push_id uuid, device_id uuid, entra_object_id uuid, owner_oid uuid, push_place text,
             push_before text, push_after text, requested_at timestamptz, state_change_id uuid)
), held as materialized (
    select d.id
    from connectors_delivery d
    join r on d.id = r.id and d.lease_until = r.lease_until
    where d.tenant_id = %(tenant)s
    order by d.device_id, d.id
    for no key update of d
), settled as (
    update connectors_delivery as d
    set sent = case when r.arrived then r.value else d.sent end,
        sent_at = case when r.arrived then %(now)s else d.sent_at end,
        confirmed_at = case when r.status = 'confirmed' then %(now)s else d.confirmed_at end,
        place = coalesce(r.place, d.place),
        before = coalesce(r.before, d.before),
        request_id = coalesce(nullif(r.request_id, ''), d.request_id),
        attempts = greatest(0, d.attempts - r.untouched::int),
        status = case when d.generation = r.generation then r.status else d.status end,
        due_at = case when d.generation = r.generation then r.due_at else d.due_at end,
        error_code = case when d.generation = r.generation and not r.untouched then r.error_code else d.error_code end,
        error = case when d.generation = r.generation and not r.untouched then r.error else d.error end,
        lease_until = null
    from r, held
    where d.tenant_id = %(tenant)s and d.id = held.id and d.id = r.id and d.lease_until = r.lease_until
    returning d.id, d.device_id
), noted as (
    insert into connectors_push
        (id, tenant_id, route, delivery_id, generation, device_id, entra_object_id, owner_oid, place, before, after,
         outcome, requested_at, tried_at, sent_at, confirmed_at, request_id, state_change_id, cause, error_code, error)
    select r.push_id, %(tenant)s, %(route)s, r.id, r.generation, r.device_id, r.entra_object_id, r.owner_oid,
           r.push_place, r.push_before, r.push_after, r.status, r.requested_at, %(now)s,
           case when r.arrived then %(now)s end, case when r.status = 'confirmed' then %(now)s end,
           r.request_id, r.state_change_id, coalesce(c.cause, ''), r.error_code, r.error
    from settled
    join r on r.id = settled.id
    left join compliance_statechange c on c.tenant_id = %(tenant)s and c.id = r.state_change_id
    where r.news
), arrived as (
    insert into connectors_arrival (id, tenant_id, route, device_ids, at)
    select %(arrival)s, %(tenant)s, %(route)s, jsonb_agg(r.device_id), %(now)s
    from settled
    join r on r.id = settled.id
    where r.changed and r.device_id is not null
    having count(*) > 0
)
select id, device_id is null from settled
"""
"""What came of claimed deliveries: the rows, a push for each that is news, and whose value is another by now."""
