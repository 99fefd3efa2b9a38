-- Places from which many homes fell silent together, for the worker's loop: read by no person.

-- due_tenants --
-- Tenants with gateways, each once a minute.
select tenant.id
from tenant left join outage_watch as watch on watch.tenant_id = tenant.id
where not (tenant.id = any(%(skip)s)) and coalesce(watch.due_at, '-infinity') <= %(now)s
    and exists (select from detected_home join home on home.id = detected_home.home_id
                where home.tenant_id = tenant.id)
order by tenant.id
limit %(limit)s

-- begin_tenant --
insert into outage_watch (tenant_id, due_at) select id, '-infinity' from tenant where id = %(tenant_id)s
on conflict do nothing

-- lock_tenant --
select tenant_id from outage_watch
where tenant_id = %(tenant_id)s and due_at <= %(now)s
for update skip locked

-- looked_at_tenant --
update outage_watch set due_at = %(due_at)s where tenant_id = %(tenant_id)s

-- homes --
-- When each home was heard. Those whose shard nobody listens to say nothing about the place. A lease runs by the clock of
-- the database.
select home.id, home.division_code, max(gateway.state_at) as heard_at
from home join gateway on gateway.home_id = home.id
where home.tenant_id = %(tenant_id)s and home.retired_at is null and gateway.revoked_at is null
    and gateway.state_at is not null and gateway.state_at <= %(now)s
    and not exists (
        select from ingest_lease
        where gateway.shard between first_shard and last_shard
            and (owner is null or expires_at <= clock_timestamp())
    )
group by home.id, home.division_code

-- places --
select code, parent_code, name from division

-- standing_outages --
select id, division_code, homes, alarm_id from outage where tenant_id = %(tenant_id)s and ended_at is null

-- add_outage --
-- Homes that fall silent later join what stands; its alarm is the one it had.
insert into outage (tenant_id, division_code, since, found_at, homes, alarm_id)
values (%(tenant_id)s, %(division)s, %(since)s, %(now)s, %(homes)s, %(alarm_id)s)
on conflict (tenant_id, division_code) where ended_at is null
do update set homes = outage.homes || excluded.homes
returning alarm_id

-- end_outage --
update outage set ended_at = %(now)s where id = %(id)s

-- look_soon --
-- Their own alarms fold into this one, and come back with it: each home is looked at again.
update deadline set due_at = least(due_at, %(now)s) where home_id = any(%(homes)s)
