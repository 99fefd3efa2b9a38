-- Vital signs: what is on record of whoever is measured, what was found, and which homes to look at (docs/adr/0052).

create table vital_record (                                       -- of whoever is measured in this home
    home_id integer primary key references home (id),
    scale2  boolean not null default false,                       -- SpO2 by scale 2 of NEWS2: a doctor's decision
    oxygen  boolean,                                              -- breathes extra oxygen; null: nobody said
    set_by  text not null,                                        -- the clinician, by name
    set_at  timestamptz not null
);
call secure('vital_record', 'exists (select from home where home.id = home_id)', 'select');

create table vital_limit (                                        -- at or below low, at or above high is outside
    id       bigint generated always as identity primary key,
    home_id  integer not null references home (id),
    quantity smallint not null,                                   -- firmware_protocols.model.QUANTITIES
    low      double precision,
    high     double precision,
    set_by   text not null,                                       -- the clinician, by name
    set_at   timestamptz not null,
    ended_at timestamptz,                                         -- null: it holds
    check (low is not null or high is not null),
    check (low < high)
);
create unique index vital_limit_holds on vital_limit (home_id, quantity) where ended_at is null;
call secure('vital_limit', 'exists (select from home where home.id = home_id)', 'select');

create table vital_finding (                                      -- what was found, asked for again, or could not be used
    id          bigint generated always as identity primary key,
    home_id     integer not null references home (id),
    rule        text not null,
    quantity    smallint not null,
    state       text not null check (state in ('asked', 'raised', 'confirmed', 'cleared', 'unanswered')),
    priority    smallint check (priority between 1 and 5),        -- null: nobody was called
    observed_at timestamptz not null,                             -- of the decisive sample
    found_at    timestamptz not null,
    due_at      timestamptz,                                      -- until when a second measurement is waited for
    evidence    jsonb not null,                                   -- sentence, numbers and the rows it rests on
    alarm_id    text,
    check ((state = 'asked') = (due_at is not null)),
    check ((state = 'raised') = (alarm_id is not null))
);
create index vital_finding_home on vital_finding (home_id, found_at);
create index vital_finding_due on vital_finding (due_at) where due_at is not null;
call secure('vital_finding', 'exists (select from home where home.id = home_id)', 'select');

create table vital_watch (                                        -- one row per home that measures
    home_id  integer primary key references home (id),
    heard_at timestamptz not null,                                -- the newest sample that was looked at
    due_at   timestamptz not null                                 -- when to look again at sensors that never stop
);
call secure('vital_watch', null, null);

-- Who has measured since the last look; the kinds are those of cloud/detect/vitals/queries.sql.
create index device_measures on device (last_at) where kind in (
    'blood_pressure', 'thermometer', 'pulse_oximeter', 'scale', 'heart_rate', 'wearable', 'radar', 'bed'
);
