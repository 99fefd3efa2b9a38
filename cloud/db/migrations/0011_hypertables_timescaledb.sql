-- Needs TimescaleDB and changes no table where it is absent: readings and events become hypertables, the roll-ups become
-- continuous aggregates, old chunks are compressed (docs/adr/0032). May be run again: `anban-cloud timescale` does so
-- in a database that got the extension later. What it finds done it leaves alone.

-- Why TimescaleDB cannot be used in this database; null: it can. 2.28 is the first that was measured to keep every late
-- row that comes into a compressed chunk; the Apache edition knows neither compression nor continuous aggregates.
create or replace function timescale_fault() returns text language sql stable as $$
    select case
        when found.version is null then 'the extension timescaledb is not there: create extension timescaledb'
        when string_to_array(split_part(found.version, '-', 1), '.')::integer[] < array[2, 28]
            then format('timescaledb is %s, at least 2.28 is needed: alter extension timescaledb update', found.version)
        when current_setting('timescaledb.license', true) is distinct from 'timescale'
            then 'timescaledb runs with the Apache licence, which has no compression: set timescaledb.license = timescale'
    end
    from (select (select extversion from pg_extension where extname = 'timescaledb') as version) as found
$$;

-- Whether p_table stands as a hypertable.
create or replace function is_hypertable(p_table text) returns boolean language sql stable as $$
    select relkind = 'r' from pg_class where oid = p_table::regclass
$$;

-- Let p_new stand where p_old stood: the views over it show p_new, and who might read p_old may read p_new.
create or replace function take_the_place_of(p_old regclass, p_new text, p_views jsonb) returns void
language plpgsql as $$
declare
    one record;
begin
    for one in
        select grantee, string_agg(privilege_type, ', ') as what
        from pg_class, lateral aclexplode(relacl)
        where oid = p_old and grantee <> relowner and privilege_type in ('SELECT', 'INSERT', 'DELETE', 'UPDATE')
        group by grantee
    loop
        execute format(
            'grant %s on %I to %s', one.what, p_new,
            case when one.grantee = 0 then 'public' else one.grantee::regrole::text end);
    end loop;
    for one in select * from jsonb_to_recordset(p_views) as view (name text, options text, body text) loop
        execute format('create or replace view %s with (%s) as %s', one.name, one.options, one.body);
    end loop;
end
$$;

-- The views over p_table as they are now, to be made again over what takes its place.
create or replace function views_over(p_table regclass) returns jsonb language sql stable as $$
    select coalesce(jsonb_agg(distinct jsonb_build_object(
        'name', view.oid::regclass::text,
        'options', coalesce(array_to_string(view.reloptions, ', '), 'security_barrier = false'),
        'body', pg_get_viewdef(view.oid))), '[]')
    from pg_depend
    join pg_rewrite on pg_rewrite.oid = pg_depend.objid
    join pg_class as view on view.oid = pg_rewrite.ev_class and view.relkind = 'v'
    where pg_depend.classid = 'pg_rewrite'::regclass and pg_depend.refobjid = p_table
$$;

create or replace function make_hypertable(p_table text, p_segment_by text, p_indexes text[]) returns void
language plpgsql as $$
declare
    before text := p_table || '_before';
    views  jsonb := views_over(p_table::regclass);
    index  text;
begin
    for index in select indexrelid::regclass::text from pg_index where indrelid = p_table::regclass loop
        execute format('alter index %s rename to %I', index, index || '_before');
    end loop;
    execute format('alter table %I rename to %I', p_table, before);
    execute format('create table %I (like %I including defaults)', p_table, before);
    execute format(
        'select create_hypertable(%L, by_range(''observed_at'', %L::interval), create_default_indexes => false)',
        p_table, series_step(p_table));
    execute format(
        'alter table %I set (timescaledb.enable_columnstore, timescaledb.segmentby = %L,
        timescaledb.orderby = ''observed_at desc'')', p_table, p_segment_by);
    foreach index in array p_indexes loop
        execute index;
    end loop;
    execute format('insert into %I select * from %I', p_table, before);
    perform take_the_place_of(before::regclass, p_table, views);
    execute format('drop table %I', before);
end
$$;

create or replace function make_aggregate(p_name text, p_body text, p_live boolean) returns void language plpgsql as $$
declare
    before text := p_name || '_before';
    views  jsonb := views_over(p_name::regclass);
begin
    execute format('alter table %I rename to %I', p_name, before);
    execute format('alter index %I rename to %I', p_name || '_quantity', before || '_quantity');
    execute format(
        'create materialized view %I with (timescaledb.continuous, timescaledb.materialized_only = %s,
        timescaledb.create_group_indexes = false) as %s with no data', p_name, not p_live, p_body);
    execute format('create index %I on %I (home_id, bucket)', p_name || '_home', p_name);
    execute format('create index %I on %I (quantity, bucket)', p_name || '_quantity', p_name);
    execute format(
        'alter materialized view %I set (timescaledb.enable_columnstore,
        timescaledb.segmentby = ''tenant_id, home_id, device_id, quantity'', timescaledb.orderby = ''bucket desc'')',
        p_name);
    execute format('insert into %s select * from %I', series_rows_of(p_name), before);
    perform take_the_place_of(before::regclass, p_name, views);
    execute format('drop table %I', before);
