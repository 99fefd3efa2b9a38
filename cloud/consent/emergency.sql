-- Break glass: who read in spite of a missing consent, why, and who reviewed it.

-- incident_in_scope --
select incident.id, incident.home_id, incident.tenant_id, incident.closed_at
from incident
where incident.id = %(incident_id)s
  and incident.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))

-- open --
-- Its reviewers are told at once.
insert into emergency_access (tenant_id, home_id, incident_id, staff_id, reason, at, until, review_by, due_at)
values (
    %(tenant_id)s, %(home_id)s, %(incident_id)s, %(staff_id)s, %(reason)s, %(now)s, %(until)s, %(review_by)s, %(now)s
)
returning id

-- is_open --
-- The emergency is over when the incident is closed, if not before.
select emergency_access.id
from emergency_access join incident on incident.id = emergency_access.incident_id
where emergency_access.home_id = %(home_id)s
  and incident.closed_at is null
  and emergency_access.staff_id = %(staff_id)s
  and emergency_access.until > %(now)s
  and emergency_access.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or emergency_access.home_id = any(%(homes)s))
limit 1

-- evidence --
-- As the incident holds it, whatever is withheld; only for whoever has broken the glass.
select incident.evidence
from incident
where incident.id = %(incident_id)s
  and incident.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))

-- accesses --
-- Nothing stops waiting but by a second person's word.
select
    emergency_access.id, emergency_access.home_id, coalesce(home.key, '') as home, emergency_access.incident_id,
    emergency_access.staff_id, staff.name as reader, emergency_access.reason, emergency_access.at, emergency_access.until,
    emergency_access.review_by,
    emergency_access.reviewed_at is null and emergency_access.review_by <= %(now)s as overdue,
    emergency_access.reviewed_by, emergency_access.reviewed_at, emergency_access.justified, emergency_access.remark
from emergency_access
join staff on staff.id = emergency_access.staff_id
left join home on home.id = emergency_access.home_id
where (%(reviewed)s::boolean is null or (emergency_access.reviewed_at is not null) = %(reviewed)s)
  and (%(after)s::bigint is null or emergency_access.id > %(after)s)
  and emergency_access.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or emergency_access.home_id = any(%(homes)s))
order by emergency_access.id
limit %(limit)s

-- review --
update emergency_access
set reviewed_by = %(staff_id)s, reviewed_at = %(now)s, justified = %(justified)s, remark = %(remark)s, due_at = null
where id = %(access_id)s and reviewed_at is null and staff_id <> %(staff_id)s
  and tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home_id = any(%(homes)s))
returning id

-- reader --
select emergency_access.staff_id, emergency_access.reviewed_at
from emergency_access
where emergency_access.id = %(access_id)s
  and emergency_access.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or emergency_access.home_id = any(%(homes)s))
