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
    day_plan_left.why
from day_plan_left
join resident on resident.id = day_plan_left.resident_id
join home on home.id = day_plan_left.home_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and day_plan_left.plan_id = %(plan_id)s
order by day_plan_left.due_at, day_plan_left.resident_id
limit %(limit)s
