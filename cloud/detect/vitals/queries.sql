-- Vital signs, for the worker's loop: read by no person. Each takes %(now)s where it needs the time.

-- due_homes --
-- Homes where somebody has measured since the last look, those with a sensor that never stops every few minutes, and
-- those where a second measurement was waited for long enough. The kinds are those of the index device_measures. A
-- device whose clock is ahead wakes as one that never stops, and hides no other.
select home_id as id from (
    select gateway.home_id
    from device
    join gateway on gateway.id = device.gateway_id
    left join vital_watch as watch on watch.home_id = gateway.home_id
    where device.kind in (
        'blood_pressure', 'thermometer', 'pulse_oximeter', 'scale', 'glucose_meter', 'heart_rate', 'wearable', 'radar', 'bed'
    ) and device.last_at > %(now)s - interval '1 day' and (
        watch.home_id is null
        or device.last_at > watch.heard_at and (
            device.kind in ('blood_pressure', 'thermometer', 'pulse_oximeter', 'scale', 'glucose_meter') and device.last_at <= %(now)s
            or watch.due_at <= %(now)s
        )
    )
    union
    select home_id from vital_finding where due_at <= %(now)s
) as due
where not (home_id = any(%(skip)s)) and home_id in (select home_id from detected_home)
order by home_id
limit %(limit)s

-- begin_watch --
insert into vital_watch (home_id, heard_at, due_at)
select id, '-infinity', '-infinity' from home where id = %(home_id)s
on conflict do nothing

-- lock_watch --
select home_id from vital_watch where home_id = %(home_id)s for update skip locked

-- heard --
-- Read before the samples, so that what comes meanwhile is looked at again.
select max(device.last_at) as at
from device join gateway on gateway.id = device.gateway_id
where gateway.home_id = %(home_id)s and device.last_at <= %(now)s

-- samples --
-- Of what is guessed without a pause the last hour is enough. What is withheld now is judged no more, though it was
-- stored while it was allowed.
select device_id, quantity, observed_at, value, quality
from reading
where home_id = %(home_id)s and observed_at > %(since)s and observed_at <= %(now)s
    and quantity = any(%(quantities)s)
    and (observed_at > %(dense_since)s or quantity = any(%(sparse)s))
    and not exists (
        select from withheld
        where withheld.home_id = reading.home_id and withheld.standing and reading.quantity = any(withheld.quantities)
    )

-- days --
select bucket, quantity, sum(n)::bigint as n, sum(sum) as sum
from reading_1d
where home_id = %(home_id)s and bucket >= %(first)s and bucket <= %(now)s and quantity = any(%(quantities)s)
group by bucket, quantity

-- record --
select scale2, oxygen from vital_record where home_id = %(home_id)s

-- limits --
select quantity, low, high, set_by from vital_limit where home_id = %(home_id)s and ended_at is null

-- before --
select id, rule, quantity, state, priority, observed_at, found_at, due_at
from vital_finding
where home_id = %(home_id)s and (due_at is not null or found_at > %(since)s)
order by id

-- add_finding --
insert into vital_finding (home_id, rule, quantity, state, priority, observed_at, found_at, due_at, evidence, alarm_id)
values (
    %(home_id)s, %(rule)s, %(quantity)s, %(state)s, %(priority)s, %(observed_at)s, %(now)s, %(due_at)s, %(evidence)s,
    %(alarm_id)s
)

-- end_finding --
update vital_finding set state = %(state)s, due_at = null where id = %(id)s
returning evidence

-- looked --
update vital_watch set heard_at = coalesce(%(heard_at)s, heard_at), due_at = %(due_at)s where home_id = %(home_id)s

-- source --
-- Whose device it is, as an alarm of it names it.
select gateway.id as gateway, gateway.shard, gateway.home_id, home.tenant_id,
    gateway.revoked_at is not null as revoked, device.id as device_id, device.name, device.room, device.kind
from device join gateway on gateway.id = device.gateway_id join home on home.id = gateway.home_id
where device.id = %(device_id)s
