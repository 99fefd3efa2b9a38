-- What mends a running day; read by no person.

-- ask_for_mends --
-- What happened to a day that was planned: somebody went to an emergency, a visit came on top, or one was cancelled.
-- What happened within the last second may not be written yet, and is looked for the next time.
with today as (
    select distinct day_plan.tenant_id, day_plan.township, day_plan.on_day,
        day_plan.on_day::timestamp at time zone tenant.time_zone as begins,
        (day_plan.on_day + 1)::timestamp at time zone tenant.time_zone as ends
    from day_plan join tenant on tenant.id = day_plan.tenant_id
    where day_plan.on_day = (%(now)s::timestamptz at time zone tenant.time_zone)::date
      and day_plan.made_at is not null and 'visits' = any (tenant.modules)
),
happened as (
    select today.*, 'called' as why, callout_ask.answered_at as at
    from today
    join visit_worker on visit_worker.tenant_id = today.tenant_id and visit_worker.township = today.township
    join responder on responder.staff_id = visit_worker.staff_id
    join callout_ask on callout_ask.responder_id = responder.id and callout_ask.asked_at >= today.begins
    where callout_ask.answer = 'yes'
    union all
    select today.*, 'added', visit.made_at
    from today
    join visit on visit.tenant_id = today.tenant_id and visit.began_at is null and visit.cancelled_at is null
    join home on home.id = visit.home_id and home.division_code like today.township || '%%'
    where visit.staff_id is null and visit.way = 'home' and visit.made_at >= today.begins
      and coalesce(visit.open_at, visit.due_at) >= today.begins and coalesce(visit.open_at, visit.due_at) < today.ends
    union all
    select today.*, 'cancelled', visit.cancelled_at
    from today
    join visit on visit.tenant_id = today.tenant_id and visit.cancelled_at >= today.begins
    join visit_worker on visit_worker.staff_id in (visit.staff_id, visit.second_id)
        and visit_worker.township = today.township
    where visit.planned_at >= visit.cancelled_at and visit.planned_at < today.ends
)
insert into day_mend (tenant_id, township, on_day, asked_at, why)
select happened.tenant_id, happened.township, happened.on_day, %(now)s, array_agg(distinct happened.why)
from happened
where happened.at < %(now)s::timestamptz - interval '1 second'
  and not exists (
    select from day_mend
    where day_mend.tenant_id = happened.tenant_id and day_mend.township = happened.township
      and day_mend.on_day = happened.on_day and day_mend.asked_at >= happened.at + interval '1 second')
group by 1, 2, 3
on conflict (tenant_id, township, on_day) where made_at is null do nothing

-- due_mends --
select id from day_mend
where made_at is null and not (id = any(%(skip)s))
order by asked_at, id
limit %(limit)s

-- mend --
select day_mend.id, day_mend.tenant_id, day_mend.township, day_mend.on_day, tenant.time_zone
from day_mend join tenant on tenant.id = day_mend.tenant_id
where day_mend.id = %(id)s and day_mend.made_at is null

-- booked --
-- Everything that these people make on that day, begun or not.
select visit.id as visit_id, visit.resident_id, visit.home_id, home.division_code as division, home.latitude,
    home.longitude, visit.kind, visit.services, visit.open_at, visit.due_at, visit.staff_id, visit.second_id,
    visit.planned_at, visit.planned_by, visit.began_at, visit.ended_at, service_order.minutes, service_order.people,
    service_order.skills,
    array(
        select other.by_id from visit as other
        where other.resident_id = visit.resident_id and other.by_id is not null and other.began_at > %(since)s
        group by other.by_id order by count(*) desc, max(other.began_at) desc limit 3
    ) as usual
from visit join home on home.id = visit.home_id
left join service_order on service_order.id = visit.order_id
where visit.tenant_id = %(tenant_id)s and (visit.staff_id = any(%(staff)s) or visit.second_id = any(%(staff)s))
  and visit.planned_at >= %(begin)s and visit.planned_at < %(end)s
  and visit.cancelled_at is null and visit.way = 'home' and home.latitude is not null and home.longitude is not null
order by visit.planned_at, visit.id

-- gone --
-- Who cannot be sent for a while, and from where they go on: from home, or from the door they were called to.
select worker_away.staff_id, worker_away.back_at, visit_worker.latitude, visit_worker.longitude
from worker_away join visit_worker on visit_worker.staff_id = worker_away.staff_id
where worker_away.staff_id = any(%(staff)s) and worker_away.since <= %(now)s
  and (worker_away.back_at is null or worker_away.back_at > %(now)s)
union all
select responder.staff_id, greatest(%(now)s, coalesce(callout_ask.arrived_at, callout_ask.expected_at) + %(at_door)s),
    home.latitude, home.longitude
from callout_ask
join responder on responder.id = callout_ask.responder_id
join incident on incident.id = callout_ask.incident_id
join home on home.id = incident.home_id
where responder.staff_id = any(%(staff)s) and callout_ask.answer = 'yes' and callout_ask.relieved_at is null
  and callout_ask.left_at is null and incident.closed_at is null and callout_ask.asked_at >= %(begin)s
  and home.latitude is not null and home.longitude is not null

-- change --
-- Only what still stands as it was read: whoever changed it meanwhile is right.
update visit
set staff_id = %(staff_id)s, second_id = %(second_id)s, planned_at = %(planned_at)s, planned_by = null
where id = %(id)s and began_at is null and cancelled_at is null and planned_at is not distinct from %(was_at)s
  and array_remove(array[staff_id, second_id], null) = %(was_ids)s::integer[]
returning id

-- moved --
insert into visit_moved (mend_id, visit_id, was_ids, now_ids, was_at, now_at, why)
values (%(mend_id)s, %(visit_id)s, %(was_ids)s, %(now_ids)s, %(was_at)s, %(now_at)s, %(why)s)

-- made --
update day_mend
set made_at = %(now)s, moved = %(moved)s, left_out = %(left_out)s, faults = %(faults)s
where id = %(id)s and made_at is null
returning id
