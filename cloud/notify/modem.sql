-- Texts that go out by our own modem. No person is in here once a text has left: a number and words are sealed until then.

-- put --
with old as (delete from modem_text where created_at < %(now)s - interval '7 days')
insert into modem_text (recipient, number, words, priority, created_at, due_at)
values (%(recipient)s, %(number)s, %(words)s, %(priority)s, %(now)s, %(now)s)
returning id

-- take_up --
-- What is known is told before anything is sent. Ours until the lease ends.
with picked as (
    select id from modem_text where due_at <= %(now)s
    order by word = '', priority, id
    limit 1
    for update skip locked
)
update modem_text t set due_at = %(lease)s, attempts = t.attempts + (t.word = '')::int
from picked where t.id = picked.id
returning t.id, t.number, t.words, t.created_at, t.attempts, t.word, t.why

-- take_back --
-- A question that waited here while it was answered, taken back, or silenced: it is not sent, and nothing is told of it.
-- Whoever was passed over is still asked, for a late yes is welcome.
with needless as (
    select m.id
    from receipt taken
    join message m on m.id = taken.message_id
    join incident i on i.id = m.incident_id
    left join rung on rung.incident_id = m.incident_id and rung.step = m.step
    left join callout_ask ask on ask.id = m.ask_id
    where taken.provider = %(provider)s and taken.reference = %(id)s::text and taken.state = 'accepted'
      and m.template = 'ask'
      and (i.closed_at is not null or m.state in ('answered', 'withdrawn')
           or rung.state in ('waiting', 'accepted', 'declined') or ask.answer is not null or ask.relieved_at is not null
           or is_hushed(i.id, rung.contact_id, null, %(now)s) or exists (
               select from responder_contact same
               where same.responder_id = ask.responder_id and is_hushed(i.id, same.contact_id, null, %(now)s)
           ))
),
withdrawn as (
    update message set state = 'withdrawn', due_at = null, expect_at = null
    from needless where message.id = needless.id and message.state = 'accepted'
    returning message.id
),
noted as (
    insert into receipt (message_id, at, state) select id, %(now)s, 'withdrawn' from withdrawn
)
update modem_text set due_at = null, number = '', words = ''
where id = %(id)s and exists (select from needless)
returning id

-- sent --
update modem_text set sent_at = %(now)s, reference = %(reference)s, due_at = null, number = '', words = ''
where id = %(id)s

-- again --
update modem_text set due_at = %(due_at)s where id = %(id)s

-- know --
update modem_text set word = %(word)s, why = %(why)s, due_at = %(now)s, number = '', words = '' where id = %(id)s

-- known --
-- Of texts with the same number the last one is meant.
update modem_text set word = %(word)s, why = %(why)s, due_at = %(now)s
where word = '' and id = (
    select id from modem_text
    where reference = %(reference)s and sent_at > %(now)s - interval '2 days'
      and (%(recipient)s::bytea is null or recipient = %(recipient)s)
    order by sent_at desc, id desc
    limit 1
)

-- told --
update modem_text set due_at = null where id = %(id)s

-- tell_again --
update modem_text set due_at = case when created_at > %(since)s then %(due_at)s end where id = %(id)s
