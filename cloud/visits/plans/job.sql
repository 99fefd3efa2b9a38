-- The loop that makes plans; read by no person.

-- ask_for_tomorrow --
-- From six in the evening by the tenant's own clock; once for each township in which somebody works.
insert into day_plan (tenant_id, township, on_day, asked_at)
select distinct visit_worker.tenant_id, visit_worker.township,
    (%(now)s::timestamptz at time zone tenant.time_zone)::date + 1, %(now)s::timestamptz
from visit_worker join tenant on tenant.id = visit_worker.tenant_id
where 'visits' = any (tenant.modules)
  and extract(hour from %(now)s::timestamptz at time zone tenant.time_zone) >= 18
  and not exists (
    select from day_plan
    where day_plan.tenant_id = visit_worker.tenant_id and day_plan.township = visit_worker.township
      and day_plan.on_day = (%(now)s::timestamptz at time zone tenant.time_zone)::date + 1)
on conflict (tenant_id, township, on_day) where made_at is null do nothing

-- due_plans --
select id from day_plan
where made_at is null and not (id = any(%(skip)s))
order by asked_at, id
limit %(limit)s

-- plan --
select day_plan.id, day_plan.tenant_id, day_plan.township, day_plan.on_day, day_plan.asked_by, tenant.time_zone
from day_plan join tenant on tenant.id = day_plan.tenant_id
where day_plan.id = %(id)s and day_plan.made_at is null

-- carers --
select visit_worker.staff_id, visit_worker.skills, visit_worker.mode, visit_worker.latitude, visit_worker.longitude,
    visit_worker.begin_min, visit_worker.end_min, visit_worker.rests
from visit_worker join staff on staff.id = visit_worker.staff_id
where visit_worker.tenant_id = %(tenant_id)s and visit_worker.township = %(township)s and staff.disabled_at is null
order by visit_worker.staff_id

-- seats --
-- Where everybody's day begins who may be sent.
select visit_worker.township, visit_worker.latitude, visit_worker.longitude
from visit_worker join staff on staff.id = visit_worker.staff_id
where visit_worker.tenant_id = %(tenant_id)s and staff.disabled_at is null

-- journeys --
-- From one home to the next on the same day, shown at both ends, where nobody was waited for and nobody waited; the
-- newest first.
with made as (
    select visit.by_id, visit.home_id, visit.began_at, visit.arrival, visit.open_at,
        lag(visit.home_id) over shift as from_id, lag(visit.ended_at) over shift as left_at,
        lag(visit.departure) over shift as departure
    from visit
    where visit.tenant_id = %(tenant_id)s and visit.way = 'home' and visit.by_id is not null
      and visit.began_at > (select max(began_at) from visit where tenant_id = %(tenant_id)s) - %(within)s
    window shift as (partition by visit.by_id order by visit.began_at)
)
select origin.division_code as origin, goal.division_code as goal, visit_worker.mode,
    extract(hour from made.left_at at time zone tenant.time_zone)::int as hour, made.left_at, made.began_at,
    origin.latitude as origin_latitude, origin.longitude as origin_longitude,
    goal.latitude as goal_latitude, goal.longitude as goal_longitude
from made
join home as origin on origin.id = made.from_id
join home as goal on goal.id = made.home_id
join visit_worker on visit_worker.staff_id = made.by_id
join tenant on tenant.id = visit_worker.tenant_id
where made.from_id <> made.home_id and made.began_at > made.left_at and made.began_at < made.left_at + interval '3 hours'
  and made.arrival in ('tag', 'place') and made.departure in ('tag', 'place')
  and (made.open_at is null or made.open_at <= made.left_at)
  and origin.latitude is not null and origin.longitude is not null
  and goal.latitude is not null and goal.longitude is not null
order by made.began_at desc
limit %(limit)s

-- away --
-- Who is away at any time of that day is in no plan of it.
select distinct staff_id from worker_away
where staff_id = any(%(staff)s) and since < %(end)s and (back_at is null or back_at > %(begin)s)

-- made --
update day_plan
set made_at = %(now)s, appointments = %(appointments)s, left_out = %(left_out)s, travel_min = %(travel_min)s,
    faults = %(faults)s
where id = %(id)s and made_at is null
returning id

-- leave --
insert into day_plan_left (plan_id, resident_id, home_id, kind, due_at, why, on_day, because)
values (%(plan_id)s, %(resident_id)s, %(home_id)s, %(kind)s, %(due_at)s, %(why)s, %(on_day)s, %(because)s)

-- keep_day --
-- The day of a duty, so that tomorrow evening gives it no other without a reason.
insert into visit_day (resident_id, home_id, assessed, on_day, because, chosen_at)
values (%(resident_id)s, %(home_id)s, %(assessed)s, %(on_day)s, %(because)s, %(now)s)
on conflict (resident_id, assessed) do update
set home_id = excluded.home_id, on_day = excluded.on_day, because = excluded.because, chosen_at = excluded.chosen_at
where (visit_day.home_id, visit_day.on_day, visit_day.because)
    is distinct from (excluded.home_id, excluded.on_day, excluded.because)

-- fixed --
-- What these people go to on that day already.
select array_remove(array[visit.staff_id, visit.second_id], null) as staff_ids, home.latitude, home.longitude,
    visit.planned_at, visit.kind, visit.services, service_order.minutes, service_order.people, service_order.skills
from visit join home on home.id = visit.home_id
left join service_order on service_order.id = visit.order_id
where (visit.staff_id = any(%(staff)s) or visit.second_id = any(%(staff)s))
  and visit.planned_at >= %(begin)s and visit.planned_at < %(end)s
  and visit.began_at is null and visit.cancelled_at is null and visit.way = 'home'
  and home.latitude is not null and home.longitude is not null
order by visit.planned_at, visit.id
