-- Keeping house among readings and events. No person reads what these give back.

-- engine --
select
    (select extversion from pg_extension where extname = 'timescaledb') as extension,
    is_hypertable('reading') as hypertables,
    timescale_fault() as fault;

-- take_lock --
select pg_try_advisory_xact_lock(%(key)s) as taken;

-- set_patience --
select set_config('lock_timeout', %(patience)s, true);

-- missing_parts --
-- Starts of the parts that should stand between two times and do not.
select start
from generate_series(
    series_start(%(name)s, %(since)s), series_start(%(name)s, %(until)s), series_step(%(name)s)
) as wanted (start)
where not exists (select from series_parts(%(name)s) as part where part.low = start)
order by start;

-- add_part --
select series_add(%(name)s, %(at)s) as done;

-- empty_default --
select series_empty_default(%(name)s, series_start(%(name)s, %(floor)s)) as done;

-- drop_part --
select series_drop(%(name)s, %(before)s) as part;

-- drop_strays --
select series_drop_strays(%(name)s, series_start(%(name)s, %(before)s)) as n;

-- expire --
select series_expire(%(name)s, %(before)s) as n;

-- forget --
select series_forget(%(homes)s::integer[], coalesce(%(before)s::timestamptz, 'infinity')) as n;

-- set_policies --
select set_timescale_policies(%(keep)s, %(compress_readings)s, %(compress_events)s);

-- take_marks --
-- All of some homes, those first whose marks are of the longest past: a home's day is made anew from its hours, so
-- half of its marks would cost as much as all. ``waiting``: homes that have to wait for the next turn.
with marked as (
    select home_id, min(bucket) as since, count(distinct bucket) as n from reading_dirty group by home_id
),
line as (
    select home_id, sum(n) over (order by since, home_id) - n as before from marked
),
taken as (
    delete from reading_dirty using line
    where line.home_id = reading_dirty.home_id and line.before < %(most)s
    returning reading_dirty.home_id, reading_dirty.bucket
)
select distinct home_id, bucket, exists (select from line where before >= %(most)s) as waiting
from taken;

-- roll_quarters --
-- What was there and is no more goes; what stands is written only where it differs. A quarter whose readings may be
-- gone already is left as it is.
with behind as (
    select distinct home_id, bucket
    from unnest(%(homes)s::integer[], %(buckets)s::timestamptz[]) as mark (home_id, bucket)
    where bucket >= series_start('reading', %(floor)s)
),
fresh as (
    select behind.bucket, max(tenant_id) as tenant_id, behind.home_id, device_id, quantity, count(*) as n,
        sum(value) as sum, sum(value * value) as sum2, min(value) as min, max(value) as max
    from behind
    join reading on reading.home_id = behind.home_id
        and observed_at >= behind.bucket and observed_at < behind.bucket + interval '15 minutes'
    where value between -1e100 and 1e100
    group by behind.bucket, behind.home_id, device_id, quantity
),
gone as (
    delete from reading_15m as old
    using behind
    where old.home_id = behind.home_id and old.bucket = behind.bucket and not exists (
        select from fresh
        where (fresh.home_id, fresh.bucket, fresh.device_id, fresh.quantity)
            = (old.home_id, old.bucket, old.device_id, old.quantity)
    )
)
insert into reading_15m as old (bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max)
select bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max from fresh
on conflict (home_id, bucket, device_id, quantity) do update
set tenant_id = excluded.tenant_id, n = excluded.n, sum = excluded.sum, sum2 = excluded.sum2, min = excluded.min,
    max = excluded.max
where (old.tenant_id, old.n, old.sum, old.sum2, old.min, old.max)
    is distinct from (excluded.tenant_id, excluded.n, excluded.sum, excluded.sum2, excluded.min, excluded.max);

-- roll_hours --
with behind as (
    select distinct home_id, bucket_of('1 hour', bucket) as bucket
    from unnest(%(homes)s::integer[], %(buckets)s::timestamptz[]) as mark (home_id, bucket)
    where bucket >= series_start('reading', %(floor)s)
),
fresh as (
    select behind.bucket, max(tenant_id) as tenant_id, behind.home_id, device_id, quantity, sum(n)::bigint as n,
        sum(sum) as sum, sum(sum2) as sum2, min(min) as min, max(max) as max
    from behind
    join reading_15m as finer on finer.home_id = behind.home_id
        and finer.bucket >= behind.bucket and finer.bucket < behind.bucket + interval '1 hour'
    group by behind.bucket, behind.home_id, device_id, quantity
),
gone as (
    delete from reading_1h as old
    using behind
    where old.home_id = behind.home_id and old.bucket = behind.bucket and not exists (
        select from fresh
        where (fresh.home_id, fresh.bucket, fresh.device_id, fresh.quantity)
            = (old.home_id, old.bucket, old.device_id, old.quantity)
    )
)
insert into reading_1h as old (bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max)
select bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max from fresh
on conflict (home_id, bucket, device_id, quantity) do update
set tenant_id = excluded.tenant_id, n = excluded.n, sum = excluded.sum, sum2 = excluded.sum2, min = excluded.min,
    max = excluded.max
where (old.tenant_id, old.n, old.sum, old.sum2, old.min, old.max)
    is distinct from (excluded.tenant_id, excluded.n, excluded.sum, excluded.sum2, excluded.min, excluded.max);

-- roll_days --
with behind as (
    select distinct home_id, bucket_of('24 hours', bucket) as bucket
    from unnest(%(homes)s::integer[], %(buckets)s::timestamptz[]) as mark (home_id, bucket)
    where bucket >= series_start('reading', %(floor)s)
),
fresh as (
    select behind.bucket, max(tenant_id) as tenant_id, behind.home_id, device_id, quantity, sum(n)::bigint as n,
        sum(sum) as sum, sum(sum2) as sum2, min(min) as min, max(max) as max
    from behind
    join reading_1h as finer on finer.home_id = behind.home_id
        and finer.bucket >= behind.bucket and finer.bucket < behind.bucket + interval '24 hours'
    group by behind.bucket, behind.home_id, device_id, quantity
),
gone as (
    delete from reading_1d as old
    using behind
    where old.home_id = behind.home_id and old.bucket = behind.bucket and not exists (
        select from fresh
        where (fresh.home_id, fresh.bucket, fresh.device_id, fresh.quantity)
            = (old.home_id, old.bucket, old.device_id, old.quantity)
    )
)
insert into reading_1d as old (bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max)
select bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max from fresh
on conflict (home_id, bucket, device_id, quantity) do update
set tenant_id = excluded.tenant_id, n = excluded.n, sum = excluded.sum, sum2 = excluded.sum2, min = excluded.min,
    max = excluded.max
where (old.tenant_id, old.n, old.sum, old.sum2, old.min, old.max)
    is distinct from (excluded.tenant_id, excluded.n, excluded.sum, excluded.sum2, excluded.min, excluded.max);
