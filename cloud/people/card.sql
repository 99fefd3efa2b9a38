-- The card of one home. Every statement carries the scope, each by itself: a forgotten one cannot hide behind
-- another. A home outside the scope gives no rows, exactly like a home that does not exist.

-- home --
select
    home.id,
    home.key,
    home.address,
    home.latitude,
    home.longitude,
    coalesce(bool_or(gateway.online), false) as online,
    max(gateway.state_at) as state_at
from home
left join gateway on gateway.home_id = home.id and gateway.revoked_at is null
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
group by home.id

-- resident --
select
    resident.id,
    resident.name,
    resident.birth_year,
    resident.sex,
    resident.lives_alone,
    resident.ability_level,
    resident.phone,
    resident.id_number,
    resident.notes
from resident
join home on home.id = resident.home_id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by resident.retired_at is not null, resident.id
limit 1

-- contacts --
select
    contact.rank,
    contact.name,
    contact.relation,
    contact.phone,
    contact.has_key,
    contact.locale
from contact
join home on home.id = contact.home_id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and contact.retired_at is null
order by contact.rank

-- devices --
select device.name, device.kind, device.room, device.last_at
from device
join gateway on gateway.id = device.gateway_id
join home on home.id = gateway.home_id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and device.retired_at is null
order by device.room, device.name

-- last_readings --
-- The last days are looked through; for what was not heard in them, the roll-up says on which day to look, so the cost
-- does not grow with the length of the history.
with recent as (
    select distinct on (device_id, quantity) device_id, quantity, quality, value, observed_at
    from reading_seen
    where home_id = %(home_id)s and observed_at >= %(recent)s
    order by device_id, quantity, observed_at desc
),
heard as (
    select device_id, quantity, max(bucket) as day
    from reading_1d_seen
    where home_id = %(home_id)s and (device_id, quantity) not in (select device_id, quantity from recent)
    group by device_id, quantity
),
last as (
    select device_id, quantity, quality, value, observed_at from recent
    union all
    select heard.device_id, heard.quantity, found.quality, found.value, found.observed_at
    from heard
    cross join lateral (
        select reading.quality, reading.value, reading.observed_at
        from reading_seen as reading
        where reading.home_id = %(home_id)s
          and reading.device_id = heard.device_id
          and reading.quantity = heard.quantity
          and reading.observed_at >= heard.day and reading.observed_at < heard.day + interval '24 hours'
        order by reading.observed_at desc
        limit 1
    ) as found
)
select device.name as device, last.quantity, last.quality, last.value, last.observed_at
from last
join device on device.id = last.device_id
join gateway on gateway.id = device.gateway_id
join home on home.id = gateway.home_id
where home.id = %(home_id)s
  and last.quantity = any(%(quantities)s::smallint[])
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by device.name, last.quantity

-- last_events --
select event.observed_at, coalesce(device.name, '') as device, event.kind, event.detail
from event_seen as event
join home on home.id = event.home_id
left join device on device.id = event.device_id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by event.observed_at desc
limit %(events)s
