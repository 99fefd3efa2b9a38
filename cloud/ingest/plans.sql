-- Which gateways need their home's plan. Rows of ``plan`` are written by whoever knows the home.

-- compare_plans --
update plan set due_at = %(now)s
where home_id in (
    select plan.home_id
    from plan join gateway on gateway.home_id = plan.home_id
    where gateway.id = any(%(ids)s) and plan.due_at is null
        and coalesce((gateway.state ->> 'plan')::bigint, 0) <> plan.version
    for update of plan skip locked
)

-- take_due_plans --
with due as (
    select home_id from plan where due_at <= %(now)s order by home_id limit 100 for update skip locked
)
update plan
set due_at = null,
    version = least(9007199254740991, greatest(plan.version, (
        select max((state ->> 'plan')::bigint) + 1 from gateway
        where home_id = plan.home_id and revoked_at is null and (state ->> 'plan')::bigint > plan.version
    )))
from due
where plan.home_id = due.home_id
returning plan.home_id

-- withdraw_old_plans --
update command set due_at = null, args = args #- '{plan,phones}'
where id in (
    select command.id
    from plan
    join gateway on gateway.home_id = plan.home_id
    join command on command.gateway_id = gateway.id and command.name = 'plan' and command.due_at is not null
    where plan.home_id = any(%(homes)s) and (command.args -> 'plan' ->> 'version')::bigint <> plan.version
    for update of command skip locked
)

-- offer_plans --
-- What the cloud alone watches stays here: a gateway refuses a plan with a part that it does not know.
insert into command (id, gateway_id, name, args, created_at, until, due_at)
select
    gen_random_uuid()::text, gateway.id, 'plan',
    jsonb_build_object('plan',
        plan.body - 'watch' || plan.withheld
        || case when plan.body ? 'phones' and plan.withheld ? 'phones'
            then jsonb_build_object('phones', (plan.body -> 'phones') || (plan.withheld -> 'phones')) else '{}' end
        || jsonb_build_object('version', plan.version)),
    %(now)s, %(until)s, %(now)s
from plan join gateway on gateway.home_id = plan.home_id
where plan.home_id = any(%(homes)s)
    and gateway.online and gateway.revoked_at is null
    and coalesce((gateway.state ->> 'plan')::bigint, 0) <> plan.version
    and not exists (
        select from command
        where command.gateway_id = gateway.id and command.name = 'plan'
            and (command.args -> 'plan' ->> 'version')::bigint = plan.version
            and (command.due_at is not null
                or command.answered_at > case when command.ok then %(settled)s else %(refused)s end)
    )
