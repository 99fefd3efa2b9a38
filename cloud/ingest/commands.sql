-- The commands' way to the gateways. Rows of ``command`` are written by whoever has a reason.

-- expire_commands --
-- Here as below: a plan that is not sent again keeps its version, not the numbers of people.
update command set due_at = null, args = args #- '{plan,phones}'
where id in (
    select id from command where due_at <= %(now)s and until <= %(now)s for update skip locked
)
returning gateway_id, name, attempts

-- claim_commands --
-- Each attempt doubles the pause, from 2 s to 30 s; a gateway that comes back does not wait for it (wake_commands).
with due as (
    select command.id, gateway.home_id
    from command join gateway on gateway.id = command.gateway_id
    where command.due_at <= %(now)s and command.until > %(now)s
        and gateway.revoked_at is null and gateway.shard between %(first)s and %(last)s
    order by command.created_at, command.id
    limit %(most)s
    for update of command skip locked
)
update command
set attempts = command.attempts + 1,
    sent_at = %(now)s,
    due_at = %(now)s + least(power(2, least(command.attempts + 1, 5)), 30) * interval '1 second'
from due
where command.id = due.id
returning command.id, command.gateway_id, command.name, command.args, command.until, command.created_at, due.home_id

-- answer_command --
-- The first answer stays: a repeat only says "done before".
update command
set due_at = null,
    answered_at = coalesce(answered_at, %(now)s),
    detail = case when answered_at is null then %(detail)s else detail end,
    ok = coalesce(ok, %(ok)s),
    args = args #- '{plan,phones}'
where id = %(id)s and gateway_id = %(gateway_id)s
returning name, ok, answered_at

-- wake_commands --
update command set due_at = %(now)s
where id in (
    select id from command where gateway_id = any(%(ids)s) and due_at > %(now)s for update skip locked
)
