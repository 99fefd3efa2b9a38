-- What equipment needs: a list for whoever maintains it, not for the queue.

-- worklist --
-- What the rules have found and is open; gateways that are away; devices that were never heard. One row for each.
with own as (
    select h.id, h.address, h.division_code, town.name as area_name, coalesce(r.name, '') as resident
    from home h
    left join division town on town.code = rpad(left(h.division_code, 9), 12, '0')
    left join lateral (
        select name from resident where home_id = h.id order by retired_at is not null, id limit 1
    ) r on true
    where h.retired_at is null
      and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
),
needed as (
    select i.home_id, i.kind as problem, i.opened_at as since, i.id as incident_id, '' as device, '' as kind, i.room,
        case when jsonb_typeof(i.evidence -> 'battery') = 'number' then (i.evidence ->> 'battery')::float8 end as battery
    from incident i
    where i.closed_at is null and i.family = 'device'
    union all
    select g.home_id, 'gateway_away', g.state_at, null, g.id, 'gateway', '', null
    from gateway g
    where g.revoked_at is null and not g.online
      and not exists (
          select from incident i
          where i.home_id = g.home_id and i.closed_at is null and i.kind in ('gateway_silent', 'mains_lost')
      )
    union all
    select g.home_id, 'never_heard', null, null, d.name, d.kind, d.room, null
    from device d join gateway g on g.id = d.gateway_id
    where d.retired_at is null and g.revoked_at is null and d.last_at is null
)
select needed.*, own.address, coalesce(own.area_name, '') as area_name, own.resident, count(*) over () as total
from needed join own on own.id = needed.home_id
where %(problem)s::text is null or problem = %(problem)s
order by since nulls last, home_id, device
limit %(limit)s
