-- Assessments, and the care-risk events that ask for one, within a person's bounds.

-- person --
select resident.id as resident_id, resident.home_id, home.tenant_id, resident.ability_level,
    (%(now)s at time zone tenant.time_zone)::date as today, tenant.time_zone
from resident join home on home.id = resident.home_id join tenant on tenant.id = home.tenant_id
where resident.id = %(resident_id)s and resident.retired_at is null and resident.erased_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- lasts --
-- The day of the newest assessment that bears both signatures, and since when the duty has lasted.
select visit_person.resident_id, (visit_person.since at time zone tenant.time_zone)::date as since, tenant.time_zone,
    (%(now)s at time zone tenant.time_zone)::date as today,
    (select max(assessed_on) from assessment
     where assessment.resident_id = visit_person.resident_id and second_signed_at is not null) as assessed_on
from visit_person
join home on home.id = visit_person.home_id
join tenant on tenant.id = home.tenant_id
where visit_person.resident_id = any(%(ids)s) and visit_person.since is not null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- care_events --
-- What was written down, what alarms turned out to be, and falls that were told at a visit.
select resident.id as resident_id, found.kind, found.on_day
from resident
join home on home.id = resident.home_id
join tenant on tenant.id = home.tenant_id
cross join lateral (
    select care_event.kind, care_event.on_day from care_event where care_event.resident_id = resident.id
    union all
    select case when incident.kind in ('fall', 'long_lie') then 'fall' else 'wandering' end,
        (incident.observed_at at time zone tenant.time_zone)::date
    from incident
    where incident.home_id = home.id and incident.outcome in ('A1', 'A2')
      and incident.kind in ('fall', 'long_lie', 'wandering', 'night_door', 'not_returned')
    union all
    select 'fall', (visit.began_at at time zone tenant.time_zone)::date
    from visit
    join lateral (
        select body from visit_event
        where visit_event.visit_id = visit.id and visit_event.sort = 'answers'
        order by visit_event.at desc, visit_event.id desc limit 1
    ) as form on true
    cross join lateral generate_series(
        1, case when jsonb_typeof(form.body -> 'answers' -> 'falls') = 'number'
           then least((form.body -> 'answers' ->> 'falls')::numeric, 9)::int else 0 end
    )
    where visit.resident_id = resident.id and visit.seen
) as found
where resident.id = any(%(ids)s) and found.on_day >= %(since)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by resident.id, found.on_day

-- assessments --
select assessment.id, assessment.resident_id, assessment.home_id, assessment.visit_id, assessment.reason,
    assessment.assessed_on, assessment.informant, assessment.points, assessment.coma, assessment.diagnoses,
    assessment.risk_events, assessment.total, assessment.domains, assessment.by_points, assessment.level,
    assessment.overrides, assessment.first_id, first.name as first_by, assessment.first_signed_at,
    assessment.second_id, second.name as second_by, assessment.second_signed_at, assessment.refused_at,
    assessment.refused_why
from assessment
join home on home.id = assessment.home_id
left join staff as first on first.id = assessment.first_id
left join staff as second on second.id = assessment.second_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (%(id)s::bigint is null or assessment.id = %(id)s)
  and (%(resident_id)s::int is null or assessment.resident_id = %(resident_id)s)
order by assessment.assessed_on desc, assessment.id desc
limit 100

-- hold --
select assessment.id, assessment.resident_id, assessment.home_id, assessment.visit_id, assessment.first_id,
    assessment.second_id
from assessment join home on home.id = assessment.home_id
where assessment.id = %(id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
for no key update of assessment

-- add --
-- Nothing where its device has sent it before.
insert into assessment (
    key, resident_id, home_id, visit_id, reason, assessed_on, informant, points, coma, diagnoses, risk_events, total,
    domains, by_points, level, overrides, first_id, first_signed_at
) values (
    %(key)s, %(resident_id)s, %(home_id)s, %(visit_id)s, %(reason)s, %(assessed_on)s, %(informant)s, %(points)s, %(coma)s,
    %(diagnoses)s, %(risk_events)s, %(total)s, %(domains)s, %(by_points)s, %(level)s, %(overrides)s, %(staff_id)s, %(now)s
)
on conflict (resident_id, key) do nothing
returning id

-- of_key --
select assessment.id from assessment join home on home.id = assessment.home_id
where assessment.resident_id = %(resident_id)s and assessment.key = %(key)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- sign --
update assessment set second_id = %(staff_id)s, second_signed_at = %(now)s where id = %(id)s

-- refuse --
update assessment set second_id = %(staff_id)s, refused_at = %(now)s, refused_why = %(why)s where id = %(id)s

-- follow_newest --
-- The level of the newest assessment that bears both signatures.
update resident set ability_level = newest.level
from (
    select level from assessment
    where resident_id = %(resident_id)s and second_signed_at is not null
    order by assessed_on desc, id desc limit 1
) as newest
where resident.id = %(resident_id)s

-- level --
select resident.ability_level as level
from resident join home on home.id = resident.home_id
where resident.id = %(resident_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- add_care_event --
insert into care_event (resident_id, home_id, kind, on_day, words, noted_by, noted_at)
values (%(resident_id)s, %(home_id)s, %(kind)s, %(on_day)s, %(words)s, %(staff_id)s, %(now)s)
