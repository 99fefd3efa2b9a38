-- Grants whose time is over; worked by id, read by no person.

-- due_grants --
select id from incident_grant
where ended_at is null and expires_at <= %(now)s and not (id = any(%(skip)s))
order by expires_at, id
limit %(limit)s

-- grant --
select incident_id, tenant_id from incident_grant where id = %(grant_id)s

-- end_grant --
update incident_grant set ended_at = expires_at
where id = %(grant_id)s and ended_at is null and expires_at <= %(now)s
