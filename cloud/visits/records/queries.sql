-- Visits and what was said about them, within a person's bounds.

-- zone --
select id, time_zone from tenant where id = any(%(tenants)s)

-- resident --
select resident.id as resident_id, resident.home_id, home.tenant_id, home.latitude, home.longitude
from resident join home on home.id = resident.home_id
where resident.id = %(resident_id)s and resident.erased_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- staff --
-- Those of the asker's own tenant who still work there.
select id from staff where id = any(%(ids)s) and tenant_id = any(%(tenants)s) and disabled_at is null

-- hold --
-- One visit, by number or by the key that its device drew; nobody else says anything about it meanwhile.
select visit.id, visit.key, visit.home_id, visit.resident_id, visit.tenant_id, visit.kind, visit.way, visit.staff_id,
    visit.second_id, visit.began_at, visit.cancelled_at, visit.hours, home.latitude, home.longitude
from visit join home on home.id = visit.home_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (visit.id = %(id)s or visit.key = %(key)s)
for no key update of visit

-- add --
insert into visit (
    key, tenant_id, home_id, resident_id, kind, way, services, made_at, staff_id, second_id, open_at, due_at, planned_at,
    planned_by
) values (
    %(key)s, %(tenant_id)s, %(home_id)s, %(resident_id)s, %(kind)s, %(way)s, %(services)s, %(now)s, %(staff_id)s,
    %(second_id)s, %(open_at)s, %(due_at)s, %(planned_at)s, %(planned_by)s
)
on conflict (tenant_id, key) do nothing
returning id

-- move --
-- Who has begun is not sent elsewhere.
update visit
set staff_id = %(staff_id)s, second_id = %(second_id)s, planned_at = %(planned_at)s, planned_by = %(planned_by)s
where id = %(id)s and began_at is null and cancelled_at is null
returning id

-- cancel --
update visit set cancelled_at = %(now)s, cancelled_by = %(staff_id)s, cancelled_why = %(why)s
where id = %(id)s and began_at is null and cancelled_at is null
returning id

-- add_event --
insert into visit_event (visit_id, home_id, staff_id, key, sort, device_at, sent_at, received_at, at, off_s, body)
values (
    %(visit_id)s, %(home_id)s, %(staff_id)s, %(key)s, %(sort)s, %(device_at)s, %(sent_at)s, %(now)s, %(at)s, %(off_s)s,
    %(body)s
)
on conflict (visit_id, key) do nothing
returning id

-- events --
select event.id, event.key, event.sort, event.at, event.device_at, event.sent_at, event.received_at, event.off_s,
    event.staff_id, staff.name as staff, event.body
