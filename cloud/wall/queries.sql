-- What a wall shows. What is personal in these rows is masked before it leaves (cloud.wall.masks).

-- people --
-- Open incidents; and of whom and where, as far as a mask needs it. The village is left out where it is called like the township.
select card.*, coalesce(r.sex, '') as sex,
    coalesce(nullif(village.name, card.area_name), '') as village
from incident_card card
join home h on h.id = card.home_id
left join division village on village.code = h.division_code
left join lateral (
    select sex from resident where home_id = card.home_id order by retired_at is not null, id limit 1
) r on true
where card.closed_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))

-- places --
-- Townships with homes, and how they are.
select
    coalesce(town.name, max(place.name)) as name,
    avg(h.latitude)::float8 as latitude, avg(h.longitude)::float8 as longitude, count(h.latitude) as located,
    count(*) as homes, count(*) filter (where g.online) as online,
    coalesce(sum(i.open), 0)::integer as open, min(i.open_priority) as open_priority
from home h
left join division place on place.code = h.division_code
left join division town on town.code = rpad(left(h.division_code, 9), 12, '0')
left join lateral (
    select bool_or(online) as online from gateway where home_id = h.id and revoked_at is null
) g on true
left join lateral (
    select count(*) as open, min(priority)::integer as open_priority
    from incident where home_id = h.id and closed_at is null
) i on true
where h.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
group by rpad(left(h.division_code, 9), 12, '0'), town.name
order by rpad(left(h.division_code, 9), 12, '0')

-- numbers --
select t.name, homes.homes, homes.online, urgent.urgent, urgent.answered, visits.visits, visits.visits_done
from tenant t
cross join (
    select count(*) as homes, count(*) filter (where exists (
        select from gateway g where g.home_id = h.id and g.revoked_at is null and g.online
    )) as online
    from home h
    where h.retired_at is null
      and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
) homes
cross join (
    select count(*) as urgent,
        count(*) filter (where i.acked_at <= i.opened_at + interval '60 s' and i.owner_id is not null) as answered
    from incident i
    where i.opened_at > %(now)s - interval '24 h' and i.opened_at <= %(now)s and i.priority <= 2
      and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
) urgent
cross join lateral (
    select count(*) as visits, count(*) filter (where v.ended_at is not null) as visits_done
    from visit v
    where v.cancelled_at is null
      and v.planned_at >= date_trunc('day', %(now)s at time zone t.time_zone) at time zone t.time_zone
      and v.planned_at < (date_trunc('day', %(now)s at time zone t.time_zone) + interval '1 day') at time zone t.time_zone
      and v.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or v.home_id = any(%(homes)s))
) visits
where t.id = any(%(tenants)s)
