-- Who must be visited by when (docs/adr/0064, 0068): the county's rule, its campaigns, what is known of a person, and the
-- duties that follow. What is owed is worked out (cloud.visits.duty); visit_due is where a list finds it.

create table visit_rule (                                         -- of a county; absent: the published one
    tenant_id     integer primary key references tenant (id),
    high_days     smallint not null check (high_days > 0),
    key_days      smallint not null check (key_days > 0),
    general_days  smallint not null check (general_days > 0),
    special_days  smallint not null check (special_days > 0),     -- at most so long in special difficulty
    physical_days smallint not null check (physical_days > 0),    -- at most so long until somebody stands in the home
    trend_h       smallint not null check (trend_h > 0),
    emergency_h   smallint not null check (emergency_h > 0),
    change_h      smallint not null check (change_h > 0),
    counts        text[] not null check ('home' = any (counts)),  -- ways that end a period (cloud.visits.duty.Way)
    set_by        integer not null references staff (id),
    set_at        timestamptz not null
);
call secure('visit_rule', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert, update', 'select');

create table visit_campaign (                                     -- extreme weather, a festival: everybody once
    id        integer generated always as identity primary key,
    tenant_id integer not null references tenant (id),
    name      text not null check (name <> ''),
    occasion  text not null check (occasion in ('heat', 'cold', 'festival', 'other')),
    since     timestamptz not null,
    due_at    timestamptz not null check (due_at > since),
    until     timestamptz not null check (until >= due_at),
    groups    text[] not null check (groups <> '{}'),
    ways      text[] not null check (ways <> '{}'),
    made_by   integer not null references staff (id),
    made_at   timestamptz not null,
    ended_at  timestamptz,
    ended_by  integer references staff (id),
    check ((ended_at is null) = (ended_by is null))
);
create index visit_campaign_tenant on visit_campaign (tenant_id, until);
call secure('visit_campaign', 'tenant_id = any((select scope_tenants())::integer[])',
    'select, insert, update (ended_at, ended_by)', 'select');

create table visit_person (                                       -- what a duty needs beyond the register
    resident_id  integer primary key references resident (id),
    home_id      integer not null references home (id),
    since        timestamptz not null,                            -- when the duty began
    difficulties text[] not null default '{}',                    -- cloud.visits.duty.Difficulty
    conditions   text[] not null default '{}',                    -- cloud.visits.duty.Condition
    ended_at     timestamptz,                                     -- moved away, into an institution, died
    due_at       timestamptz not null,                            -- when the loop looks again
    looked_at    timestamptz                                      -- when visit_due was last worked out
);
create index visit_person_due on visit_person (due_at);
call secure('visit_person', 'exists (select from resident where resident.id = resident_id)', 'select, insert, update',
    'select, insert, update, delete');

create table visit_absence (                                      -- in hospital or away, beside what mutes say (0044)
    id          bigint generated always as identity primary key,
    resident_id integer not null references resident (id),
    home_id     integer not null references home (id),
    why         text not null check (why in ('hospital', 'away')),
    since       timestamptz not null,
    until       timestamptz check (until > since),                -- null: nobody knows yet
    set_by      integer not null references staff (id),
    set_at      timestamptz not null
);
create index visit_absence_resident on visit_absence (resident_id, since);
call secure('visit_absence', 'exists (select from resident where resident.id = resident_id)',
    'select, insert, update (until)', 'select, delete');

create table visit_concern (                                      -- somebody reports a major change
    id          bigint generated always as identity primary key,
    resident_id integer not null references resident (id),
    home_id     integer not null references home (id),
    at          timestamptz not null,
    words       text not null check (words <> ''),
    told_by     integer not null references staff (id)
);
create index visit_concern_resident on visit_concern (resident_id, at);
call secure('visit_concern', 'exists (select from resident where resident.id = resident_id)', 'select, insert',
    'select, delete');

create table visit_due (
    id           bigint generated always as identity primary key,
    resident_id  integer not null references resident (id),
    home_id      integer not null references home (id),
    due_at       timestamptz not null,
    reason       text not null,                                   -- cloud.visits.duty.Reason, or assessment
    name         text not null default '',                        -- of the campaign; why an assessment
    ways         text[] not null,
    people_group text not null                                    -- cloud.visits.duty.Group
);
create index visit_due_at on visit_due (due_at, id);
create index visit_due_resident on visit_due (resident_id);
call secure('visit_due', 'exists (select from resident where resident.id = resident_id)', 'select, insert, delete',
    'select, insert, delete');

-- Whom the loop looks after: residents of tenants that have the module (docs/adr/0035).
create view visited_resident with (security_invoker = true) as
select resident.id as resident_id, home.id as home_id, home.tenant_id
from resident
join home on home.id = resident.home_id
join tenant on tenant.id = home.tenant_id
where 'visits' = any (tenant.modules) and resident.retired_at is null and home.retired_at is null;

grant select on visited_resident to anban_service, anban_api;
