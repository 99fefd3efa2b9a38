-- The SQL of answers that are texted back. Worked by the keyed hash of a number; people see them through incidents.

-- first_time --
-- Nothing when this very text has come before. Providers hand one over again for some hours.
with old as (delete from text_answer where stored_at < %(now)s - interval '2 days')
insert into text_answer (digest, stored_at) values (%(digest)s, %(now)s) on conflict do nothing

-- asked_by_text --
-- What one telephone was asked in the last day before it wrote: of each incident the newest question that is open, for
-- two of one house may share a telephone.
select distinct on (i.id)
    max(m.id) as message_id, max(max(m.code)) over (partition by i.id) as code, i.state,
    bool_or(coalesce(rung.answered_at, ask.answered_at, ask.relieved_at) is not null) as answered
from message m
join incident i on i.id = m.incident_id
left join rung on rung.incident_id = m.incident_id and rung.step = m.step
left join callout_ask ask on ask.id = m.ask_id
where m.recipient = any(%(recipients)s) and m.template = 'ask' and m.attempts > 0
  and m.created_at > %(written_at)s - interval '1 day' and m.created_at <= %(written_at)s
group by i.id, m.step, m.ask_id
order by i.id, answered, message_id desc

-- letter --
update message set code = %(code)s where id = %(message_id)s

-- way --
-- When somebody was asked in this message, and until when they are to be there, if they go.
select
    m.created_at as asked_at,
    coalesce(ask.promised_at, case when incident.responder = rung.name then incident.eta_at end) as by
from message m
join incident on incident.id = m.incident_id
left join rung on rung.incident_id = m.incident_id and rung.step = m.step
left join callout_ask ask on ask.id = m.ask_id
where m.id = %(message_id)s

-- say --
-- To the telephone that was asked, unless it has just been told so; of another time it hears once more, no oftener:
-- what answers us may be a machine.
insert into message (incident_id, step, ask_id, channel, address, locale, template, params, due_at, created_at)
select m.incident_id, m.step, m.ask_id, m.channel, m.address, m.locale, %(template)s, m.params || %(more)s, %(now)s, %(now)s
from message m
where m.id = %(message_id)s and not exists (
    select from message said
    where said.incident_id = m.incident_id and said.address = m.address and said.template = %(template)s
      and said.created_at > %(now)s - interval '5 minutes'
    having bool_or(said.params @> %(more)s) or count(*) > 1
)
