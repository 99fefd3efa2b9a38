-- The sample of closed incidents that is looked at again.

-- to_review --
-- Closed, urgent, drawn by their numbers; reviewed or not.
select
    incident.id, incident.home_id, incident.kind, incident.priority, incident.opened_at, incident.closed_at,
    incident.outcome, review.verdict, review.findings, staff.name as reviewed_by, review.reviewed_at
from incident
left join incident_review as review on review.incident_id = incident.id
left join staff on staff.id = review.reviewed_by
where incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))
  and incident.state = 'closed' and incident.priority <= 2 and is_sampled(incident.id)
  and (%(done)s::boolean is null or (review.incident_id is not null) = %(done)s)
  and (%(id)s::bigint is null or incident.id = %(id)s) and incident.id > %(after)s
order by incident.id
limit %(limit)s

-- had_part --
-- Whether this member of staff took a step of it: nobody reviews their own.
select exists (
    select from incident_event
    join incident on incident.id = incident_event.incident_id
    where incident_id = %(id)s and actor = %(actor)s
      and incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))
) as had

-- add_review --
insert into incident_review (incident_id, verdict, findings, reviewed_by, reviewed_at)
values (%(id)s, %(verdict)s, %(findings)s, %(staff_id)s, %(now)s)
on conflict do nothing
