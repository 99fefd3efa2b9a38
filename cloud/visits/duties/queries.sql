-- Duties: what they are worked out from, and the list that they are found in. People ask within their bounds.

-- rule --
select visit_rule.tenant_id, visit_rule.high_days, visit_rule.key_days, visit_rule.general_days, visit_rule.special_days,
    visit_rule.physical_days, visit_rule.trend_h, visit_rule.emergency_h, visit_rule.change_h, visit_rule.counts
from visit_rule where visit_rule.tenant_id = any(%(tenants)s)

-- put_rule --
insert into visit_rule (
    tenant_id, high_days, key_days, general_days, special_days, physical_days, trend_h, emergency_h, change_h, counts,
    set_by, set_at
) values (
    %(tenant_id)s, %(high_days)s, %(key_days)s, %(general_days)s, %(special_days)s, %(physical_days)s, %(trend_h)s,
    %(emergency_h)s, %(change_h)s, %(counts)s, %(staff_id)s, %(now)s
)
on conflict (tenant_id) do update
set high_days = excluded.high_days, key_days = excluded.key_days, general_days = excluded.general_days,
    special_days = excluded.special_days, physical_days = excluded.physical_days, trend_h = excluded.trend_h,
    emergency_h = excluded.emergency_h, change_h = excluded.change_h, counts = excluded.counts,
    set_by = excluded.set_by, set_at = excluded.set_at

-- campaigns --
-- Those that are not over, or one by its number.
select id, tenant_id, name, occasion, since, due_at, until, groups, ways, ended_at
from visit_campaign
where tenant_id = any(%(tenants)s)
  and (id = %(id)s or (%(id)s::int is null and ended_at is null and until > %(now)s))
order by id

-- add_campaign --
insert into visit_campaign (tenant_id, name, occasion, since, due_at, until, groups, ways, made_by, made_at)
values (
    %(tenant_id)s, %(name)s, %(occasion)s, %(since)s, %(due_at)s, %(until)s, %(groups)s, %(ways)s, %(staff_id)s, %(now)s
)
returning id

-- end_campaign --
update visit_campaign set ended_at = %(now)s, ended_by = %(staff_id)s
where id = %(id)s and ended_at is null and until > %(now)s and tenant_id = any(%(tenants)s)
returning id

-- people --
-- Everybody whose duty has begun, also those whose duty has ended.
select resident.id as resident_id, home.id as home_id, home.tenant_id, home.division_code as division,
    resident.birth_year, resident.lives_alone, resident.ability_level, visit_person.since, visit_person.difficulties,
    visit_person.conditions, visit_person.ended_at, least(resident.retired_at, home.retired_at, resident.died_at) as left_at
from visit_person
join resident on resident.id = visit_person.resident_id
join home on home.id = resident.home_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (%(ids)s::int[] is null or resident.id = any(%(ids)s))
  and resident.id > %(after)s and resident.erased_at is null and visit_person.since is not null
order by resident.id
limit %(limit)s

-- last_contacts --
-- The last of each way; what claims to lie ahead of now has not been. Who brings a meal every day has not asked after anybody.
select resident.id as resident_id, visit.way, max(visit.began_at) as at
from visit join resident on resident.id = visit.resident_id join home on home.id = resident.home_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and resident.id = any(%(ids)s) and visit.seen and visit.kind <> 'service' and visit.began_at <= %(now)s
  and (visit.way <> 'home' or visit.arrival <> 'said')
group by resident.id, visit.way

-- contacts --
-- Of a span of time: whether somebody tried in each way, and whether they saw the person.
select resident.id as resident_id, visit.way,
    coalesce(visit.seen and (visit.way <> 'home' or visit.arrival <> 'said'), false) as seen, min(visit.began_at) as at
from visit join resident on resident.id = visit.resident_id join home on home.id = resident.home_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and resident.id = any(%(ids)s) and visit.kind <> 'service'
  and visit.began_at >= %(since)s and visit.began_at < %(until)s
group by 1, 2, 3

