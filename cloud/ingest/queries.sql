-- Statements of ingest. Each takes %(now)s where it needs the time; none calls now().

-- gateways --
select gateway.id, gateway.shard, gateway.home_id, home.tenant_id, gateway.revoked_at is not null as revoked,
    exists (
        select from withheld
        where withheld.home_id = gateway.home_id
            and (withheld.quantities <> '{}' or withheld.kinds && standing.kinds)
    ) as withholds
from gateway
join home on home.id = gateway.home_id
cross join lateral (
    select array_agg(device.kind) as kinds from device where device.gateway_id = gateway.id
) as standing
where gateway.id = any(%(ids)s);

-- add_devices --
-- A gateway may name devices that nobody enrolled; the bound keeps a faulty one from naming them without end.
insert into device (gateway_id, name)
select named.gateway_id, named.name
from unnest(%(gateways)s::text[], %(names)s::text[]) as named (gateway_id, name)
where (select count(*) from device where device.gateway_id = named.gateway_id) < %(most)s
on conflict do nothing;

-- add_unnamed --
insert into device (gateway_id, name)
select named.gateway_id, named.name
from unnest(%(gateways)s::text[], %(names)s::text[]) as named (gateway_id, name)
on conflict do nothing;

-- devices --
-- All of these gateways', a row for each: cheaper to read than a row for each device.
select gateway_id, array_agg(id) as ids, array_agg(name) as names, array_agg(room) as rooms,
    array_agg(kind) as kinds, array_agg(coalesce(date_part('epoch', last_at) * 1000, 0)::bigint) as heard_ms
from device
where gateway_id = any(%(gateways)s)
group by gateway_id;

-- heard_devices --
-- To half a minute, because every batch comes by here. What another transaction holds is skipped: it writes much the
-- same, and an alarm must not wait until a thousand homes' readings are committed.
with heard as (
    select * from unnest(%(ids)s::int[], %(times)s::timestamptz[]) as heard (id, at)
), free as (
    select device.id, heard.at from device join heard on heard.id = device.id
    where device.last_at is null or device.last_at < heard.at - interval '30 seconds'
    for no key update of device skip locked
)
update device set last_at = free.at from free where device.id = free.id;

-- add_batches --
-- The ledger. A batch that is there already, or that overlaps a stored one (cut anew, against the contract), adds
-- nothing; that is what makes storing exactly-once. Says how many it has, and which, but only if those are not all.
-- Nearly always all that comes from a gateway is later than all that is stored of it: one look at the end of its book
-- serves all its batches. A look for each would be two thirds of what storing a message costs the server, the more so
-- if it met the rows that this statement adds: the order keeps all looks before the first of them.
with one as materialized (
    select * from json_to_recordset(%(rows)s::json) as one (
        gateway_id text, epoch text, lane text, first_seq bigint, n int, readings int, events int, alarms int, gaps int,
        refused int, withheld int
    )
), stretch as (
    select gateway_id, epoch, lane, min(first_seq) as first_seq, max(first_seq + n) as until
    from one
    group by gateway_id, epoch, lane
), book as materialized (
    select stretch.gateway_id, stretch.epoch, stretch.lane, coalesce((
        select stored.first_seq + stored.n <= stretch.first_seq
        from batch stored
        where stored.gateway_id = stretch.gateway_id and stored.epoch = stretch.epoch and stored.lane = stretch.lane
            and stored.first_seq < stretch.until
        order by stored.first_seq desc
        limit 1
    ), true) as ends_before
    from stretch
), added as (
    insert into batch (
        gateway_id, epoch, lane, first_seq, n, stored_at, readings, events, alarms, gaps, refused, withheld
    )
    select one.gateway_id, one.epoch, one.lane, one.first_seq, one.n, %(now)s,
        coalesce(one.readings, 0), coalesce(one.events, 0), coalesce(one.alarms, 0), coalesce(one.gaps, 0),
        coalesce(one.refused, 0), coalesce(one.withheld, 0)
    from one
    join book using (gateway_id, epoch, lane)
    where book.ends_before or coalesce((
        select stored.first_seq + stored.n <= one.first_seq
        from batch stored
        where stored.gateway_id = one.gateway_id and stored.epoch = one.epoch and stored.lane = one.lane
            and stored.first_seq < one.first_seq + one.n
        order by stored.first_seq desc
        limit 1
    ), true)
    order by one.gateway_id, one.epoch, one.lane, one.first_seq
    on conflict do nothing
    returning gateway_id, epoch, lane, first_seq
), whole as (
    select count(*) as entered, count(*) = (select count(*) from one) as is_all from added
)
select whole.entered, added.gateway_id, added.epoch, added.lane, added.first_seq
from whole
left join added on not whole.is_all;

