-- The day of a duty, and services that come again and again (docs/adr/0086).

create table visit_day (                                          -- which day an open duty is given, kept from one evening to the next
    resident_id integer not null references resident (id),
    home_id     integer not null references home (id),
    assessed    boolean not null,                                 -- the assessment, or all other duties together
    on_day      date not null,                                    -- by the tenant's calendar
    because     text not null,                                    -- cloud.visits.week.Because
    chosen_at   timestamptz not null,
    primary key (resident_id, assessed)
);
call secure('visit_day', 'exists (select from resident where resident.id = resident_id)', 'select',
    'select, insert, update, delete');

alter table day_plan_left add column on_day date, add column because text;  -- why is later: its day, and why that one

create table service_order (                                      -- meals, baths, cleaning, assessments: again and again
    id          integer generated always as identity primary key,
    tenant_id   integer not null references tenant (id),
    home_id     integer not null references home (id),
    resident_id integer not null references resident (id),
    kind        text not null check (kind in ('service', 'assessment', 'regular', 'welfare')),
    services    text[] not null check ((services <> '{}') = (kind = 'service')),
    weekdays    smallint[] not null check (weekdays <@ array[1, 2, 3, 4, 5, 6, 7]::smallint[]), -- Monday is 1
    every_days  smallint check (every_days between 1 and 366),
    open_min    smallint not null check (open_min between 0 and 1439),  -- begins between the two, minutes from midnight
    due_min     smallint not null check (due_min between open_min and 1439),
    minutes     smallint check (minutes between 1 and 480),       -- null: as long as the services take
    people      smallint check (people between 1 and 2),          -- null: as many as the services take
    skills      text[] not null default '{}',                     -- beside those that the services take
    since       date not null,                                    -- the first day, by the tenant's calendar
    until       date check (until >= since),                      -- the last day; null: until somebody ends it
    version     integer not null default 1,
    made_by     integer not null references staff (id),
    made_at     timestamptz not null,
    ended_at    timestamptz,
    ended_by    integer references staff (id),                    -- null: the loop, because the person died or moved
    ended_why   text check (ended_why in ('said', 'died', 'moved')),
    due_at      timestamptz not null,                             -- when the loop looks again
    check ((weekdays = '{}') = (every_days is not null)),
    check ((ended_at is null) = (ended_why is null))
);
create index service_order_due on service_order (due_at) where ended_at is null;
create index service_order_resident on service_order (resident_id);
create index service_order_home on service_order (home_id, id);
call secure('service_order', 'exists (select from resident where resident.id = resident_id)', 'select, insert, update',
    'select, update (due_at, ended_at, ended_by, ended_why, version), delete');

create table service_pause (                                      -- days on which an order rests; absences rest by themselves
    id       integer generated always as identity primary key,
    order_id integer not null references service_order (id),
    home_id  integer not null references home (id),
    since    date not null,
    until    date check (until >= since),                         -- the last such day; null: nobody knows yet
    why      text not null check (why in ('hospital', 'away', 'other')),
    set_by   integer not null references staff (id),
    set_at   timestamptz not null
);
create index service_pause_order on service_pause (order_id, since);
call secure('service_pause', 'exists (select from service_order where service_order.id = order_id)',
    'select, insert, update (until), delete', 'select, delete');

alter table visit add column order_id integer references service_order (id);
alter table visit add column order_day date;                      -- the day of the order that this visit is
create unique index visit_order on visit (order_id, order_day);
alter table visit drop constraint visit_check2;                   -- who cancelled: null is the loop, because an order rests or ended
alter table visit add check (cancelled_by is null or cancelled_at is not null);
alter table visit add check (cancelled_at is null or cancelled_by is not null or order_id is not null);
