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
-- One probe of the index per device and quantity, so the cost does not grow with the length of the history.
select
    device.name as device,
    last.quantity,
    last.quality,
    last.value,
    last.observed_at
from home
join gateway on gateway.home_id = home.id
join device on device.gateway_id = gateway.id
cross join unnest(%(quantities)s::smallint[]) as wanted (quantity)
cross join lateral (
    select reading.quantity, reading.quality, reading.value, reading.observed_at
    from reading_seen as reading
    where reading.home_id = home.id
      and reading.device_id = device.id
      and reading.quantity = wanted.quantity
    order by reading.observed_at desc
    limit 1
) as last
where home.id = %(home_id)s
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