end
$$;

-- When what becomes compressed and rolled up, in TimescaleDB's own jobs. Raw rows are dropped by our keeper, which
-- counts them for the audit; an aggregate is never made again from raw rows that are gone, so its window ends before.
create or replace function set_timescale_policies(
    p_keep interval, p_compress_readings interval, p_compress_events interval
) returns void language plpgsql as $$
declare
    one record;
begin
    for one in select * from (values
        ('reading_15m', interval '15 minutes', interval '5 minutes'),
        ('reading_1h', interval '1 hour', interval '15 minutes'),
        ('reading_1d', interval '1 hour', interval '1 hour')
    ) as policy (name, behind, every) loop
        execute format('select remove_continuous_aggregate_policy(%L, if_exists => true)', one.name);
        execute format(
            'select add_continuous_aggregate_policy(%L, start_offset => %L::interval, end_offset => %L::interval,
            schedule_interval => %L::interval)', one.name, p_keep - interval '2 days', one.behind, one.every);
    end loop;
    for one in select * from (values
        ('reading', p_compress_readings), ('event', p_compress_events),
        ('reading_15m', interval '7 days'), ('reading_1h', interval '30 days'), ('reading_1d', interval '180 days')
    ) as policy (name, wait) loop
        execute format('call remove_columnstore_policy(%L, if_exists => true)', one.name);
        execute format('call add_columnstore_policy(%L, after => %L::interval)', one.name, one.wait);
    end loop;
end
$$;

do $$
declare
    fresh text := 'select bucket_of_step, tenant_id, home_id, device_id, quantity, sum(n)::bigint as n,
        sum(sum) as sum, sum(sum2) as sum2, min(min) as min, max(max) as max from source group by 1, 2, 3, 4, 5';
    binned text := 'time_bucket(%L, bucket, origin => timestamptz ''2000-01-01 00:00:00+08'') as bucket';
begin
    if timescale_fault() is not null or is_hypertable('reading') then
        return;
    end if;
    perform make_hypertable('reading', 'tenant_id, home_id, device_id, quantity', array[
        'create index reading_home on reading (home_id, observed_at)',
        'create index reading_timeline on reading (timeline_id) where timeline_id is not null']);
    perform make_hypertable('event', 'tenant_id, home_id', array[
        'create index event_home on event (home_id, observed_at)',
        'create index event_timeline on event (timeline_id) where timeline_id is not null']);

    create or replace function series_parts(p_table text)
    returns table (part regclass, low timestamptz, high timestamptz) language plpgsql stable as $body$
    begin
        return query execute format(
            'select format(''%%I.%%I'', chunk_schema, chunk_name)::regclass, range_start, range_end
            from timescaledb_information.chunks where hypertable_name = %L', p_table);
    end
    $body$;
    create or replace function series_add(p_table text, p_at timestamptz) returns boolean language sql as $body$
        select false
    $body$;
    create or replace function series_empty_default(p_table text, p_floor timestamptz) returns boolean
    language sql as $body$
        select false
    $body$;
    create or replace function series_drop_strays(p_table text, p_before timestamptz) returns bigint
    language sql as $body$
        select 0::bigint
    $body$;
    create or replace function series_expire(p_aggregate text, p_before timestamptz) returns bigint
    language plpgsql as $body$
    declare
        n bigint;
    begin
        execute format('select count(*) from drop_chunks(%L, older_than => %L::timestamptz)', p_aggregate, p_before)
        into n;
        return n;
    end
    $body$;
    create or replace function series_discard(
        p_table text, p_part regclass, p_low timestamptz, p_high timestamptz
    ) returns void language plpgsql as $body$
    begin
        execute format(
            'select drop_chunks(%L, older_than => %L::timestamptz, newer_than => %L::timestamptz)',
            p_table, p_high, p_low);
    end
    $body$;
    create or replace function series_rows_of(p_aggregate text) returns regclass language plpgsql stable as $body$
    declare
        found text;
    begin
        execute format(
            'select format(''%%I.%%I'', materialization_hypertable_schema, materialization_hypertable_name)
            from timescaledb_information.continuous_aggregates where view_name = %L', p_aggregate) into found;
        return found::regclass;
    end
    $body$;

    perform make_aggregate('reading_15m',
        'select time_bucket(interval ''15 minutes'', observed_at, origin => timestamptz ''2000-01-01 00:00:00+08'')
            as bucket, tenant_id, home_id, device_id, quantity, count(*) as n, sum(value) as sum,
            sum(value * value) as sum2, min(value) as min, max(value) as max
        from reading where value between -1e100 and 1e100 group by 1, 2, 3, 4, 5', true);
    perform make_aggregate('reading_1h', replace(replace(
        fresh, 'bucket_of_step', format(binned, interval '1 hour')), 'source', 'reading_15m'), false);
    perform make_aggregate('reading_1d', replace(replace(
        fresh, 'bucket_of_step', format(binned, interval '24 hours')), 'source', 'reading_1h'), false);
    truncate reading_dirty;
    perform set_timescale_policies(interval '395 days', interval '2 days', interval '14 days');
    -- What was made anew runs with its owner's rights again (0013).
    if to_regprocedure('let_owner_keep_series()') is not null then
        execute 'call let_owner_keep_series()';
    end if;
end
$$;
