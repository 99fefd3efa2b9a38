-- Orders within a person's bounds: services that come again and again, their pauses, and the visits that they are.

-- orders --
-- Of a home, or one by its number. ``left_at``: when the person died, moved, or their home was given up.
select service_order.id, service_order.tenant_id, service_order.home_id, service_order.resident_id, resident.name as resident,
    service_order.kind, service_order.services, service_order.weekdays, service_order.every_days, service_order.open_min,
    service_order.due_min, service_order.minutes, service_order.people, service_order.skills, service_order.since,
    service_order.until, service_order.version, service_order.made_at, service_order.ended_at, service_order.ended_why,
    tenant.time_zone, resident.died_at,
    least(resident.retired_at, home.retired_at, resident.died_at, visit_person.ended_at) as left_at
from service_order
join resident on resident.id = service_order.resident_id
join home on home.id = service_order.home_id
join tenant on tenant.id = home.tenant_id
left join visit_person on visit_person.resident_id = service_order.resident_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (%(id)s::int is null or service_order.id = %(id)s)
  and (%(home_id)s::int is null or service_order.home_id = %(home_id)s)
  and (%(ended)s or service_order.ended_at is null)
order by service_order.id desc
limit %(limit)s

-- hold --
-- One order that nobody else changes meanwhile.
select service_order.version, service_order.ended_at
from service_order join home on home.id = service_order.home_id
where service_order.id = %(id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
for no key update of service_order

-- add --
insert into service_order (tenant_id, home_id, resident_id, kind, services, weekdays, every_days, open_min, due_min, minutes,
    people, skills, since, until, made_by, made_at, due_at)
select home.tenant_id, home.id, resident.id, %(kind)s, %(services)s, %(weekdays)s, %(every_days)s, %(open_min)s,
    %(due_min)s, %(minutes)s, %(people)s, %(skills)s, %(since)s, %(until)s, %(staff_id)s, %(now)s, %(now)s
from resident join home on home.id = resident.home_id
where resident.id = %(resident_id)s and resident.retired_at is null and resident.died_at is null and home.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning id

-- put --
update service_order
set kind = %(kind)s, services = %(services)s, weekdays = %(weekdays)s, every_days = %(every_days)s, open_min = %(open_min)s,
    due_min = %(due_min)s, minutes = %(minutes)s, people = %(people)s, skills = %(skills)s, since = %(since)s,
    until = %(until)s, version = service_order.version + 1
from home
where service_order.id = %(id)s and home.id = service_order.home_id
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- end --
-- ``staff_id``: null where the loop ends it, because the person is not there any more.
update service_order set ended_at = %(now)s, ended_by = %(staff_id)s, ended_why = %(why)s, version = service_order.version + 1
from home
where service_order.id = %(id)s and service_order.ended_at is null and home.id = service_order.home_id
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- pauses --
-- Those that are not over before a day.
select service_pause.order_id, service_pause.since, service_pause.until, service_pause.why
from service_pause join home on home.id = service_pause.home_id
where service_pause.order_id = any(%(ids)s) and (service_pause.until is null or service_pause.until >= %(day)s)
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by service_pause.since, service_pause.id

-- add_pause --
insert into service_pause (order_id, home_id, since, until, why, set_by, set_at)
select service_order.id, service_order.home_id, %(since)s, %(until)s, %(why)s, %(staff_id)s, %(now)s
from service_order join home on home.id = service_order.home_id
where service_order.id = %(id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- forget_pauses --
-- Those that begin on the day on which it goes on, or later.
delete from service_pause using home
where service_pause.order_id = %(id)s and home.id = service_pause.home_id and service_pause.since >= %(day)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- resume --
-- Those that last end on the day before.
update service_pause set until = %(day)s::date - 1
from home
where service_pause.order_id = %(id)s and home.id = service_pause.home_id and service_pause.since < %(day)s
  and (service_pause.until is null or service_pause.until >= %(day)s)
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- there --
-- The visits that an order is, from a day on.
select visit.id, visit.order_day, visit.kind, visit.services, visit.open_at, visit.due_at, visit.began_at, visit.cancelled_at,
    visit.cancelled_by
from visit join home on home.id = visit.home_id
where visit.order_id = %(id)s and visit.order_day >= %(day)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
for no key update of visit

-- add_visit --
insert into visit (key, tenant_id, home_id, resident_id, kind, way, services, made_at, open_at, due_at, order_id, order_day)
select gen_random_uuid(), home.tenant_id, home.id, service_order.resident_id, service_order.kind, 'home', service_order.services,
    %(now)s, %(open_at)s, %(due_at)s, service_order.id, %(day)s
from service_order join home on home.id = service_order.home_id
where service_order.id = %(id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
on conflict (order_id, order_day) do nothing

-- alter_visit --
-- What was planned for it was planned for something else; it is planned anew. What was dropped is taken up again.
update visit
set kind = service_order.kind, services = service_order.services, open_at = %(open_at)s, due_at = %(due_at)s,
    made_at = %(now)s, staff_id = null, second_id = null, planned_at = null, planned_by = null, cancelled_at = null
from service_order join home on home.id = service_order.home_id
where visit.id = %(visit_id)s and service_order.id = visit.order_id and visit.began_at is null and visit.cancelled_by is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- drop_visit --
-- Nobody said so of this visit; it follows from the order, and so may come back.
update visit set cancelled_at = %(now)s
from home
where visit.id = any(%(ids)s) and home.id = visit.home_id and visit.began_at is null and visit.cancelled_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- looked --
update service_order set due_at = %(again_at)s
from home
where service_order.id = %(id)s and home.id = service_order.home_id
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
