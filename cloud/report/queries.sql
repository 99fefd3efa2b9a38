-- What indicators count, as cases; every read within the asker's bounds. Times and days are the month's.

-- incidents --
-- An incident with the first time of each thing that is timed. People are called by its first step beyond the home's own
-- cancel window; who answers is told by the trigger, so that a clock or a gateway never does.
select
    incident.id, incident.tenant_id, incident.home_id, home.division_code, %(year)s::integer - who.birth_year as age, who.sex,
    incident.kind, incident.opened_at, incident.outcome, incident.evidence ? 'test' as test,
    least(incident.priority, story.priority) as priority,
    story.raised_at, story.sent_at, story.coming_at, story.there_at, story.inside_at,
    (
        select min(at) from incident_event as step
        where step.incident_id = incident.id and step.trigger = any(%(answers)s) and step.at >= story.raised_at
    ) as answered_at,
    (select min(step) from rung where rung.incident_id = incident.id and rung.state = 'accepted') as rung,
    incident.outcome = 'A1' and (
        exists (
            select from routine_finding as found where found.home_id = incident.home_id and found.priority = 4
              and found.found_at >= incident.opened_at - %(foreseen)s and found.found_at < incident.opened_at
        ) or exists (
            select from rule_finding as found where found.home_id = incident.home_id and found.priority = 4
              and found.found_at >= incident.opened_at - %(foreseen)s and found.found_at < incident.opened_at
        )
    ) is true as foreseen
from incident
join home on home.id = incident.home_id
left join lateral (
    select birth_year, sex from resident
    where resident.home_id = incident.home_id and resident.retired_at is null
    order by resident.id limit 1
) as who on true
cross join lateral (
    select
        min(at) filter (where to_state not in ('detected', 'cancelled_local')) as raised_at,
        min(at) filter (where to_state in ('dispatching', 'en_route', 'on_site')) as sent_at,
        min(at) filter (where to_state in ('en_route', 'on_site', 'emergency_services')) as coming_at,
        min(at) filter (where to_state = 'on_site') as there_at,
        min(at) filter (where trigger = 'enter') as inside_at,
        min((detail ->> 'priority')::smallint) filter (where jsonb_typeof(detail -> 'priority') = 'number') as priority
    from incident_event where incident_event.incident_id = incident.id
) as story
where incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))
  and incident.opened_at >= %(since)s and incident.opened_at < %(until)s and incident.id > %(after)s
order by incident.id

-- homes --
-- Homes that were in use; the days of each count from the one on which it was first heard.
select
    home.id, home.tenant_id, home.id as home_id, home.division_code, home.latitude, home.longitude, %(year)s::integer - who.birth_year as age, who.sex,
    case when first.day is null then 0 else
        greatest(0, least(%(until_day)s::date, (home.retired_at at time zone %(zone)s)::date)
                    - greatest(%(since_day)s::date, first.day))
    end as days,
    heard.days as heard_days, path.paths, path.heard as paths_heard
from home
left join lateral (
    select birth_year, sex from resident
    where resident.home_id = home.id and resident.retired_at is null
    order by resident.id limit 1
) as who on true
left join lateral (
    select day from delivery_day where delivery_day.home_id = home.id order by day limit 1
) as first on true
cross join lateral (
    select count(distinct day)::integer as days from delivery_day
    where delivery_day.home_id = home.id and records > 0
      and day >= %(since_day)s and day < least(%(until_day)s::date, (home.retired_at at time zone %(zone)s)::date)
) as heard
cross join lateral (
    select count(*)::integer as paths, count(*) filter (where exists (
        select from text_message
        where text_message.gateway_id = gateway.id and stored_at >= %(since)s and stored_at < %(until)s
    ))::integer as heard
    from second_path join gateway on gateway.id = second_path.gateway_id
    where gateway.home_id = home.id and gateway.revoked_at is null
) as path
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (home.retired_at is null or home.retired_at > %(since)s) and home.id > %(after)s
order by home.id

