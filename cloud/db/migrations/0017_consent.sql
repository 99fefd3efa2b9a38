-- Consent as a control (docs/adr/0038): what was said, what follows from it, what is still to be done about it.

alter table resident
    add column died_at   timestamptz,                             -- from then on next of kin speak (PIPL art. 49)
    add column erased_at timestamptz;                             -- name, numbers and notes are gone

create table consent (                                            -- append-only: every word on every purpose
    id           bigint generated always as identity primary key,
    resident_id  integer not null references resident (id),
    purpose      text not null,                                   -- cloud.consent.purposes.Purpose
    decision     text not null check (decision in ('given', 'withdrawn', 'refused')),
    at           timestamptz,                                     -- when it was said; null: before anything was collected
    recorded_at  timestamptz,                                     -- null: with the roster
    actor        text not null,                                   -- staff:ID, roster: who wrote it down
    by_whom      text not null check (by_whom in ('self', 'guardian', 'next_of_kin')),
    by_name      text not null default '',
    authority    text not null default '',                        -- the document that lets a guardian speak
    capacity     text not null default '',                        -- why this person can decide in spite of a loss
    how          text not null check (how in ('paper', 'voice', 'screen', 'roster')),
    witness      text not null default '',
    recipient    text not null default '',
    text_version text not null default '',
    valid_until  timestamptz
);
create index consent_resident on consent (resident_id, id);

create function consent_stands() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('anban.erasing', true), '') <> 'on' then
        raise exception 'a consent is never changed: write a new one';
    end if;
    return new;
end
$$;
create trigger consent_stands before update or delete on consent for each row execute function consent_stands();

-- What follows from the words, worked out by cloud.consent: when each purpose was not allowed, and what it covers.
-- Whoever reads or stores data of a home looks here; a home without rows withholds nothing.
create table withheld (
    home_id    integer not null references home (id),
    purpose    text not null,
    since      timestamptz,                                       -- null: always
    until      timestamptz,                                       -- null: it has not ended
    standing   boolean not null,                                  -- now
    asked      boolean not null,                                  -- somebody has said so, rather than nobody anything
    kinds      text[] not null,                                   -- devices
    quantities smallint[] not null,
    events     text[] not null,
    alarms     text[] not null                                    -- whose evidence is made of it
);
create index withheld_home on withheld (home_id, purpose);

create table consent_task (                                       -- what is still to be done because of a consent
    id      integer generated always as identity primary key,
    home_id integer not null references home (id),
    purpose text not null,
    task    text not null check (task in ('expire', 'stop', 'erase')),
    due_at   timestamptz not null,
    position timestamptz,                                          -- how far an erasure has come
    unique (home_id, purpose, task)
);
create index consent_task_due on consent_task (due_at);

alter table plan add column withheld jsonb not null default '{}';  -- laid over the body when the plan is sent
alter table batch add column withheld integer not null default 0;  -- records dropped for want of consent; content nowhere

-- Break glass: read in spite of a missing consent, for one incident, for a while; reviewed by somebody else.
create table emergency_access (
    id          bigint generated always as identity primary key,
    tenant_id   integer not null references tenant (id),
    home_id     integer not null references home (id),
    incident_id bigint not null references incident (id),
    staff_id    integer not null references staff (id),
    reason      text not null,
    at          timestamptz not null,
    until       timestamptz not null,
    reviewed_by integer references staff (id),
    reviewed_at timestamptz,
    justified   boolean,
    remark      text not null default '',
    check (reviewed_by <> staff_id)
);
create index emergency_access_home on emergency_access (home_id, staff_id, until);
create index emergency_access_open on emergency_access (tenant_id, at) where reviewed_at is null;

create table legal_hold (                                         -- nothing of this person may be deleted meanwhile
    id          integer generated always as identity primary key,
    resident_id integer not null references resident (id),
    reason      text not null,
    actor       text not null,
    at          timestamptz not null,
    lifted_at   timestamptz
);
create index legal_hold_resident on legal_hold (resident_id) where lifted_at is null;

create table erasure (                                            -- one person leaves; worked step by step
    id          integer generated always as identity primary key,
    resident_id integer not null unique references resident (id),
    home_id     integer not null references home (id),
    reason      text not null,
    actor       text not null,
    asked_at    timestamptz not null,
    done        text[] not null default '{}',                     -- tables that are finished
    due_at      timestamptz,                                      -- when to go on; null: finished
    finished_at timestamptz
);
create index erasure_due on erasure (due_at) where due_at is not null;

create table retention (                                          -- how long a tenant keeps what; absent: the default
    id        integer generated always as identity primary key,
    tenant_id integer not null references tenant (id),
    class     text not null,                                      -- cloud.privacy.retention.Class
    days      integer not null check (days >= 1),
    due_at    timestamptz not null default '-infinity',           -- when to look again
    position  integer not null default 0,                         -- the last home that this sweep has looked at
    swept_at  timestamptz,                                        -- when nothing was left to delete
    unique (tenant_id, class)
);
create index retention_due on retention (due_at);

