-- What the home is told. Each statement belongs to one step on an incident that its caller has locked.

-- tell_home --
-- One command per alarm, to the gateway that raised it. An incident may rest on a stuck button's hundreds: those
-- before the newest have long fallen silent.
insert into command (id, incident_id, gateway_id, name, args, created_at, until, due_at)
select
    gen_random_uuid()::text, %(incident_id)s, a.gateway_id, %(name)s,
    %(args)s || jsonb_build_object('alarm', a.alarm_id), %(now)s, %(until)s, %(now)s
from (
    select r.alarm_id, r.gateway_id, max(r.id) as newest
    from incident_alarm l
    join alarm r on r.home_id = l.home_id and r.alarm_id = l.alarm_id
    join gateway g on g.id = r.gateway_id and g.revoked_at is null
    where l.incident_id = %(incident_id)s
    group by r.alarm_id, r.gateway_id
    order by newest desc
    limit 20
) a
where not (%(answer)s and exists (
    select from command c
    where c.incident_id = %(incident_id)s and c.gateway_id = a.gateway_id and c.args ->> 'alarm' = a.alarm_id
))

-- withdraw_words --
update command set due_at = null
where id in (
    select id from command where incident_id = %(incident_id)s and due_at is not null order by id for update
)

-- withdraw_untrue --
-- Nobody comes any more; that somebody knows of it stays true, unless they let go of it.
update command set due_at = null
where id in (
    select c.id
    from command c join incident i on i.id = c.incident_id
    where c.incident_id = %(incident_id)s and c.due_at is not null
      and (i.owner_id is null or (c.args ->> 'coming')::boolean)
    order by c.id
    for update of c
)
