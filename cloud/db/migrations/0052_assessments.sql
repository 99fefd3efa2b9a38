-- Assessments of ability (GB/T 42195-2022) as they were judged, and the care-risk events that ask for a new one
-- (docs/adr/0063, 0068). What was signed stands; a doubt is answered by another assessment.

create table assessment (
    id              bigint generated always as identity primary key,
    resident_id     integer not null references resident (id),
    home_id         integer not null references home (id),
    visit_id        bigint references visit (id),
    reason          text not null,                                -- cloud.visits.ability.due.Reason
    assessed_on     date not null,                                -- by the tenant's calendar
    informant       text not null check (informant in ('self', 'family', 'carer', 'other')),
    points          jsonb not null,
    coma            boolean not null,
    diagnoses       jsonb not null,
    risk_events     jsonb not null,
    total           smallint not null check (total between 0 and 90),
    domains         jsonb not null,
    by_points       smallint not null check (by_points between 0 and 4),
    level           smallint not null check (level between by_points and 4),
    overrides       text[] not null,
    first_id        integer not null references staff (id),
    first_signed_at timestamptz not null,
    second_id       integer references staff (id) check (second_id <> first_id),
    second_signed_at timestamptz,
    refused_at      timestamptz,                                  -- the second assessor judged otherwise
    refused_why     text not null default '',
    check ((second_id is null) = (second_signed_at is null and refused_at is null))
);
create index assessment_resident on assessment (resident_id, assessed_on desc, id desc);
call secure('assessment', 'exists (select from resident where resident.id = resident_id)',
    'select, insert, update (second_id, second_signed_at, refused_at, refused_why)', 'select, delete');

create table care_event (                                         -- a fall, a choking, a wandering: beside what alarms say
    id          bigint generated always as identity primary key,
    resident_id integer not null references resident (id),
    home_id     integer not null references home (id),
    kind        text not null,                                    -- cloud.visits.ability.judge.RiskEvent
    on_day      date not null,
    words       text not null default '',
    noted_by    integer not null references staff (id),
    noted_at    timestamptz not null
);
create index care_event_resident on care_event (resident_id, on_day);
call secure('care_event', 'exists (select from resident where resident.id = resident_id)', 'select, insert',
    'select, delete');
