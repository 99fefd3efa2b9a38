-- What a family is shown of the homes they follow. Each statement carries the scope; who withdrew is no part of it.

-- followed --
select home.id as home_id, coalesce(resident.name, '') as resident
from home
left join lateral (
    select name from resident where resident.home_id = home.id order by retired_at is not null, id limit 1
) as resident on true
where home.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by home.id

-- withdrawn --
select home_id, since from family_withdrawn() order by home_id

-- home --
-- The home as the rules read it, and whom one calls.
select home.id as home_id, tenant.name as centre, tenant.phone as centre_phone, tenant.time_zone,
    coalesce(resident.name, '') as resident, coalesce(resident.phone, '') as phone,
    coalesce(resident.died_at, resident.retired_at) is not null as ended,
    plan.body - 'phones' as plan,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'id', gateway.id, 'heard_at', extract(epoch from gateway.state_at), 'online', gateway.online,
            'clock', gateway.state ->> 'clock', 'lanes', gateway.state -> 'lanes'
        ) order by gateway.id), '[]')
        from gateway where gateway.home_id = home.id and gateway.revoked_at is null
    ) as lines,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'id', device.id, 'name', device.name, 'kind', device.kind, 'room', device.room,
            'heard_at', extract(epoch from device.last_at)
        ) order by device.id), '[]')
        from device join gateway on gateway.id = device.gateway_id
        where gateway.home_id = home.id and device.retired_at is null and gateway.revoked_at is null
    ) as devices
from home
join tenant on tenant.id = home.tenant_id
left join plan on plan.home_id = home.id
left join lateral (
    select name, phone, died_at, retired_at from resident
    where resident.home_id = home.id order by retired_at is not null, id limit 1
) as resident on true
where home.id = %(home_id)s and home.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- signs --
-- As the rules read them (cloud/detect/rules/queries.sql), of what this reader may see.
with said as (
    select device_id, quantity, observed_at,
        case quantity
            when %(power)s then (value >= %(in_use_w)s)::int
            when %(body)s then (value >= %(body_percent)s)::int
            else value
        end as value
    from reading_seen as reading
    where reading.home_id = %(home_id)s and observed_at > %(since)s and observed_at <= %(until)s and quality = 0
        and tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or reading.home_id = any(%(homes)s))
        and (quantity = any(%(quantities)s) or device_id = any(%(by_hand)s)) and timeline_id is null
), marked as (
    select *, (
        lag(value) over one is distinct from value
        or quantity = any(%(lasting)s) and observed_at - lag(observed_at) over one > %(pause)s
    )::int as begins
    from said
    window one as (partition by device_id, quantity order by observed_at)
), numbered as (
    select *, sum(begins) over (partition by device_id, quantity order by observed_at) as run
    from marked
)
select device_id, quantity, value, min(observed_at) as at, max(observed_at) as until
from numbered
group by device_id, quantity, run, value

-- holes --
select unheard.since, unheard.until
from unheard join home on home.id = unheard.home_id
where unheard.home_id = %(home_id)s and unheard.until > %(since)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by unheard.until

-- visits --
select visit.began_at as at, visit.kind, coalesce(staff.name, '') as who
from visit left join staff on staff.id = visit.by_id
where visit.home_id = %(home_id)s and visit.began_at >= %(since)s and visit.way = 'home' and visit.seen is not false
  and visit.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or visit.home_id = any(%(homes)s))
order by visit.began_at

-- incidents --
-- Open ones, and those of the last days; a suspicion that the home itself took back within its own time is none, nor is
-- one about a worker who called for help for themselves.
select incident.id, incident.kind, incident.family, incident.priority, incident.state, incident.opened_at,
    incident.closed_at, incident.outcome,
    (
        select coalesce(jsonb_agg(jsonb_build_object('at', step.at, 'to_state', step.to_state) order by step.seq), '[]')
        from incident_event as step where step.incident_id = incident.id and step.from_state <> step.to_state
    ) as steps,
    exists (
        select from withheld
        where withheld.home_id = incident.home_id and withheld.standing and incident.kind = any(withheld.alarms)
    ) as kept_back
from incident
where incident.home_id = %(home_id)s and incident.state <> 'cancelled_local' and incident.family <> 'worker'
  and (incident.closed_at is null or incident.opened_at >= %(since)s)
  and incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))
order by incident.opened_at desc
limit %(most)s

-- looks --
select day, staff_id, name, role, n, last_at, emergency from looks_at_home(%(home_id)s, %(since)s, %(zone)s)
order by last_at desc
limit %(most)s
