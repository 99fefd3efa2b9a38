-- When each home is looked at next, what was found there, what is usual there, and which places are out
-- (docs/adr/0054).

create table deadline (                                           -- one row per home: the queue of looks
    home_id   integer primary key references home (id),
    due_at    timestamptz not null,
    looked_at timestamptz not null,
    known_until timestamptz                                       -- up to when the home was known at that look
);
create index deadline_due on deadline (due_at);
call secure('deadline', null, null);

create table rule_finding (                                       -- what a rule said of a home; one row each time
    id       bigint generated always as identity primary key,
    home_id  integer not null references home (id),
    rule     text not null,                                       -- cloud/detect/rules/table.py
    subject  text not null default '',                            -- the device it is about, where there are several
    priority smallint not null check (priority between 1 and 4),
    since    timestamptz not null,                                -- when it began at home
    found_at timestamptz not null,
    ended_at timestamptz,                                         -- null: it stands
    device_id integer not null references device (id),
    alarm_id text not null,
    evidence jsonb not null,                                      -- sentence, numbers and the rows it rests on
    unique (home_id, alarm_id)
);
create index rule_finding_home on rule_finding (home_id, found_at);
create index rule_finding_stands on rule_finding (home_id) where ended_at is null;
call secure('rule_finding', 'exists (select from home where home.id = home_id)', 'select');

create table habit_day (                                          -- a few numbers of each day: what is usual
    home_id integer not null references home (id),
    day     date not null,                                        -- by the clock of the home
    body    jsonb not null,                                       -- cloud.detect.rules.habits.Day
    primary key (home_id, day)
);
call secure('habit_day', 'exists (select from home where home.id = home_id)', 'select');

create table unheard (                                            -- nothing of the home was recorded in that time
    home_id integer not null references home (id),
    since   timestamptz not null,
    until   timestamptz not null,
    primary key (home_id, since)
);
call secure('unheard', null, null, 'select, insert, delete');

create table outage (                                             -- a place from which many homes fell silent together
    id            bigint generated always as identity primary key,
    tenant_id     integer not null references tenant (id),
    division_code text not null references division (code),
    since         timestamptz not null,                           -- when the first of them was heard last
    found_at      timestamptz not null,
    ended_at      timestamptz,                                    -- null: it stands
    homes         integer[] not null,                             -- those that fell silent, the first one speaks for all
    alarm_id      text not null unique
);
create unique index outage_stands on outage (tenant_id, division_code) where ended_at is null;
call secure('outage', 'exists (select from tenant where tenant.id = tenant_id)', 'select', 'select, insert, update');

create table outage_watch (                                       -- when each tenant's homes are looked at together
    tenant_id integer primary key references tenant (id),
    due_at    timestamptz not null
);
call secure('outage_watch', null, null, 'select, insert, update');