-- bases --
-- Where help starts from: centres, whose workers drive, and everybody who may be called and has a place.
select tenant_id, latitude, longitude, mode from responder
where tenant_id = any(%(tenants)s) and withdrawn_at is null and latitude is not null
union all
select tenant_id, latitude, longitude, 'car' from centre
where tenant_id = any(%(tenants)s) and retired_at is null

-- batteries --
-- Warnings whose week ended within the month, and whether the device fell silent in it.
select
    min(alarm.id) as id, home.tenant_id, alarm.home_id, home.division_code,
    %(year)s::integer - who.birth_year as age, who.sex,
    not exists (
        select from alarm as silent
        where silent.home_id = alarm.home_id and silent.device_id = alarm.device_id and silent.kind = 'sensor_silent'
          and silent.state = 'raised' and silent.observed_at > min(alarm.observed_at)
          and silent.observed_at <= min(alarm.observed_at) + %(lead)s
    ) as lasted
from alarm
join home on home.id = alarm.home_id
left join lateral (
    select birth_year, sex from resident
    where resident.home_id = home.id and resident.retired_at is null
    order by resident.id limit 1
) as who on true
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or alarm.home_id = any(%(homes)s))
  and alarm.kind = 'battery_low' and alarm.state = 'raised'
  and alarm.observed_at >= %(since)s::timestamptz - %(lead)s and alarm.observed_at < %(until)s::timestamptz - %(lead)s
group by alarm.alarm_id, alarm.home_id, alarm.device_id, home.tenant_id, home.division_code, who.birth_year, who.sex
having min(alarm.id) > %(after)s
order by 1

-- sexes --
select resident.id, resident.sex
from resident join home on home.id = resident.home_id
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and resident.id = any(%(ids)s)

-- zone --
select time_zone from tenant where id = %(tenant_id)s and id = any(%(tenants)s)

-- stored --
-- The last version of a month of each tenant, or of every month that there is.
select distinct on (tenant.division_code, tenant.code, report.month)
    report.id, tenant.code, tenant.name, tenant.division_code, report.month, report.version, report.counted_at,
    report.frozen_at, report.why, report.digest, report.cells
from report join tenant on tenant.id = report.tenant_id
where report.tenant_id = any(%(tenants)s) and report.month = %(month)s
order by tenant.division_code, tenant.code, report.month, report.version desc

-- recent --
-- The undivided cells of the last version of every month since one.
select distinct on (report.month, tenant.division_code, tenant.code)
    tenant.code, tenant.name, tenant.division_code, report.month, report.version, report.counted_at,
    report.frozen_at, report.why, report.digest,
    (select coalesce(jsonb_agg(cell), '[]') from jsonb_array_elements(report.cells) as cell where cell ->> 1 = 'all')
        as cells
from report join tenant on tenant.id = report.tenant_id
where report.tenant_id = any(%(tenants)s) and report.month >= %(since)s
order by report.month, tenant.division_code, tenant.code, report.version desc

-- areas --
-- What areas are called; names of divisions are public.
select code, name from division where code = any(%(codes)s)

-- versions --
select tenant.code, tenant.name, tenant.division_code, report.month, report.version, report.counted_at,
    report.frozen_at, report.why, report.digest
from report join tenant on tenant.id = report.tenant_id
where report.tenant_id = any(%(tenants)s)
order by report.month desc, tenant.division_code, tenant.code, report.version desc

-- last_version --
select report.id, report.version, report.frozen_at, report.cells
from report
where report.tenant_id = %(tenant_id)s and report.tenant_id = any(%(tenants)s) and report.month = %(month)s
order by report.version desc
limit 1

-- lock_months --
-- Whoever adds a version stands in line.
select id from tenant where id = %(tenant_id)s and id = any(%(tenants)s) for no key update

-- add --
insert into report (tenant_id, month, version, counted_at, frozen_at, why, made_by, digest, cells)
values (%(tenant_id)s, %(month)s, %(version)s, %(now)s, %(frozen_at)s, %(why)s, %(made_by)s, %(digest)s, %(cells)s)

-- count_again --
-- The running version of a month; what is frozen stays (a trigger sees to it, too).
update report
set counted_at = %(now)s, frozen_at = %(frozen_at)s, digest = %(digest)s, cells = %(cells)s
where id = %(id)s and frozen_at is null
