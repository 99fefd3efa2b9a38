-- The SQL of the message queue. Messages are worked by id; people see them through incidents.

-- due_messages --
-- Somebody's first message before anybody's repetition, and of those the question before the news. Of what was held
-- for one recipient the oldest goes for all; none is held once its incident is urgent.
select m.id
from message m left join incident i on i.id = m.incident_id
where m.due_at is not null and (m.due_at <= %(now)s or (
      m.held <> '' and i.priority < case when jsonb_typeof(m.params -> 'quiet') = 'array' then 3 else 4 end
  ))
  and not (m.id = any(%(skip)s))
  and (m.held = '' or not exists (
      select from message other
      where other.recipient = m.recipient and other.channel = m.channel and other.held <> ''
        and other.due_at <= %(now)s and other.id < m.id
  ))
order by i.priority nulls last, m.attempts, m.template <> 'ask', m.due_at, m.id
limit %(limit)s

-- claim --
-- The message is ours until the lease ends; a worker that dies in between leaves it to the next one.
with picked as (
    select id, incident_id, held from message
    where id = %(message_id)s and (due_at <= %(now)s or (due_at is not null and held <> '')) for update skip locked
)
update message m
set attempts = m.attempts + 1, due_at = %(lease)s, expect_at = null, state = 'sent', held = ''
from picked
left join incident i on i.id = picked.incident_id
left join tenant t on t.id = i.tenant_id
where m.id = picked.id
returning m.id, m.incident_id, m.step, m.ask_id, m.push_id, m.channel, m.address, m.locale, m.template, m.params, m.attempts,
          i.home_id, coalesce(i.tenant_id, (m.params ->> 'tenant_id')::integer) as tenant_id, coalesce(i.priority, 3) as priority,
          coalesce('messages' = any(t.modules), true) as switched_on, picked.held

-- keep_token --
insert into answer_token (token_hash, message_id, created_at) values (%(token_hash)s, %(message_id)s, %(now)s)

-- forget_push --
-- The browser has let go of it: neither this one nor what still waits for it will be taken.
with gone as (delete from push_subscription where id = %(push_id)s returning id),
withdrawn as (
    update message m set state = 'withdrawn', due_at = null
    from gone where m.push_id = gone.id and m.state = 'queued' and m.due_at is not null
    returning m.id
)
insert into receipt (message_id, at, state) select id, %(now)s, 'withdrawn' from withdrawn

-- settle --
-- Only if it is still ours: an answer or a withdrawal that came meanwhile has the last word.
update message
set state = %(state)s, due_at = %(due_at)s, expect_at = %(expect_at)s
where id = %(message_id)s and attempts = %(attempts)s and due_at is not null

-- append_receipt --
insert into receipt (message_id, at, state, detail, provider, reference)
values (%(message_id)s, %(now)s, %(state)s, %(detail)s, %(provider)s, %(reference)s)

-- try_next_channel --
-- The same words to the same person on the channel after this one, once; unless the message was answered or withdrawn
-- while it was on its way.
insert into message (incident_id, step, channel, address, locale, template, params, due_at, created_at)
select m.incident_id, m.step, split_part(n.address, ':', 1), n.address, m.locale, m.template, m.params,
       %(now)s, %(now)s
from message m
join rung r on r.incident_id = m.incident_id and r.step = m.step
cross join lateral (select r.channels[array_position(r.channels, m.address) + 1] as address) n
where m.id = %(message_id)s and m.state in ('queued', 'failed', 'accepted') and n.address is not null
  and (m.template <> 'ask' or r.answered_at is null)
  and not is_hushed(m.incident_id, r.contact_id, null, %(now)s)
  and not exists (
      select from message later
      where later.incident_id = m.incident_id and later.step = m.step and later.template = m.template
        and later.address = n.address and later.created_at >= m.created_at
  )

-- try_next_channel_of_called --
-- The same for somebody who was called, on the channels that are known of them now.
insert into message (incident_id, ask_id, channel, address, locale, template, params, due_at, created_at)
select m.incident_id, m.ask_id, split_part(n.address, ':', 1), n.address, m.locale, m.template, m.params,
       %(now)s, %(now)s