-- quiet_days --
-- Days that the home's equipment saw as a whole, and on which nothing of the person called anybody.
select resident.id as resident_id, max((routine_day.day + 1)::timestamp at time zone tenant.time_zone) as at
from routine_day
join home on home.id = routine_day.home_id
join tenant on tenant.id = home.tenant_id
join resident on resident.home_id = home.id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and resident.id = any(%(ids)s) and routine_day.night_score is not null
  and routine_day.day >= (%(since)s at time zone tenant.time_zone)::date
  and (routine_day.day + 1)::timestamp at time zone tenant.time_zone < %(until)s
  and not exists (
      select from incident
      where incident.home_id = home.id and incident.family = 'person' and incident.priority < 5
        and incident.opened_at >= routine_day.day::timestamp at time zone tenant.time_zone
        and incident.opened_at < (routine_day.day + 1)::timestamp at time zone tenant.time_zone
  )
group by resident.id

-- happenings --
-- What moves a visit up: an emergency that was one, a finding of weeks, a change that somebody reports.
select resident.id as resident_id, found.at, found.cause
from resident
join home on home.id = resident.home_id
cross join lateral (
    select incident.closed_at as at, 'emergency' as cause from incident
    where incident.home_id = home.id and incident.priority = 1 and incident.closed_at > %(since)s
      and incident.outcome in ('A1', 'A2', 'A3', 'B1', 'B2', 'E1', 'E3')
    union all
    select routine_finding.found_at, 'trend' from routine_finding
    where routine_finding.home_id = home.id and routine_finding.found_at > %(since)s
      and routine_finding.kind in ('toileting', 'sleep', 'mobility', 'withdrawal', 'reversal')
    union all
    select vital_finding.found_at, 'trend' from vital_finding
    where vital_finding.home_id = home.id and vital_finding.found_at > %(since)s
      and vital_finding.rule in ('drift', 'pressure_mean') and vital_finding.state in ('raised', 'confirmed')
    union all
    select visit_concern.at, 'change' from visit_concern
    where visit_concern.resident_id = resident.id and visit_concern.at > %(since)s
) as found
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and resident.id = any(%(ids)s) and found.at <= %(now)s
order by resident.id, found.at

-- absences --
-- Said for visits, and said so that no alarm calls anybody: both mean that nobody is at home.
select resident.id as resident_id, away.since, away.until
from resident
join home on home.id = resident.home_id
cross join lateral (
    select visit_absence.since, visit_absence.until from visit_absence
    where visit_absence.resident_id = resident.id
    union all
    select mute.since, least(mute.until, mute.ended_at) from mute
    where mute.home_id = home.id and mute.why in ('hospital', 'away') and mute.since < least(mute.until, mute.ended_at)
) as away
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and resident.id = any(%(ids)s)
order by resident.id, away.since

-- person --
-- One person, begun or not.
select resident.id as resident_id, resident.home_id, home.tenant_id
from resident join home on home.id = resident.home_id
where resident.id = %(resident_id)s and resident.retired_at is null and resident.erased_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- hold_people --
-- Whose list is made anew, one after the other.
select visit_person.resident_id
from visit_person join home on home.id = visit_person.home_id
where visit_person.resident_id = any(%(ids)s)
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by visit_person.resident_id
for no key update of visit_person

-- begin_person --
insert into visit_person (resident_id, home_id, since, due_at) values (%(resident_id)s, %(home_id)s, %(now)s, %(now)s)
on conflict (resident_id) do update set since = excluded.since where visit_person.since is null

-- put_person --
update visit_person
set since = coalesce(%(since)s, since), difficulties = %(difficulties)s, conditions = %(conditions)s,
    ended_at = %(ended_at)s
where resident_id = %(resident_id)s

-- add_absence --
insert into visit_absence (resident_id, home_id, why, since, until, set_by, set_at)
values (%(resident_id)s, %(home_id)s, %(why)s, %(since)s, %(until)s, %(staff_id)s, %(now)s)

-- end_absences --
update visit_absence set until = %(until)s
where resident_id = %(resident_id)s and since < %(until)s and (until is null or until > %(until)s)

-- add_concern --
insert into visit_concern (resident_id, home_id, at, words, told_by)
values (%(resident_id)s, %(home_id)s, %(now)s, %(words)s, %(staff_id)s)

