-- Plans of a day within a person's bounds. Plans are a township's, and say of nobody what stays out of them.

-- workers --
select visit_worker.staff_id, staff.name, visit_worker.township, visit_worker.skills, visit_worker.mode,
    visit_worker.latitude, visit_worker.longitude, visit_worker.begin_min, visit_worker.end_min, visit_worker.rests
from visit_worker join staff on staff.id = visit_worker.staff_id
where visit_worker.tenant_id = any(%(tenants)s) and staff.disabled_at is null
  and (%(township)s::text is null or visit_worker.township = %(township)s)
order by visit_worker.staff_id

-- put_worker --
insert into visit_worker (staff_id, tenant_id, township, skills, mode, latitude, longitude, begin_min, end_min, rests,
    set_by, set_at)
select staff.id, staff.tenant_id, %(township)s, %(skills)s, %(mode)s, %(latitude)s, %(longitude)s, %(begin_min)s,
    %(end_min)s, %(rests)s, %(by)s, %(now)s
from staff where staff.id = %(staff_id)s and staff.tenant_id = any(%(tenants)s) and staff.disabled_at is null
on conflict (staff_id) do update
set township = excluded.township, skills = excluded.skills, mode = excluded.mode, latitude = excluded.latitude,
    longitude = excluded.longitude, begin_min = excluded.begin_min, end_min = excluded.end_min,
    rests = excluded.rests, set_by = excluded.set_by, set_at = excluded.set_at
returning staff_id

-- ask --
insert into day_plan (tenant_id, township, on_day, asked_at, asked_by)
select distinct tenant_id, township, %(on_day)s::date, %(now)s::timestamptz, %(by)s::integer
from visit_worker
where tenant_id = any(%(tenants)s) and (%(township)s::text is null or township = %(township)s)
on conflict (tenant_id, township, on_day) where made_at is null do nothing

-- plans --
select id, township, on_day, asked_at, asked_by, made_at, appointments, left_out, travel_min, faults
from day_plan
where tenant_id = any(%(tenants)s) and on_day = %(on_day)s
order by township, id

-- plan --
select id from day_plan where tenant_id = any(%(tenants)s) and id = %(plan_id)s

-- left --
select day_plan_left.resident_id, day_plan_left.home_id, resident.name, day_plan_left.kind, day_plan_left.due_at,
    day_plan_left.why, day_plan_left.on_day, day_plan_left.because
from day_plan_left
join resident on resident.id = day_plan_left.resident_id
join home on home.id = day_plan_left.home_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and day_plan_left.plan_id = %(plan_id)s
order by day_plan_left.due_at, day_plan_left.resident_id
limit %(limit)s

-- today --
select (%(now)s::timestamptz at time zone time_zone)::date as today from tenant where id = any(%(tenants)s) order by id limit 1

-- away --
select worker_away.id, worker_away.staff_id, staff.name, worker_away.why, worker_away.since, worker_away.back_at
from worker_away join staff on staff.id = worker_away.staff_id
where worker_away.tenant_id = any(%(tenants)s)
  and case when %(number)s::integer is null then worker_away.back_at is null or worker_away.back_at > %(now)s
      else worker_away.id = %(number)s end
order by worker_away.since, worker_away.id

-- add_away --
insert into worker_away (staff_id, tenant_id, why, since, back_at, said_by, said_at)
select staff.id, staff.tenant_id, %(why)s, %(now)s, %(back_at)s, %(by)s, %(now)s
from staff where staff.id = %(staff_id)s and staff.tenant_id = any(%(tenants)s) and staff.disabled_at is null
returning id

-- end_away --
update worker_away set back_at = %(back_at)s where id = %(number)s and tenant_id = any(%(tenants)s)

-- ask_for_mends --
-- Where today was planned: in one township, or in that of one worker, or everywhere.
insert into day_mend (tenant_id, township, on_day, asked_at, asked_by, why)
select distinct day_plan.tenant_id, day_plan.township, day_plan.on_day, %(now)s::timestamptz, %(by)s::integer,
    array[%(why)s::text]
from day_plan join tenant on tenant.id = day_plan.tenant_id
where day_plan.tenant_id = any(%(tenants)s) and day_plan.made_at is not null
  and day_plan.on_day = (%(now)s::timestamptz at time zone tenant.time_zone)::date
  and (%(township)s::text is null or day_plan.township = %(township)s)
  and (%(staff_id)s::integer is null or exists (
      select from visit_worker
      where visit_worker.staff_id = %(staff_id)s and visit_worker.township = day_plan.township))
on conflict (tenant_id, township, on_day) where made_at is null do update
set why = array(select distinct unnest(day_mend.why || excluded.why) order by 1)

-- mends --
select id, township, on_day, why, asked_at, asked_by, made_at, moved, left_out, faults
from day_mend
where tenant_id = any(%(tenants)s) and on_day = %(on_day)s
order by id

-- is_mend --
select id from day_mend where tenant_id = any(%(tenants)s) and id = %(mend_id)s

-- moved --
select visit_moved.visit_id, visit.resident_id, visit.home_id, resident.name, visit_moved.was_ids as was,
    visit_moved.now_ids as now, visit_moved.was_at, visit_moved.now_at, visit_moved.why
from visit_moved
join visit on visit.id = visit_moved.visit_id
join resident on resident.id = visit.resident_id
join home on home.id = visit.home_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and visit_moved.mend_id = %(mend_id)s
order by coalesce(visit_moved.now_at, visit_moved.was_at), visit_moved.visit_id
limit %(limit)s
