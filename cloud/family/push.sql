-- What a member of a family wants of messages, and their telephones; each sees and changes their own alone.

-- wishes --
select
    coalesce(to_char(follower.quiet_from, 'HH24:MI'), '') as quiet_from,
    coalesce(to_char(follower.quiet_until, 'HH24:MI'), '') as quiet_until,
    coalesce(follower.detail, false) as detail
from (select %(staff_id)s::int as staff_id) as one
left join follower on follower.staff_id = one.staff_id

-- put_wishes --
insert into follower (staff_id, quiet_from, quiet_until, detail)
values (%(staff_id)s, %(quiet_from)s, %(quiet_until)s, %(detail)s)
on conflict (staff_id) do update
set quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, detail = excluded.detail

-- phones --
select id, agent, created_at from push_subscription where staff_id = %(staff_id)s order by id

-- told --
-- The last notice to each of these telephones, of homes that still share.
select distinct on (message.push_id) message.push_id, message.state, receipt.at
from message
join incident on incident.id = message.incident_id
join receipt on receipt.message_id = message.id
where message.push_id = any(%(ids)s)
  and incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))
order by message.push_id, receipt.at desc

-- take_over --
select take_over_push(%(mark)s)

-- add_phone --
insert into push_subscription (staff_id, mark, address, agent, created_at)
values (%(staff_id)s, %(mark)s, %(address)s, %(agent)s, %(now)s)
on conflict (mark) do update set address = excluded.address, agent = excluded.agent
returning id

-- forget_phone --
delete from push_subscription where id = %(id)s and staff_id = %(staff_id)s
returning id