-- stored_batches --
select batch.gateway_id, batch.epoch, batch.lane, batch.first_seq, batch.n
from batch
join unnest(%(gateway_id)s::text[], %(epoch)s::text[], %(lane)s::text[], %(first_seq)s::bigint[])
    as one (gateway_id, epoch, lane, first_seq)
    using (gateway_id, epoch, lane, first_seq);

-- count_days --
insert into delivery_day as counted (home_id, day, lane, batches, records, late, refused, repeated)
select one.home_id, %(day)s, one.lane, coalesce(one.batches, 0), coalesce(one.records, 0), coalesce(one.late, 0),
    coalesce(one.refused, 0), coalesce(one.repeated, 0)
from json_to_recordset(%(rows)s::json) as one (
    home_id int, lane text, batches int, records int, late int, refused int, repeated int
)
on conflict (home_id, day, lane) do update set
    batches = counted.batches + excluded.batches, records = counted.records + excluded.records,
    late = counted.late + excluded.late, refused = counted.refused + excluded.refused,
    repeated = counted.repeated + excluded.repeated;

-- copy_readings --
copy reading (observed_at, tenant_id, home_id, device_id, quantity, quality, value, timeline_id) from stdin (format binary);

-- copy_events --
copy event (observed_at, tenant_id, home_id, device_id, kind, detail, timeline_id) from stdin (format binary);

-- add_gaps --
insert into gap (gateway_id, epoch, lane, first_seq, last_seq, reason, observed_at)
select * from unnest(
    %(gateway_id)s::text[], %(epoch)s::text[], %(lane)s::text[], %(first_seq)s::bigint[], %(last_seq)s::bigint[],
    %(reason)s::text[], %(observed_at)s::timestamptz[]
)
on conflict do nothing;

-- add_alarm --
insert into alarm (
    alarm_id, home_id, gateway_id, device_id, kind, state, observed_at, stored_at, confirm_s, evidence, actions,
    path, timeline_id
)
values (
    %(alarm_id)s, %(home_id)s, %(gateway_id)s, %(device_id)s, %(kind)s, %(state)s, %(observed_at)s, %(now)s,
    %(confirm_s)s, %(evidence)s, %(actions)s, %(path)s, %(timeline)s
)
returning id;

-- postpone_alarm --
update alarm
set attempts = least(attempts + 1, 1000),
    due_at = %(now)s + least(power(2, least(attempts, 6)), 60) * interval '1 second'
where id = %(id)s;

-- settle_alarm --
update alarm set due_at = null where id = %(id)s;

-- due_alarms --
select alarm.id, alarm.alarm_id, alarm.home_id, alarm.gateway_id, alarm.device_id, alarm.kind, alarm.state,
    alarm.observed_at, alarm.stored_at, alarm.confirm_s, alarm.evidence, alarm.actions,
    home.tenant_id, device.name as device, device.room
from alarm
join home on home.id = alarm.home_id
join device on device.id = alarm.device_id
where alarm.due_at <= %(now)s
order by alarm.id
limit 1
for update of alarm skip locked;

-- add_quarantine --
insert into quarantine (stored_at, topic, reason, payload, gateway_id, digest, seen_at)
values (%(now)s, %(topic)s, %(reason)s, %(payload)s, %(gateway_id)s, %(digest)s, %(now)s)
on conflict (digest) do update
set seen = quarantine.seen + 1, seen_at = excluded.seen_at, payload = excluded.payload;

-- put_state --
-- A Last Will says only that the gateway is gone: what it last reported stays readable.
update gateway
set online = %(online)s,
    state = case when %(online)s then %(state)s else gateway.state end,
    state_at = case when %(online)s then %(now)s else gateway.state_at end
from (select id, online from gateway where id = %(id)s for update) as before, home
where gateway.id = before.id and home.id = gateway.home_id
returning gateway.home_id, home.tenant_id, gateway.online is distinct from before.online as changed;

-- silence_gateways --
-- A broker that died could not publish the Last Wills it held.
with silent as (
    select gateway.id from gateway
    where gateway.online and gateway.state_at < %(before)s and gateway.shard between %(first)s and %(last)s
    for update skip locked
)
update gateway set online = false from silent, home
where gateway.id = silent.id and home.id = gateway.home_id
returning gateway.id, gateway.home_id, home.tenant_id;

-- home_changed --
-- What is shown of it is read there. Takes the change lock: last in a transaction.
select append_change(tenant_id, id, 'home', '{}', %(now)s)
from home
where id = %(home_id)s;
