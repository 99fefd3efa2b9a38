-- The SQL of the ladder. It is worked by id; what people may see of it is read by incidents.

-- due_ladders --
-- Those where a rung's time is up, and those where the search for people beside it has something to decide.
select e.incident_id
from escalation e join incident i on i.id = e.incident_id
where (e.due_at <= %(now)s or e.callout_due_at <= %(now)s) and not (e.incident_id = any(%(skip)s))
order by i.priority, least(e.due_at, e.callout_due_at), e.incident_id
limit %(limit)s

-- escalation_for_update --
select step, due_at, callout_due_at from escalation where incident_id = %(incident_id)s for no key update

-- rungs --
-- A rung is reachable until every message that asked it has failed for good; family only while sharing is allowed, and
-- nobody who has left the care circle meanwhile, asked not to be told, or was called already as somebody who lives near.
select
    r.step, r.contact_id, r.name, r.relation, r.has_key, r.state, r.asked_at,
    cardinality(r.channels) > 0 and not exists (
        select from message m
        where m.incident_id = r.incident_id and m.step = r.step and m.template = 'ask'
          and m.created_at >= r.asked_at
        having count(*) > 0 and bool_and(m.state = 'failed')
    ) and not exists (
        select from withheld w join incident i on i.home_id = w.home_id
        where i.id = r.incident_id and r.relation = 'family'
          and w.standing and w.purpose = 'family_sharing'
    ) and not exists (
        select from contact c where c.id = r.contact_id and c.retired_at is not null
    ) and not exists (
        select from responder_contact same join callout_ask a on a.responder_id = same.responder_id
        where same.contact_id = r.contact_id and a.incident_id = r.incident_id and a.relieved_at is null
    ) and not is_hushed(r.incident_id, r.contact_id, null, %(now)s) as reachable
from rung r
where r.incident_id = %(incident_id)s
order by r.step

-- ask_rungs --
update rung set state = 'asked', asked_at = %(now)s
where incident_id = %(incident_id)s and step = any(%(steps)s)

-- give_up_rungs --
update rung set state = 'passed' where incident_id = %(incident_id)s and step = any(%(steps)s)

-- move_escalation --
update escalation set step = greatest(step, %(step)s), due_at = %(due_at)s where incident_id = %(incident_id)s

-- look_again --
update escalation set due_at = %(now)s where incident_id = %(incident_id)s and due_at is not null

-- asked_by --
select m.id as message_id, m.incident_id, m.step, m.ask_id
from answer_token t join message m on m.id = t.message_id
where t.token_hash = %(token_hash)s

-- asked_in --
select id as message_id, incident_id, step, ask_id from message
where id = %(message_id)s and template = 'ask' and num_nonnulls(step, ask_id) > 0

-- answer_rung --
update rung set state = %(state)s, answered_at = %(now)s
where incident_id = %(incident_id)s and step = %(step)s

-- answer_message --
with answered as (
    update message set state = 'answered', due_at = null, expect_at = null where id = %(message_id)s returning id
)
insert into receipt (message_id, at, state, detail) select id, %(now)s, 'answered', %(detail)s from answered
