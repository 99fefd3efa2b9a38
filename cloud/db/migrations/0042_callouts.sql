-- Who may be called to a door, where they were last, and whom a search has asked (docs/adr/0067).

create table responder (                                          -- staff on duty, and people who live near
    id           integer generated always as identity primary key,
    tenant_id    integer not null references tenant (id),
    kind         text not null check (kind in ('worker', 'neighbour', 'volunteer', 'warden', 'doctor')),
    staff_id     integer unique references staff (id),
    name         text not null check (name <> ''),
    phone        text not null default '',
    phone_mark   bytea,
    locale       text not null default 'zh-Hans',
    channels     text[] not null default '{}',                    -- as of a contact: addresses, tried in order
    mode         text not null default 'walk' check (mode in ('walk', 'run', 'bike', 'car')),
    skills       text[] not null default '{}',
    latitude     double precision check (latitude between -90 and 90),     -- where they live or start from, WGS-84
    longitude    double precision check (longitude between -180 and 180),
    days         smallint[] not null default '{1,2,3,4,5,6,7}',   -- ISO: when somebody who lives near may be asked
    from_min     smallint not null default 0 check (from_min between 0 and 1439),      -- minutes of the tenant's day
    to_min       smallint not null default 1440 check (to_min between 1 and 1440),
    consent_at   timestamptz,                                     -- when they agreed to be called
    consent_how  text not null default '' check (consent_how in ('', 'paper', 'voice', 'screen')),
    withdrawn_at timestamptz,                                     -- nobody asks them any more
    duty_since   timestamptz,                                     -- of a worker
    duty_until   timestamptz,
    busy_until   timestamptz,                                     -- at work in a home
    may_leave    boolean not null default true,                   -- and may leave it for a life
    check ((kind = 'worker') = (staff_id is not null)),
    check (kind = 'worker' or consent_at is not null),
    check ((latitude is null) = (longitude is null)),
    check (duty_until > duty_since)
);
create index responder_tenant on responder (tenant_id) where withdrawn_at is null;
create index responder_phone on responder (phone_mark) where phone_mark is not null;
call secure('responder', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert, update',
    'select, update (phone, phone_mark, channels)');

create table responder_home (                                     -- what somebody is to one door
    responder_id integer not null references responder (id),
    home_id      integer not null references home (id),
    has_key      boolean not null default false,
    knows        boolean not null default false,                  -- whoever lives there, and is known to them
    barred       boolean not null default false,                  -- the resident does not want them at the door
    primary key (responder_id, home_id)
);
create index responder_home_home on responder_home (home_id);
call secure('responder_home',
    'exists (select from home where home.id = home_id) and exists (select from responder where responder.id = responder_id)',
    'select, insert, update, delete', 'select, delete');

create table responder_place (                                    -- where somebody said they were; for 30 days at most
    responder_id integer not null references responder (id),
    at           timestamptz not null,
    latitude     double precision not null check (latitude between -90 and 90),
    longitude    double precision not null check (longitude between -180 and 180),
    primary key (responder_id, at)
);
create index responder_place_at on responder_place (at);
call secure('responder_place', 'exists (select from responder where responder.id = responder_id)',
    'select, insert, delete', 'select, delete');

-- A search for people stands beside the ladder of the same incident. Without called_since nobody is called.
alter table escalation
    add column called_since  timestamptz,
    add column callout_due_at timestamptz,                        -- when to decide again; null: nothing to wait for
    add column callout_done  text[] not null default '{}';        -- cloud.respond.model.Step
create index escalation_callout on escalation (callout_due_at) where callout_due_at is not null;
grant update (called_since, callout_due_at, callout_done) on escalation to anban_api;

create table callout_ask (                                        -- one person was asked to go to one door
    id            bigint generated always as identity primary key,
    incident_id   bigint not null references incident (id),
    responder_id  integer not null references responder (id),
    asked_at      timestamptz not null,
    asked_by      text not null,                                  -- policy, staff:ID
    night         boolean not null,
    travel_s      integer not null check (travel_s >= 0),         -- as it was thought when they were asked
    distance_m    integer not null check (distance_m >= 0),
    in_visit      boolean not null,
    has_key       boolean not null,
    answer        text check (answer in ('yes', 'no')),
    answered_at   timestamptz,
    promised_at   timestamptz,                                    -- when they said they would be there
    expected_at   timestamptz,                                    -- the newest estimate
    moved_at      timestamptz,
    arrived_at    timestamptz,
    arrived_by    text check (arrived_by in ('place', 'tag', 'word', 'desk')),
    telephoned_at timestamptz,                                    -- the operator was told to ask what keeps them
    relieved_at   timestamptz,
    relieved_by   text,                                           -- policy, staff:ID: who is then not asked again
    heard_at      timestamptz,                                    -- the last word of whoever is at the door
    duress_at     timestamptz,
    cared         text[] not null default '{}',                   -- cloud.respond.alone.Care, since heard_at
    left_at       timestamptz,
    check ((answer is null) = (answered_at is null)),
    check ((answer = 'yes') = (promised_at is not null and expected_at is not null) or answer is null)
);
-- Nobody is asked twice for one incident, unless they were told meanwhile that they need not go.
create unique index callout_ask_standing on callout_ask (incident_id, responder_id) where relieved_at is null;
create index callout_ask_responder on callout_ask (responder_id, asked_at);
call secure('callout_ask', 'exists (select from incident where incident.id = incident_id)',
    'select, insert, update (answer, answered_at, promised_at, expected_at, moved_at, arrived_at, arrived_by,
                             telephoned_at, relieved_at, relieved_by, heard_at, duress_at, cared, left_at)');
-- Who was asked sees that they were, also where they see no home.
create policy own on callout_ask for select to anban_api using (
    exists (select from responder where responder.id = responder_id and responder.staff_id = (select scope_staff()))
);

alter table message add column ask_id bigint references callout_ask (id);
create index message_ask on message (ask_id) where ask_id is not null;

-- Who stands in a home's care circle and may be called as well: found by the number, however it was written down.
create view responder_contact with (security_invoker = true) as
select responder.id as responder_id, contact.id as contact_id, contact.home_id, contact.relation
from responder
join contact on contact.phone_mark = responder.phone_mark
    or (contact.phone = responder.phone and contact.phone <> '' and contact.phone not like '~%');
grant select on responder_contact to anban_api, anban_service;
