-- A worker who calls for help for themselves.

-- where --
-- The door to send somebody to: the one they name, else the nearest to where their telephone is, else the one where they
-- were last or are going next; none where nothing of that is known.
select home.id as home_id, home.tenant_id,
    case
        when home.id = %(home_id)s then 'said'
        when home.id = near.id then 'place'
        else 'visit'
    end as how
from home
left join (
    select other.id from home as other
    where other.tenant_id = any(%(tenants)s) and other.retired_at is null and other.latitude is not null
    order by power(other.latitude - %(latitude)s::float8, 2)
        + power((other.longitude - %(longitude)s::float8) * cos(radians(%(latitude)s::float8)), 2)
    limit 1
) as near on %(latitude)s::float8 is not null
left join lateral (
    select coalesce(visit.began_at, visit.planned_at) as at
    from visit
    where visit.home_id = home.id and %(staff_id)s in (visit.by_id, visit.staff_id, visit.second_id)
      and coalesce(visit.began_at, visit.planned_at) between %(now)s - interval '12 hours' and %(now)s + interval '12 hours'
    order by visit.began_at is null, abs(extract(epoch from coalesce(visit.began_at, visit.planned_at) - %(now)s))
    limit 1
) as own on true
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (home.id = %(home_id)s or home.id = near.id or own.at is not null)
order by home.id = %(home_id)s desc nulls last, home.id = near.id desc nulls last, own.at desc
limit 1

-- lock --
select home.id from home
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
for no key update of home
