-- What a telephone takes along for a day without a network, within the bounds of whoever carries it.

-- people --
-- Whom the day leads to: where they live, how to reach them, what their card says.
select resident.id as resident_id, resident.home_id, home.latitude, home.longitude, resident.birth_year, resident.sex,
    resident.lives_alone, resident.ability_level, resident.phone, resident.id_number, resident.notes
from resident join home on home.id = resident.home_id
where resident.id = any(%(ids)s)
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- found --
-- Who may be visited without a plan, by name or address.
select resident.id as resident_id, resident.home_id, resident.name as resident, home.address
from resident join home on home.id = resident.home_id
where resident.retired_at is null and resident.erased_at is null and home.retired_at is null
  and strpos(lower(resident.name || ' ' || home.address), lower(%(search)s)) > 0
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by resident.name, resident.id
limit %(limit)s

-- keys --
-- Who opens where nobody answers.
select contact.home_id, contact.name, contact.relation, contact.phone
from contact join home on home.id = contact.home_id
where contact.home_id = any(%(home_ids)s) and contact.has_key and contact.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by contact.home_id, contact.rank

-- owed --
select visit_due.resident_id, visit_due.due_at, visit_due.reason, visit_due.name
from visit_due join home on home.id = visit_due.home_id
where visit_due.resident_id = any(%(ids)s) and visit_due.due_at < %(before)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by visit_due.resident_id, visit_due.due_at, visit_due.id

-- lasts --
-- What the last visit found at which they were seen.
select distinct on (visit.resident_id) visit.resident_id, visit.began_at as at, visit.worries, visit.worse
from visit join home on home.id = visit.home_id
where visit.resident_id = any(%(ids)s) and visit.seen and visit.ended_at is not null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by visit.resident_id, visit.began_at desc, visit.id desc

-- served --
-- What somebody's own visits come to: those that are over, from the arrival to the departure.
select count(*) as visits, coalesce(sum(extract(epoch from visit.ended_at - visit.began_at) / 60), 0)::integer as minutes,
    count(*) filter (where not visit.complete) as incomplete
from visit join home on home.id = visit.home_id
where visit.by_id = %(staff_id)s and visit.began_at >= %(since)s and visit.began_at < %(until)s and visit.ended_at >= visit.began_at
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- account --
-- The asker's own; it is of nobody else.
select time_account.id, time_account.opened_at,
    (coalesce((select sum(minutes) from time_entry where taker = time_account.id), 0)
     - coalesce((select sum(minutes) from time_entry where giver = time_account.id), 0))::integer as balance_min
from time_account
where time_account.staff_id = %(staff_id)s and time_account.closed_at is null
  and time_account.tenant_id = any(%(tenants)s)

-- entries --
select time_entry.id, time_entry.kind, time_entry.on_day, time_entry.began_at, time_entry.ended_at,
    case when time_entry.taker = %(account_id)s then time_entry.minutes else -time_entry.minutes end as minutes
from time_entry
where %(account_id)s in (time_entry.giver, time_entry.taker) and time_entry.tenant_id = any(%(tenants)s)
order by time_entry.id desc
limit %(limit)s
