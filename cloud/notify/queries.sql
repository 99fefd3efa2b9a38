-- The SQL of the message queue. Messages are worked by id; people see them through incidents.

-- due_messages --
-- Somebody's first message before anybody's repetition, and of those the question before the news.
select m.id
from message m left join incident i on i.id = m.incident_id
where m.due_at <= %(now)s and not (m.id = any(%(skip)s))
order by i.priority nulls last, m.attempts, m.template <> 'ask', m.due_at, m.id
limit %(limit)s

-- claim --
-- The message is ours until the lease ends; a worker that dies in between leaves it to the next one.
with picked as (
    select id, incident_id from message where id = %(message_id)s and due_at <= %(now)s for update skip locked
)
update message m
set attempts = m.attempts + 1, due_at = %(lease)s
from picked
left join incident i on i.id = picked.incident_id
where m.id = picked.id
returning m.id, m.incident_id, m.step, m.ask_id, m.channel, m.address, m.locale, m.template, m.params, m.attempts,
          i.home_id, i.tenant_id

-- keep_token --
insert into answer_token (token_hash, message_id, created_at) values (%(token_hash)s, %(message_id)s, %(now)s)

-- settle --
-- Only if it is still ours: an answer or a withdrawal that came meanwhile has the last word.
update message
set state = %(state)s, due_at = %(due_at)s
where id = %(message_id)s and attempts = %(attempts)s and due_at is not null

-- append_receipt --
insert into receipt (message_id, at, state, detail) values (%(message_id)s, %(now)s, %(state)s, %(detail)s)

-- try_next_channel --
-- The same words to the same person on the channel after this one, once; unless the message was answered or withdrawn
-- while it was on its way.
insert into message (incident_id, step, channel, address, locale, template, params, due_at, created_at)
select m.incident_id, m.step, split_part(n.address, ':', 1), n.address, m.locale, m.template, m.params,
       %(now)s, %(now)s
from message m
join rung r on r.incident_id = m.incident_id and r.step = m.step
cross join lateral (select r.channels[array_position(r.channels, m.address) + 1] as address) n
where m.id = %(message_id)s and m.state in ('queued', 'failed') and n.address is not null
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
where m.id = %(message_id)s and m.state in ('queued', 'failed') and n.address is not null
  and (m.template <> 'ask' or (a.answer is null and a.relieved_at is null))
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
