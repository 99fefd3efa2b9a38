-- Whoever reviews is told what waits: at once, and again while it is overdue. Worked by id.

-- due_reviews --
select id from emergency_access
where due_at <= %(now)s and not (id = any(%(skip)s))
order by due_at, id
limit %(limit)s

-- lock_review --
select id, incident_id, review_by from emergency_access
where id = %(id)s and due_at <= %(now)s and reviewed_at is null
for update skip locked

-- tell_reviewers --
-- Neither who read nor whom: that is behind the sign-in.
insert into message (incident_id, channel, address, locale, template, params, due_at, created_at)
select
    incident.id, split_part(duty, ':', 1), duty, tenant.duty_locale, 'review',
    jsonb_build_object(
        'resident', '', 'kind', incident.kind, 'address', '', 'room', '',
        'observed_at', emergency_access.at, 'time_zone', tenant.time_zone
    ),
    %(now)s, %(now)s
from emergency_access
join incident on incident.id = emergency_access.incident_id
join tenant on tenant.id = emergency_access.tenant_id
cross join unnest(tenant.duty_channels) as duty
where emergency_access.id = %(id)s

-- tell_again --
update emergency_access set due_at = %(due_at)s where id = %(id)s