-- Who is enrolled today has signed on paper: nothing that works stops. Only these three exist as data or sharing today.
insert into consent (resident_id, purpose, decision, actor, by_whom, how)
select resident.id, purpose, 'given', 'roster', 'self', 'roster'
from resident cross join unnest(array['monitoring', 'vitals', 'family_sharing']) as purpose;

-- Nobody was ever asked for the others.
insert into withheld (home_id, purpose, standing, asked, kinds, quantities, events, alarms)
select distinct resident.home_id, purpose.name, true, false, purpose.kinds, '{}'::smallint[], '{}'::text[], '{}'::text[]
from resident
cross join (values
    ('location', '{tracker}'::text[]), ('voice_recording', '{microphone}'), ('camera', '{camera}'),
    ('doctor_sharing', '{}'), ('government_sharing', '{}'), ('research', '{}')
) as purpose (name, kinds);

-- Delete what one home measured for one purpose in [p_from, p_to); return how many rows that were. What must never be
-- withheld stays (p_kept). The audit stays exact: what goes is counted as forgotten.
create function consent_erase(
    p_home integer, p_kinds text[], p_quantities smallint[], p_events text[], p_kept smallint[], p_kept_events text[],
    p_from timestamptz, p_to timestamptz
) returns bigint language plpgsql as $$
declare
    of_kind integer[] := array(
        select device.id from device join gateway on gateway.id = device.gateway_id
        where gateway.home_id = p_home and device.kind = any (p_kinds)
    );
    n   bigint;
    sum bigint := 0;
begin
    perform set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);
    with gone as (
        delete from reading
        where home_id = p_home and observed_at >= p_from and observed_at < p_to and quantity <> all (p_kept)
            and (quantity = any (p_quantities) or device_id = any (of_kind))
        returning device_id
    ), told as (
        insert into forgotten (gateway_id, name, n)
        select device.gateway_id, 'reading', count(*) from gone join device on device.id = gone.device_id group by 1
    )
    select count(*) from gone into n;
    sum := sum + n;
    with gone as (
        delete from event
        where home_id = p_home and observed_at >= p_from and observed_at < p_to and kind <> all (p_kept_events)
            and (kind = any (p_events) or device_id = any (of_kind))
        returning device_id
    ), told as (
        insert into forgotten (gateway_id, name, n)
        select device.gateway_id, 'event', count(*) from gone join device on device.id = gone.device_id group by 1
    )
    select count(*) from gone into n;
    return sum + n;
end
$$;

-- The same for what was made of the readings, of all times at once.
create function consent_erase_rolled(p_home integer, p_kinds text[], p_quantities smallint[], p_kept smallint[])
returns void language plpgsql as $$
declare
    name    text;
    of_kind integer[] := array(
        select device.id from device join gateway on gateway.id = device.gateway_id
        where gateway.home_id = p_home and device.kind = any (p_kinds)
    );
begin
    perform set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);
    foreach name in array array['reading_15m', 'reading_1h', 'reading_1d'] loop
        execute format(
            'delete from %s where home_id = $1 and quantity <> all ($2) and (quantity = any ($3) or device_id = any ($4))',
            series_rows_of(name))
        using p_home, p_kept, p_quantities, of_kind;
    end loop;
end
$$;

-- What was made of one home's readings before a time.
create function retention_roll_off(p_home integer, p_before timestamptz) returns void language plpgsql as $$
declare
    name text;
begin
    perform set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);
    foreach name in array array['reading_15m', 'reading_1h', 'reading_1d'] loop
        execute format('delete from %s where home_id = $1 and bucket < $2', series_rows_of(name)) using p_home, p_before;
    end loop;
end
$$;

-- Who may do what (0013). What deletes among readings runs with the rights of whoever owns them.
call secure('consent', 'exists (select from resident where resident.id = resident_id)', 'select, insert');
call secure('withheld', 'exists (select from home where home.id = home_id)', 'select, insert, delete');
call secure('consent_task', 'exists (select from home where home.id = home_id)', 'select, insert, update, delete');
call secure('emergency_access',
    'tenant_id = any((select scope_tenants())::integer[])
     and ((select scope_homes()) is null or home_id = any((select scope_homes())::integer[]))',
    'select, insert, update (reviewed_by, reviewed_at, justified, remark)');
call secure('legal_hold', 'exists (select from resident where resident.id = resident_id)',
    'select, insert, update (lifted_at)');
call secure('erasure', 'exists (select from home where home.id = home_id)', 'select, insert');
call secure('retention', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert, update');

do $$
declare
    one regprocedure;
begin
    for one in
        select oid::regprocedure from pg_proc
        where pronamespace = 'public'::regnamespace and proname = any (array[
            'consent_erase', 'consent_erase_rolled', 'retention_roll_off'])
    loop
        execute format('alter function %s security definer', one);
        execute format('alter function %s set search_path = pg_catalog, public, pg_temp', one);
        execute format('revoke execute on function %s from public', one);
        execute format('grant execute on function %s to anban_service', one);
    end loop;
end
$$;