from visit_event as event
join home on home.id = event.home_id
left join staff on staff.id = event.staff_id
where event.visit_id = %(visit_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by event.at, event.id

-- files --
select file.id, file.key, file.sort, file.media_type, file.size, file.received_at, file.staff_id
from visit_file as file join home on home.id = file.home_id
where file.visit_id = %(visit_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by file.id

-- add_file --
insert into visit_file (visit_id, home_id, staff_id, key, sort, media_type, size, received_at, seal, sealed)
values (
    %(visit_id)s, %(home_id)s, %(staff_id)s, %(key)s, %(sort)s, %(media_type)s, %(size)s, %(now)s, %(seal)s, %(sealed)s
)
on conflict (visit_id, key) do nothing
returning id

-- file --
select file.id, file.visit_id, file.home_id, file.media_type, file.seal, file.sealed
from visit_file as file join home on home.id = file.home_id
where file.id = %(id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- signed --
-- Whether the assessment that was made at this visit bears both signatures.
select count(*) > 0 as signed
from assessment join home on home.id = assessment.home_id
where assessment.visit_id = %(visit_id)s and assessment.second_signed_at is not null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- keep --
update visit
set began_at = %(began_at)s, ended_at = %(ended_at)s, by_id = %(by_id)s, seen = %(seen)s, arrival = %(arrival)s,
    departure = %(departure)s, complete = %(complete)s, faults = %(faults)s, worries = %(worries)s, worse = %(worse)s,
    conflicts = %(conflicts)s, clock_off_s = %(clock_off_s)s
where id = %(id)s

-- booked --
update visit set hours = %(hours)s where id = %(id)s

-- form_before --
-- The form of the last visit before, at which the person was seen.
select visit.kind, event.body
from visit
join visit_event as event on event.visit_id = visit.id and event.sort = 'answers'
join home on home.id = visit.home_id
where visit.resident_id = %(resident_id)s and visit.seen and visit.began_at < %(began_at)s and visit.id <> %(id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by visit.began_at desc, event.at desc, event.id desc
limit 1

-- account_of --
-- Whoever has an account of hours serves for hours.
select id from time_account where staff_id = %(staff_id)s and closed_at is null and tenant_id = any(%(tenants)s)

-- withheld --
-- Whether a purpose is withheld at this home now.
select count(*) > 0 as withheld
from withheld join home on home.id = withheld.home_id
where withheld.home_id = %(home_id)s and withheld.purpose = %(purpose)s and withheld.standing
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- visits --
-- In the order of their numbers, the newest first.
select visit.id, visit.key, visit.home_id, visit.resident_id, resident.name as resident, home.address, visit.kind,
    visit.way, visit.services, visit.staff_id, staff.name as staff, visit.second_id, visit.open_at, visit.due_at,
    visit.planned_at, visit.cancelled_at, visit.cancelled_why, visit.began_at, visit.ended_at, visit.by_id,
    visit.seen, visit.arrival, visit.departure, visit.complete, visit.faults, visit.worries, visit.worse,
    visit.conflicts, visit.clock_off_s, visit.hours
from visit
join resident on resident.id = visit.resident_id
join home on home.id = visit.home_id
left join staff on staff.id = visit.staff_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (%(id)s::bigint is null or visit.id = %(id)s)
  and (%(home_id)s::int is null or visit.home_id = %(home_id)s)
  and (%(resident_id)s::int is null or visit.resident_id = %(resident_id)s)
  and (%(staff_id)s::int is null or %(staff_id)s in (visit.staff_id, visit.second_id, visit.by_id))
  and (%(since)s::timestamptz is null or coalesce(visit.began_at, visit.planned_at, visit.open_at) >= %(since)s)
  and (%(until)s::timestamptz is null or coalesce(visit.began_at, visit.planned_at, visit.open_at) < %(until)s)
  and (%(open)s::boolean is null or %(open)s = (visit.ended_at is null and visit.cancelled_at is null))
  and (not %(troubled)s or visit.conflicts <> '{}' or visit.worries <> '{}' or visit.faults <> '{}')
  and (%(after)s::bigint is null or visit.id < %(after)s)
order by visit.id desc
limit %(limit)s

-- is_tag --
select count(*) > 0 as is_tag
from door_tag join home on home.id = door_tag.home_id
where door_tag.home_id = %(home_id)s and door_tag.digest = %(digest)s and door_tag.withdrawn_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- add_tag --
insert into door_tag (home_id, digest, made_by, made_at)
select home.id, %(digest)s, %(staff_id)s, %(now)s
from home
where home.id = %(home_id)s and home.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning id

-- tags --
select door_tag.id, door_tag.home_id, door_tag.made_at, door_tag.withdrawn_at
from door_tag join home on home.id = door_tag.home_id
where (%(id)s::int is null or door_tag.id = %(id)s)
  and (%(home_id)s::int is null or door_tag.home_id = %(home_id)s)
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by door_tag.id

-- homes_for_tags --
-- Of a place and of those below it, where no tag is in force; with ``again``: all of them.
select home.id, home.key
from home
where home.retired_at is null and starts_with(home.division_code, %(within)s)
  and (%(again)s or not exists (
      select from door_tag where door_tag.home_id = home.id and door_tag.withdrawn_at is null
  ))
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by home.division_code, home.key
limit %(limit)s

-- withdraw_tag --
update door_tag set withdrawn_at = %(now)s
from home
where door_tag.id = %(id)s and door_tag.withdrawn_at is null and home.id = door_tag.home_id
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning door_tag.id
