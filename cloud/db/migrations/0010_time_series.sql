-- Readings and events by time: partitions that are made ahead and dropped whole, and what is known of each quarter of
-- an hour, hour and day (docs/adr/0032). Where TimescaleDB is, 0011 turns the same names into hypertables.
-- The cloud updates no row of these tables: what moves in time is deleted and inserted, as a hypertable demands.

alter table reading rename to reading_before;
alter table event rename to event_before;
alter index reading_home rename to reading_before_home;
alter index reading_timeline rename to reading_before_timeline;
alter index event_home rename to event_before_home;
alter index event_timeline rename to event_before_timeline;

create table reading (
    observed_at timestamptz not null,
    tenant_id   integer not null,                                 -- of the home, when it was stored; 0: none
    home_id     integer not null,
    device_id   integer not null,
    quantity    smallint not null,                                -- firmware_protocols.model.QUANTITIES
    quality     smallint not null,
    value       double precision,                                 -- null exactly when quality says "no value"
    timeline_id integer                                           -- null: the clock was set
) partition by range (observed_at);
-- By home and time alone: whatever a home sends lands side by side, so a page is written once for all its sensors, and
-- what comes in order fills its pages.
create index reading_home on reading (home_id, observed_at);
create index reading_timeline on reading (timeline_id) where timeline_id is not null;

create table event (
    observed_at timestamptz not null,
    tenant_id   integer not null,
    home_id     integer not null,
    device_id   integer not null,
    kind        text not null,
    detail      text not null,
    timeline_id integer
) partition by range (observed_at);
create index event_home on event (home_id, observed_at);
create index event_timeline on event (timeline_id) where timeline_id is not null;

-- What comes too early or too late for every partition waits here until the keeper makes room for it.
create table reading_default partition of reading default;
create table event_default partition of event default;

-- The parts of a series. Lengths are in hours, because a day is 23 or 25 of them where a session's zone says so. -------

create function series_step(p_table text) returns interval language sql immutable as $$
    select case p_table when 'reading' then interval '24 hours' when 'event' then interval '168 hours' end
$$;

create function series_start(p_table text, p_at timestamptz) returns timestamptz language sql immutable as $$
    select date_bin(series_step(p_table), p_at, timestamptz '2000-01-03 00:00:00+00')
$$;

