-- What a day's plan is made from, within the bounds of whoever plans.

-- owed --
-- Duties of people whom nobody plans to visit yet; several duties are one visit, an assessment is one of its own.
select due.resident_id, due.home_id, home.division_code as division, home.latitude, home.longitude, due.due_at,
    due.reasons, due.people_group, visit_day.on_day, visit_day.because,
    array(
        select visit.by_id from visit
        where visit.resident_id = due.resident_id and visit.by_id is not null and visit.began_at > %(since)s
        group by visit.by_id order by count(*) desc, max(visit.began_at) desc limit 3
    ) as usual
from (
    select resident_id, home_id, reason = 'assessment' as assessed, min(due_at) as due_at,
        array_agg(distinct reason) as reasons, min(people_group) as people_group
    from visit_due where due_at < %(before)s
    group by 1, 2, 3
) as due
join home on home.id = due.home_id
join resident on resident.id = due.resident_id
left join visit_day on visit_day.resident_id = due.resident_id and visit_day.assessed = due.assessed
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and resident.retired_at is null and home.retired_at is null
  and not exists (
      select from visit
      where visit.resident_id = due.resident_id and visit.began_at is null and visit.cancelled_at is null
        and visit.way = 'home' and visit.kind <> 'service' and (visit.kind = 'assessment') = due.assessed
        and coalesce(visit.planned_at, visit.due_at, %(before)s) >= %(begin)s
        and (visit.order_id is null or coalesce(visit.planned_at, visit.due_at) < greatest(due.due_at, %(end)s))
  )
order by due.due_at, due.resident_id

-- booked --
-- Visits of this day, or of no day yet, that nobody goes to.
select visit.id as visit_id, visit.resident_id, visit.home_id, home.division_code as division, home.latitude,
    home.longitude, visit.kind, visit.services, visit.open_at, visit.due_at, service_order.minutes, service_order.people,
    service_order.skills,
    array(
        select other.by_id from visit as other
        where other.resident_id = visit.resident_id and other.by_id is not null and other.began_at > %(since)s
        group by other.by_id order by count(*) desc, max(other.began_at) desc limit 3
    ) as usual
from visit
join home on home.id = visit.home_id
join resident on resident.id = visit.resident_id
left join service_order on service_order.id = visit.order_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and resident.retired_at is null and home.retired_at is null
  and visit.began_at is null and visit.cancelled_at is null and visit.staff_id is null and visit.way = 'home'
  and (visit.open_at is null or (visit.open_at >= %(begin)s and visit.open_at < %(end)s))
  and (visit.planned_at is null or (visit.planned_at >= %(begin)s and visit.planned_at < %(end)s))
order by visit.id

-- zone --
select time_zone from tenant where id = any(%(tenants)s)
