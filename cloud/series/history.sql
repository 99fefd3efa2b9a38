-- What was measured in a home over time. The views show only what the transaction may see; each statement carries the
-- scope all the same, so that it can be read alone.

-- raw --
select device.name as device, device.kind, reading.observed_at as at, reading.value
from reading_seen as reading
join device on device.id = reading.device_id
where reading.home_id = %(home_id)s
  and tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or reading.home_id = any(%(homes)s))
  and quantity = %(quantity)s
  and observed_at >= %(begin)s and observed_at < %(end)s
  and value is not null
order by device.name, at
limit %(most)s

-- quarters --
select device.name as device, device.kind, row.bucket as at, row.n, row.sum, row.sum2, row.min, row.max
from reading_15m_seen as row
join device on device.id = row.device_id
where row.home_id = %(home_id)s
  and tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or row.home_id = any(%(homes)s))
  and quantity = %(quantity)s
  and bucket >= %(begin)s and bucket < %(end)s
order by device.name, at

-- hours --
-- The newest hours come from their quarters, which are never far behind.
select device.name as device, device.kind, row.at, row.n, row.sum, row.sum2, row.min, row.max
from (
    select tenant_id, home_id, device_id, quantity, bucket as at, n, sum, sum2, min, max
    from reading_1h_seen
    where bucket < %(settled)s and bucket >= %(begin)s and bucket < %(end)s
      and home_id = %(home_id)s and quantity = %(quantity)s
    union all
    select tenant_id, home_id, device_id, quantity, bucket_of('1 hour', bucket), sum(n), sum(sum), sum(sum2),
        min(min), max(max)
    from reading_15m_seen
    where bucket >= %(settled)s and bucket >= %(begin)s and bucket < %(end)s
      and home_id = %(home_id)s and quantity = %(quantity)s
    group by 1, 2, 3, 4, 5
) as row
join device on device.id = row.device_id
where row.home_id = %(home_id)s
  and tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or row.home_id = any(%(homes)s))
order by device.name, row.at

-- days --
-- The newest days come from their quarters likewise.
select device.name as device, device.kind, row.at, row.n, row.sum, row.sum2, row.min, row.max
from (
    select tenant_id, home_id, device_id, quantity, bucket as at, n, sum, sum2, min, max
    from reading_1d_seen
    where bucket < %(settled)s and bucket >= %(begin)s and bucket < %(end)s
      and home_id = %(home_id)s and quantity = %(quantity)s
    union all
    select tenant_id, home_id, device_id, quantity, bucket_of('24 hours', bucket), sum(n), sum(sum), sum(sum2),
        min(min), max(max)
    from reading_15m_seen
    where bucket >= %(settled)s and bucket >= %(begin)s and bucket < %(end)s
      and home_id = %(home_id)s and quantity = %(quantity)s
    group by 1, 2, 3, 4, 5
) as row
join device on device.id = row.device_id
where row.home_id = %(home_id)s
  and tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or row.home_id = any(%(homes)s))
order by device.name, row.at

-- home --
select home.id from home
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- divisions --
-- How many homes of each division said something of a quantity, and what, in whole hours; without what is withheld.
select home.division_code as division, division.name, count(distinct home.id) as homes,
    count(distinct row.home_id) as heard, coalesce(sum(row.n), 0)::bigint as n, sum(row.sum) as sum,
    sum(row.sum2) as sum2, min(row.min) as min, max(row.max) as max
from home
join division on division.code = home.division_code
left join (
    select home_id, sum(n) as n, sum(sum) as sum, sum(sum2) as sum2, min(min) as min, max(max) as max
    from reading_1h_seen as rolled
    where quantity = %(quantity)s and bucket >= %(begin)s and bucket < %(end)s
      and not exists (
          select from withheld
          where withheld.home_id = rolled.home_id and withheld.standing
            and rolled.quantity = any(withheld.quantities)
      )
    group by home_id
) as row on row.home_id = home.id
where home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
group by home.division_code, division.name
order by home.division_code