-- The parts there are, without the default; low is in it, high is not.
create function series_parts(p_table text) returns table (part regclass, low timestamptz, high timestamptz)
language sql stable as $$
    select named.part, named.low, named.low + series_step(p_table)
    from pg_inherits
    cross join lateral (
        select inhrelid::regclass as part, to_date(right(relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC' as low
        from pg_class where oid = inhrelid and relname ~ '_[0-9]{8}$'
    ) as named
    where inhparent = p_table::regclass
$$;

-- Make the part of p_at, and move there what the default holds of it; false: it is there. Whoever stores meanwhile
-- waits only if it is for the default.
create function series_add(p_table text, p_at timestamptz) returns boolean language plpgsql as $$
declare
    low  timestamptz := series_start(p_table, p_at);
    high timestamptz := low + series_step(p_table);
    part text := format('%s_%s', p_table, to_char(low at time zone 'UTC', 'YYYYMMDD'));
begin
    if to_regclass(part) is not null then
        return false;
    end if;
    execute format('lock table only %I in access exclusive mode', p_table || '_default');
    execute format('create table %I (like %I including defaults)', part, p_table);
    execute format(
        'with moved as (delete from %I where observed_at >= %L and observed_at < %L returning *)
        insert into %I select * from moved', p_table || '_default', low, high, part);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', p_table, part, low, high);
    return true;
end
$$;

-- Make the part of the oldest row that waits in the default and is not older than p_floor; false: none waits.
create function series_empty_default(p_table text, p_floor timestamptz) returns boolean language plpgsql as $$
declare
    oldest timestamptz;
begin
    execute format('select min(observed_at) from %I where observed_at >= %L', p_table || '_default', p_floor)
    into oldest;
    return oldest is not null and series_add(p_table, oldest);
end
$$;

create function series_discard(p_table text, p_part regclass, p_low timestamptz, p_high timestamptz) returns void
language plpgsql as $$
begin
    execute format('alter table %I detach partition %s', p_table, p_part);
    execute format('drop table %s', p_part);
end
$$;

-- Forgetting ----------------------------------------------------------------------------------------------------

create table forgotten (                                          -- how many stored records were dropped on purpose
    gateway_id text not null,
    name       text not null check (name in ('reading', 'event')),
    n          bigint not null
);
create index forgotten_gateway on forgotten (gateway_id);

-- Drop the oldest part that ends before p_before and return its name; null: there is none. A part with rows of a
-- clock that nobody has set yet is kept: their times are not true yet.
create function series_drop(p_table text, p_before timestamptz) returns text language plpgsql as $$
declare
    one  record;
    held boolean;
begin
    for one in select * from series_parts(p_table) where high <= p_before order by low loop
        execute format('lock table %s in share mode', one.part);
        execute format(
            'select exists (select from %s as row join timeline on timeline.id = row.timeline_id
            where timeline.mark = ''open'')', one.part) into held;
        continue when held;
        execute format(
            'insert into forgotten (gateway_id, name, n)
            select device.gateway_id, %L, count(*) from %s as row join device on device.id = row.device_id
            group by device.gateway_id', p_table, one.part);
        perform series_discard(p_table, one.part, one.low, one.high);
        return one.part::text;
    end loop;
    return null;
end
$$;

-- Delete what waits in the default and is older than any part will be; return how many rows.
create function series_drop_strays(p_table text, p_before timestamptz) returns bigint language plpgsql as $$
declare
    n bigint;
begin
    execute format(
        'with gone as (
            delete from %I as row where row.observed_at < $1 and not exists (
                select from timeline where timeline.id = row.timeline_id and timeline.mark = ''open'')
            returning row.device_id
        ), told as (
            insert into forgotten (gateway_id, name, n)
            select device.gateway_id, %L, count(*) from gone join device on device.id = gone.device_id
            group by device.gateway_id
        )
        select count(*) from gone', p_table || '_default', p_table) into n using p_before;
    return n;
end
$$;

-- Forget an aggregate before p_before; return how many rows (TimescaleDB: chunks) that were.
create function series_expire(p_aggregate text, p_before timestamptz) returns bigint language plpgsql as $$
declare
    n bigint;
begin
    execute format('delete from %I where bucket < $1', p_aggregate) using p_before;
    get diagnostics n = row_count;
    return n;
end
$$;

-- Where the rows of an aggregate are.
create function series_rows_of(p_aggregate text) returns regclass language sql stable as $$
    select p_aggregate::regclass
$$;

-- Delete what is stored of these homes before p_before, raw and aggregated; return how many raw rows that were.
create function series_forget(p_homes integer[], p_before timestamptz) returns bigint language plpgsql as $$
declare
    name text;
    n    bigint;
    sum  bigint := 0;
begin
    perform set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);
    foreach name in array array['reading', 'event'] loop
        execute format(
            'with gone as (
                select device.gateway_id, count(*) as n from %I as row join device on device.id = row.device_id
                where row.home_id = any ($1) and row.observed_at < $2 group by device.gateway_id
            ), told as (
                insert into forgotten (gateway_id, name, n) select gateway_id, %L, gone.n from gone
            )
            select coalesce(sum(gone.n), 0) from gone', name, name) into n using p_homes, p_before;
        execute format('delete from %I where home_id = any ($1) and observed_at < $2', name)
        using p_homes, p_before;
        sum := sum + n;
    end loop;
    foreach name in array array['reading_15m', 'reading_1h', 'reading_1d'] loop
        execute format('delete from %s where home_id = any ($1) and bucket < $2', series_rows_of(name))
        using p_homes, p_before;
    end loop;
    return sum;
end
$$;

-- Roll-ups ------------------------------------------------------------------------------------------------------

-- Days are those of UTC+8, the time of every community this was made for; quarters and hours are the same in both.
create function bucket_of(p_step interval, p_at timestamptz) returns timestamptz language sql immutable as $$
    select date_bin(p_step, p_at, timestamptz '2000-01-01 00:00:00+08')
$$;

-- n, sum, sum of squares, least and greatest: two rows make one by adding. Only readings that hold a value, and one
-- whose square can be added up.
create table reading_15m (
    bucket    timestamptz not null,
    tenant_id integer not null,
    home_id   integer not null,
    device_id integer not null,
    quantity  smallint not null,
    n         bigint not null,
    sum       double precision not null,
    sum2      double precision not null,
    min       double precision not null,
    max       double precision not null,
    primary key (home_id, bucket, device_id, quantity)
) with (fillfactor = 80);
create table reading_1h (like reading_15m including all) with (fillfactor = 80);
create table reading_1d (like reading_15m including all) with (fillfactor = 80);
create index reading_15m_quantity on reading_15m (quantity, bucket);
create index reading_15m_bucket on reading_15m using brin (bucket);     -- for its end
create index reading_1h_quantity on reading_1h (quantity, bucket);
create index reading_1d_quantity on reading_1d (quantity, bucket);

-- Quarters whose roll-up is behind. Written in the transaction that stores, and only ever added to, so nobody waits.
create table reading_dirty (
    home_id integer not null,
    bucket  timestamptz not null
);

create function mark_dirty() returns trigger language plpgsql as $$
begin
    insert into reading_dirty (home_id, bucket)
    select distinct home_id, bucket_of('15 minutes', observed_at) from changed;
    return null;
end
$$;

-- What was stored before -----------------------------------------------------------------------------------------

do $$
declare
    at timestamptz;
begin
    for at in select distinct series_start('reading', observed_at) from reading_before loop
        perform series_add('reading', at);
    end loop;
    for at in select distinct series_start('event', observed_at) from event_before loop
        perform series_add('event', at);
    end loop;
end
$$;

insert into reading (observed_at, tenant_id, home_id, device_id, quantity, quality, value, timeline_id)
select row.observed_at, coalesce(home.tenant_id, 0), row.home_id, row.device_id, row.quantity, row.quality, row.value,
    row.timeline_id
from reading_before as row left join home on home.id = row.home_id;

insert into event (observed_at, tenant_id, home_id, device_id, kind, detail, timeline_id)
select row.observed_at, coalesce(home.tenant_id, 0), row.home_id, row.device_id, row.kind, row.detail, row.timeline_id
from event_before as row left join home on home.id = row.home_id;

insert into reading_dirty (home_id, bucket)
select distinct home_id, bucket_of('15 minutes', observed_at) from reading_before;

drop table reading_before;
drop table event_before;

create trigger reading_stored after insert on reading
    referencing new table as changed for each statement execute function mark_dirty();
create trigger reading_moved_here after update on reading
    referencing new table as changed for each statement execute function mark_dirty();
create trigger reading_moved_away after update on reading
    referencing old table as changed for each statement execute function mark_dirty();
create trigger reading_removed after delete on reading
    referencing old table as changed for each statement execute function mark_dirty();

-- What a person may see: these views stand between a role and the tables, because row security and compression exclude
-- each other. They read two settings of the transaction; without the first they are empty (docs/adr/0032).

create or replace function scope_tenants() returns integer[] language sql stable as $$
    select nullif(current_setting('anban.tenants', true), '')::integer[]
$$;

create or replace function scope_homes() returns integer[] language sql stable as $$
    select nullif(current_setting('anban.homes', true), '')::integer[]
$$;

create view reading_seen with (security_barrier) as
select observed_at, tenant_id, home_id, device_id, quantity, quality, value, timeline_id
from reading
where tenant_id = any ((select scope_tenants())::integer[])
    and ((select scope_homes()) is null or home_id = any ((select scope_homes())::integer[]));

create view event_seen with (security_barrier) as
select observed_at, tenant_id, home_id, device_id, kind, detail, timeline_id
from event
where tenant_id = any ((select scope_tenants())::integer[])
    and ((select scope_homes()) is null or home_id = any ((select scope_homes())::integer[]));

create view reading_15m_seen with (security_barrier) as
select bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max
from reading_15m
where tenant_id = any ((select scope_tenants())::integer[])
    and ((select scope_homes()) is null or home_id = any ((select scope_homes())::integer[]));

create view reading_1h_seen with (security_barrier) as
select bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max
from reading_1h
where tenant_id = any ((select scope_tenants())::integer[])
    and ((select scope_homes()) is null or home_id = any ((select scope_homes())::integer[]));

create view reading_1d_seen with (security_barrier) as
select bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max
from reading_1d
where tenant_id = any ((select scope_tenants())::integer[])
    and ((select scope_homes()) is null or home_id = any ((select scope_homes())::integer[]));
