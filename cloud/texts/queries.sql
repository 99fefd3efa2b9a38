-- Statements of texts. Each takes %(now)s where it needs the time; none calls now().

-- gateway --
select gateway.id, gateway.shard, gateway.home_id, home.tenant_id, gateway.revoked_at is not null as revoked,
    gateway.sms_key
from gateway join home on home.id = gateway.home_id
where gateway.id = %(gateway)s;

-- device --
select id, room from device where gateway_id = %(gateway)s and name = %(name)s;

-- first_time --
insert into text_message (digest, gateway_id, alarm_id, test, stored_at)
values (%(digest)s, %(gateway)s, %(alarm)s, %(test)s, %(now)s)
on conflict do nothing;

-- came_at --
select stored_at from text_message where digest = %(digest)s;

-- path_proven --
-- Returns the fault that stood until now.
with before as (select fault from second_path where gateway_id = %(gateway)s)
insert into second_path (gateway_id, heard_at, due_at) values (%(gateway)s, %(now)s, %(due_at)s)
on conflict (gateway_id) do update set heard_at = excluded.heard_at, due_at = excluded.due_at, fault = ''
returning coalesce((select fault from before), '') as fault;

-- due_paths --
select second_path.id
from second_path join gateway on gateway.id = second_path.gateway_id
where (second_path.due_at is null or second_path.due_at <= %(now)s)
    and gateway.revoked_at is null and not (second_path.id = any(%(skip)s))
order by second_path.due_at nulls first, second_path.id
limit %(limit)s;

-- path_for_update --
select gateway_id, heard_at, due_at, fault
from second_path
where id = %(id)s and (due_at is null or due_at <= %(now)s)
for update skip locked;

-- expect --
update second_path set due_at = %(due_at)s, fault = %(fault)s where id = %(id)s;