-- dues --
-- What the list says, so that what has not changed is not written again.
select visit_due.resident_id, visit_due.due_at, visit_due.reason, visit_due.name, visit_due.ways, visit_due.people_group
from visit_due join home on home.id = visit_due.home_id
where visit_due.resident_id = any(%(ids)s)
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- forget_dues --
delete from visit_due where resident_id = %(resident_id)s

-- add_due --
insert into visit_due (resident_id, home_id, due_at, reason, name, ways, people_group)
values (%(resident_id)s, %(home_id)s, %(due_at)s, %(reason)s, %(name)s, %(ways)s, %(people_group)s)

-- looked --
update visit_person set looked_at = %(now)s, due_at = %(again_at)s where resident_id = %(resident_id)s

-- look_at_all --
-- The rule or a campaign has changed.
update visit_person set due_at = %(now)s
from home
where home.id = visit_person.home_id and visit_person.due_at > %(now)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- overdue --
-- One line a person: what is owed first; assessments where they are asked for. ``tried_at``: when somebody last stood before a closed door, or rang in vain.
-- ``left_on``, ``left_why``: the last plan of today or later that left this person out, and why.
select due.id, due.resident_id, due.home_id, resident.name as resident, home.division_code as division, home.address,
    due.due_at, due.reason, due.name, due.ways, due.people_group, due.n, visit_person.looked_at,
    visit_day.on_day, visit_day.because, out.left_on, out.left_why,
    (select max(visit.began_at) from visit where visit.resident_id = due.resident_id and visit.seen) as seen_at,
    (select max(visit.began_at) from visit
     where visit.resident_id = due.resident_id and not coalesce(visit.seen, false)) as tried_at,
    (select min(visit.planned_at) from visit
     where visit.resident_id = due.resident_id and visit.began_at is null and visit.cancelled_at is null
       and visit.kind <> 'service') as planned_at
from (
    select distinct on (resident_id) visit_due.*, count(*) over (partition by resident_id) as n
    from visit_due
    where due_at < %(before)s and reason = coalesce(%(reason)s, reason)
      and (%(reason)s::text is not null or reason <> 'assessment')
    order by resident_id, due_at, id
) as due
join resident on resident.id = due.resident_id
join home on home.id = due.home_id
join visit_person on visit_person.resident_id = due.resident_id
join tenant on tenant.id = home.tenant_id
left join visit_day on visit_day.resident_id = due.resident_id and visit_day.assessed = (due.reason = 'assessment')
    and visit_day.on_day >= (%(now)s::timestamptz at time zone tenant.time_zone)::date
left join lateral (
    select day_plan.on_day as left_on, day_plan_left.why as left_why
    from day_plan_left join day_plan on day_plan.id = day_plan_left.plan_id
    where day_plan_left.resident_id = due.resident_id and day_plan_left.kind <> 'service'
      and (day_plan_left.kind = 'assessment') = (due.reason = 'assessment')
      and day_plan.on_day >= (%(now)s::timestamptz at time zone tenant.time_zone)::date
    order by day_plan.id desc
    limit 1
) as out on true
where resident.retired_at is null and home.retired_at is null
  and (not %(unplanned)s or not exists (
      select from visit
      where visit.resident_id = due.resident_id and visit.began_at is null and visit.cancelled_at is null
        and visit.kind <> 'service' and visit.staff_id is not null and visit.planned_at > %(now)s))
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (%(people_group)s::text is null or due.people_group = %(people_group)s)
  and (%(division)s::text is null or starts_with(home.division_code, %(division)s))
  and (%(after_at)s::timestamptz is null or (due.due_at, due.id) > (%(after_at)s, %(after_id)s))
order by due.due_at, due.id
limit %(limit)s

-- divisions --
-- The areas that have a name, by the digits that the rate is asked by.
select code, name from division where rpad(left(code, %(digits)s), 12, '0') = code

-- named --
select resident.id as resident_id, resident.home_id, resident.name, home.address, home.division_code as division,
    (select max(visit.began_at) from visit where visit.resident_id = resident.id and visit.seen) as seen_at,
    (select max(visit.began_at) from visit
     where visit.resident_id = resident.id and not coalesce(visit.seen, false)) as tried_at
from resident join home on home.id = resident.home_id
where resident.id = any(%(ids)s)
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by resident.id

-- zone --
select time_zone from tenant where id = any(%(tenants)s)
