-- Where somebody was noticed in a home. The views show only what the transaction may see; each statement carries the
-- scope all the same, so that it can be read alone.

-- home --
select home.id from home
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- tellers --
-- Devices that tell of a place.
select device.id, device.name, device.kind, device.room, device.last_at
from device
join gateway on gateway.id = device.gateway_id
join home on home.id = gateway.home_id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and device.retired_at is null
  and device.kind = any(%(kinds)s)
order by device.room, device.name

-- quarters --
-- Without what only says that nothing moved: that is a word (words), and no sign.
select device_id, quantity, bucket as at, n, sum, min, max
from reading_15m_seen as rolled
where rolled.home_id = %(home_id)s
  and tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or rolled.home_id = any(%(homes)s))
  and device_id = any(%(devices)s)
  and bucket >= %(begin)s and bucket < %(end)s
  and quantity = any(%(each)s || %(states)s) and (max > 0 or quantity = any(%(states)s))
order by device_id, quantity, bucket

-- words --
-- In which quarters from %(begin)s on each device said anything, one line a device.
select device_id, array_agg(distinct extract(epoch from bucket - %(begin)s)::int / %(slot_s)s) as slots
from reading_15m_seen as rolled
where rolled.home_id = %(home_id)s
  and tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or rolled.home_id = any(%(homes)s))
  and device_id = any(%(devices)s)
  and bucket >= %(begin)s and bucket < %(end)s
group by device_id

-- newest --
-- Single readings of the last hours, which the roll-up may not know yet.
select device_id, quantity, observed_at as at, value
from reading_seen as reading
where reading.home_id = %(home_id)s
  and tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or reading.home_id = any(%(homes)s))
  and device_id = any(%(devices)s)
  and observed_at > %(since)s and observed_at <= %(now)s
  and quantity = any(%(each)s || %(states)s) and (value > 0 or quantity = any(%(states)s))
  and value is not null
order by device_id, quantity, observed_at

-- events --
-- What devices said happened, newest first.
select event.observed_at, coalesce(device.name, '') as device, coalesce(device.kind, '') as device_kind,
    coalesce(device.room, '') as room, event.kind, event.detail
from event_seen as event
left join device on device.id = event.device_id
where event.home_id = %(home_id)s
  and event.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or event.home_id = any(%(homes)s))
  and observed_at >= %(begin)s and observed_at < %(end)s
order by event.observed_at desc
limit %(most)s
