-- Daily routine: a home's days as counts, when to look again, and what was found (docs/adr/0051).

create table routine_home (                                       -- one row per home
    home_id    integer primary key references home (id),
    due_at     timestamptz not null,                              -- when to look again
    judged     date,                                              -- the last day that was judged as a whole
    scored     date,                                              -- the day of hour_score
    hour_score real,                                              -- the highest of that day's hours so far
    weights    jsonb not null default '{}'                        -- sensor: signs of somebody it usually gives a day
);
create index routine_home_due on routine_home (due_at);
call secure('routine_home', null, 'select, insert, update, delete');

create table routine_day (                                        -- one row per home and day, kept for two months
    home_id     integer not null references home (id),
    day         date not null,                                    -- in the tenant's time zone
    counts      bytea not null,                                   -- 96 quarters of 8 places, a byte each
    listening   bytea not null,                                   -- 96 per cents of the usual activity that could be noticed
    in_bed      bytea not null,                                   -- 96 per cents, 255: no mat
    hour_score  real,                                             -- the highest of its hours; null: not judged
    night_score real,                                             -- of the whole day; null: not judged
    primary key (home_id, day)
);
call secure('routine_day', 'exists (select from home where home.id = home_id)', 'select');

create table routine_finding (                                    -- what was found of a home's days
    id       bigint generated always as identity primary key,
    home_id  integer not null references home (id),
    kind     text not null,                                       -- cloud.detect.routine.findings
    priority smallint not null check (priority between 1 and 4),
    onset    timestamptz not null,
    found_at timestamptz not null,
    evidence jsonb not null,                                      -- sentence, numbers and the rows it rests on
    alarm_id text                                                 -- null: somebody had been called already
);
create index routine_finding_home on routine_finding (home_id, found_at);
call secure('routine_finding', 'exists (select from home where home.id = home_id)', 'select', 'select, insert, delete');

create table market (                                             -- a township whose market comes every fifth day
    division_code text primary key references division (code),
    day           date not null                                   -- any one market day
);
call secure('market', 'true', 'select', 'select, insert, update');
