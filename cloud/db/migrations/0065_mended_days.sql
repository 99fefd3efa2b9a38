-- Running days that are mended (docs/adr/0081): who cannot be sent for a while, which days were looked at again and why,
-- and what was moved. Whoever goes to an emergency is not written here; that stands in callout_ask.

create table worker_away (
    id        integer generated always as identity primary key,
    staff_id  integer not null references staff (id),
    tenant_id integer not null references tenant (id),
    why       text not null check (why in ('sick', 'leave', 'other')),
    since     timestamptz not null,
    back_at   timestamptz check (back_at >= since),               -- null: nobody knows yet
    said_by   integer not null references staff (id),
    said_at   timestamptz not null
);
create index worker_away_staff on worker_away (staff_id, since);
call secure('worker_away',
    'tenant_id = any((select scope_tenants())::integer[]) and exists (select from staff where staff.id = staff_id)',
    'select, insert, update (back_at)', 'select');

create table day_mend (
    id        bigint generated always as identity primary key,
    tenant_id integer not null references tenant (id),
    township  text not null check (township ~ '^[0-9]{9}$'),
    on_day    date not null,                                      -- by the tenant's calendar
    asked_at  timestamptz not null,
    asked_by  integer references staff (id),                      -- null: the loop, because something happened
    why       text[] not null,                                    -- away, called, added, cancelled, asked
    made_at   timestamptz,                                        -- null: not yet
    moved     integer,                                            -- visits to which others go, or nobody
    left_out  integer,                                            -- visits to which nobody goes now
    faults    text[] not null default '{}',                       -- of the checker; then nothing was changed
    check ((made_at is null) = (moved is null or left_out is null))
);
create unique index day_mend_asked on day_mend (tenant_id, township, on_day) where made_at is null;
create index day_mend_day on day_mend (tenant_id, on_day, id);
call secure('day_mend', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert, update (why)',
    'select, insert, update (made_at, moved, left_out, faults)');

create table visit_moved (                                        -- what a mend has changed, and why
    mend_id  bigint not null references day_mend (id),
    visit_id bigint not null references visit (id),
    was_ids  integer[] not null,                                  -- who was to go; empty: nobody
    now_ids  integer[] not null,
    was_at   timestamptz,
    now_at   timestamptz,
    why      text not null,                                       -- cloud.visits.plans.running.Why
    primary key (mend_id, visit_id)
);
create index visit_moved_visit on visit_moved (visit_id);
call secure('visit_moved', 'exists (select from visit where visit.id = visit_id)', 'select', 'select, insert, delete');

create index visit_cancelled on visit (tenant_id, cancelled_at) where cancelled_at is not null;