from message m
join callout_ask a on a.id = m.ask_id
join responder r on r.id = a.responder_id and r.withdrawn_at is null
cross join lateral (select r.channels[array_position(r.channels, m.address) + 1] as address) n
where m.id = %(message_id)s and m.state in ('queued', 'failed', 'accepted') and n.address is not null
  and (m.template <> 'ask' or (a.answer is null and a.relieved_at is null))
  and not exists (
      select from responder_contact same
      where same.responder_id = r.id and is_hushed(m.incident_id, same.contact_id, null, %(now)s)
  )
  and not exists (
      select from message later
      where later.ask_id = m.ask_id and later.template = m.template
        and later.address = n.address and later.created_at >= m.created_at
  )

-- look_at_ladder --
-- Someone could not be asked: neither the ladder nor the search for people need wait for them.
update escalation
set due_at = case when due_at is null then null else least(due_at, %(now)s) end,
    callout_due_at = case when called_since is null then null else %(now)s end
where incident_id = %(incident_id)s and (due_at is not null or called_since is not null)

-- due_words --
-- Messages whose provider owes word of their delivery, the most urgent incident's first.
select m.id
from message m left join incident i on i.id = m.incident_id
where m.expect_at <= %(now)s and not (m.id = any(%(skip)s))
order by i.priority nulls last, m.expect_at, m.id
limit %(limit)s

-- stop_waiting --
with owed as (
    select id from message where id = %(message_id)s and expect_at <= %(now)s for update skip locked
)
update message m set expect_at = null from owed where m.id = owed.id
returning m.id, m.channel, m.template, m.attempts

-- send_again --
-- There is no other channel: the same once more, which its next provider takes if there is one.
update message m set state = 'queued', due_at = %(now)s
where id = %(message_id)s and state = 'accepted' and attempts < %(most)s and template in ('ask', 'page')
  and not exists (
      select from rung r
      where r.incident_id = m.incident_id and r.step = m.step and r.answered_at is not null
  )

-- reported --
-- The message that a provider speaks of; of two with the same number, which only a liar gives, the later one.
select r.message_id, m.incident_id
from receipt r join message m on m.id = r.message_id
where r.provider = %(provider)s and r.reference = %(reference)s and r.state = 'accepted'
order by r.at desc, r.message_id desc
limit 1

-- lock_reported --
select id, state, incident_id, channel from message where id = %(message_id)s for no key update

-- first_word --
-- Nothing when the provider has said just this before.
insert into receipt (message_id, at, state, detail, provider, reference)
select %(message_id)s, %(now)s, %(state)s, %(detail)s, %(provider)s, %(reference)s
where not exists (
    select from receipt
    where provider = %(provider)s and reference = %(reference)s and state = %(state)s and detail = %(detail)s
)

-- advance --
update message set state = %(state)s, expect_at = null,
    due_at = case when %(state)s = 'failed' then due_at end
where id = %(message_id)s

-- read_by_link --
-- Whoever opens the link has the message, or a program that looks at links has; so it ends no waiting.
with opened as (
    update message m set state = 'read'
    from answer_token t
    where t.token_hash = %(token_hash)s and m.id = t.message_id and m.state in ('accepted', 'delivered')
    returning m.id
)
insert into receipt (message_id, at, state) select id, %(now)s, 'read' from opened

-- spent --
-- What this recipient has had on this channel since a moment.
select count(*) as n
from message m join receipt r on r.message_id = m.id
where m.recipient = %(recipient)s and m.channel = %(channel)s and m.created_at > %(since)s - interval '7 days'
  and r.state = 'accepted' and r.at > %(since)s

-- know_recipient --
update message set recipient = %(recipient)s where id = %(message_id)s

-- hold --
-- No attempt was made. A withdrawal that came meanwhile has the last word.
update message set state = 'queued', held = %(why)s, due_at = %(until)s, attempts = attempts - 1
where id = %(message_id)s and attempts = %(attempts)s and due_at is not null

-- merge --
-- The others that were held for this recipient and are due go with this one.
with others as (
    select id from message
    where recipient = %(recipient)s and channel = %(channel)s and held <> '' and due_at <= %(now)s
      and id <> %(message_id)s
    for update skip locked
),
merged as (
    update message m set state = 'merged', held = '', due_at = null from others where m.id = others.id returning m.id
)
insert into receipt (message_id, at, state, detail) select id, %(now)s, 'merged', %(message_id)s::text from merged
