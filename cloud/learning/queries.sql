-- How incidents ended, and proposals for thresholds; every read within the asker's bounds. An alarm that was a test
-- says nothing of a rule.

-- homes --
-- Homes in use; those that were retired within the span count until then.
select count(*)::integer as homes,
    coalesce(sum(extract(epoch from least(coalesce(home.retired_at, %(until)s), %(until)s) - %(since)s)), 0)::float8
        as seconds
from home
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (home.retired_at is null or home.retired_at > %(since)s)

-- counts --
select coalesce(incident.evidence ->> 'finding', incident.kind) as rule, incident.kind, incident.state,
    incident.outcome, count(*)::integer as n
from incident
where incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))
  and incident.opened_at >= %(since)s and incident.opened_at < %(until)s and not incident.evidence ? 'test'
group by 1, 2, 3, 4
order by 1, 2, 3, 4

-- raised_by_people --
-- Emergencies whose first alarm a person raised, and the kinds of alarm that had spoken in that home before.
select incident.home_id, incident.outcome, array(
    select distinct alarm.kind from alarm
    where alarm.home_id = incident.home_id and alarm.state in ('suspected', 'raised')
      and alarm.observed_at >= first.observed_at - %(within)s and alarm.observed_at <= first.observed_at
      and alarm.id <> first.id
) as before
from incident
cross join lateral (
    select alarm.id, alarm.kind, alarm.observed_at
    from incident_alarm as link
    join alarm on alarm.home_id = link.home_id and alarm.alarm_id = link.alarm_id
    where link.incident_id = incident.id
    order by alarm.observed_at, alarm.id
    limit 1
) as first
where incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))
  and incident.opened_at >= %(since)s and incident.opened_at < %(until)s and not incident.evidence ? 'test'
  and incident.outcome = any(%(outcomes)s) and first.kind = any(%(kinds)s)
order by incident.id

-- judged --
-- Alarms of incidents that people have judged: what was known when the resident was asked, and when somebody moved.
select incident.home_id, incident.kind, incident.state, incident.outcome,
    coalesce(incident.evidence ->> 'finding', incident.kind) as rule,
    (array_agg(alarm.evidence order by alarm.id))[1] as evidence,
    min(alarm.observed_at) filter (where alarm.state in ('suspected', 'raised')) as asked_at,
    min(alarm.observed_at) filter (where alarm.evidence ? 'moved_again' or alarm.evidence ->> 'by' = 'movement') as over_at
from incident
join incident_alarm as link on link.incident_id = incident.id
join alarm on alarm.home_id = link.home_id and alarm.alarm_id = link.alarm_id and alarm.kind = incident.kind
where incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))
  and incident.opened_at >= %(since)s and incident.opened_at < %(until)s and not incident.evidence ? 'test'
  and incident.outcome is not null and incident.kind = any(%(kinds)s)
group by incident.id, alarm.alarm_id
order by incident.home_id, incident.id

-- add_proposal --
-- Unless one is open, or somebody has refused the same of late.
insert into threshold_proposal (home_id, path, was, held, becomes, basis, made_at, made_by)
select home.id, %(path)s, %(was)s, %(held)s, %(becomes)s, %(basis)s, %(now)s, %(made_by)s
from home
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and not exists (
      select from threshold_proposal as past
      where past.home_id = home.id and past.path = %(path)s and past.becomes = %(becomes)s
        and past.state = 'refused' and past.decided_at > %(since)s
  )
on conflict (home_id, path) where state = 'open' do nothing
returning id

-- proposals --
select proposal.id, proposal.home_id, home.key as home, proposal.path, proposal.was, proposal.held, proposal.becomes,
    proposal.basis, proposal.made_at, proposal.made_by, proposal.state, decider.name as decided_by,
    proposal.decided_at, proposal.reason, proposal.plan_version, proposal.version
from threshold_proposal as proposal
join home on home.id = proposal.home_id
left join staff as decider on decider.id = proposal.decided_by
where home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (%(id)s::bigint is null or proposal.id = %(id)s)
  and (%(state)s::text is null or proposal.state = %(state)s)
  and (%(home_id)s::int is null or home.id = %(home_id)s)
  and (%(after)s::bigint is null or proposal.id > %(after)s)
order by proposal.id
limit %(limit)s

-- proposal_for_update --
select proposal.id
from threshold_proposal as proposal join home on home.id = proposal.home_id
where proposal.id = %(id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
for no key update of proposal

-- decide --
update threshold_proposal
set state = %(state)s, decided_by = %(decided_by)s, decided_at = %(now)s, reason = %(reason)s,
    plan_version = %(plan_version)s, version = version + 1
where id = %(id)s
