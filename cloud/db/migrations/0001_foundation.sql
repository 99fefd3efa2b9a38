-- The whole first schema. Times are timestamptz (UTC). Columns that end a wait are called due_at.
-- Three times are kept apart: observed_at (sensor), received_at (gateway), stored_at (cloud).

create table division (
    code        text primary key check (code ~ '^[0-9]{12}$'),   -- 2+2+2+3+3 statistics code
    name        text not null,
    parent_code text references division (code)
);

create table tenant (
    id            integer generated always as identity primary key,
    code          text not null unique,
    name          text not null,
    division_code text not null references division (code),
    time_zone     text not null default 'Asia/Shanghai'
);

create table home (
    id            integer generated always as identity primary key,
    tenant_id     integer not null references tenant (id),
    key           text not null,                                  -- stable outside name, unique per tenant
    division_code text not null references division (code),
    address       text not null,
    latitude      double precision check (latitude between -90 and 90),     -- WGS-84
    longitude     double precision check (longitude between -180 and 180),
    unique (tenant_id, key)
);

create table resident (
    id            integer generated always as identity primary key,
    home_id       integer not null references home (id),
    name          text not null,
    birth_year    integer not null,
    sex           text not null check (sex in ('f', 'm')),
    lives_alone   boolean not null default true,
    ability_level smallint not null default 0 check (ability_level between 0 and 4),  -- GB/T 42195-2022
    phone         text not null default '',
    notes         text not null default '',
    unique (home_id, name)
);

create table gateway (
    id           text primary key,
    home_id      integer not null references home (id),
    shard        smallint not null check (shard between 0 and 255),
    secret       text not null,                                   -- the broker's password hash for it
    revoked_at   timestamptz,
    online       boolean not null default false,
    state        jsonb not null default '{}',
    state_at     timestamptz
);
create index gateway_home on gateway (home_id);

create table device (
    id         integer generated always as identity primary key,
    gateway_id text not null references gateway (id),
    name       text not null,                                     -- DeviceId inside the gateway
    kind       text not null default '',
    room       text not null default '',
    last_at    timestamptz,
    unique (gateway_id, name)
);

create table contact (
    id           integer generated always as identity primary key,
    home_id      integer not null references home (id),
    rank         smallint not null,                               -- order in the ladder, 1 first
    name         text not null,
    relation     text not null,                                   -- family, neighbour, grid, doctor, centre ...
    phone        text not null default '',
    has_key      boolean not null default false,
    locale       text not null default 'zh-Hans',
    channels     text[] not null default '{}',                    -- Apprise addresses or sms:NUMBER, tried in order
    unique (home_id, rank)
);

create table staff (
    id            integer generated always as identity primary key,
    tenant_id     integer not null references tenant (id),
    username      text not null unique,
    password_hash text not null,                                  -- argon2id
    role          text not null check (role in ('admin', 'operator', 'caseworker', 'family', 'evaluator')),
    name          text not null,
    locale        text not null default 'zh-Hans',
    failed_count  integer not null default 0,
    locked_until  timestamptz,
    disabled_at   timestamptz
);

create table staff_home (                                         -- family and caseworkers: which homes they may see
    staff_id integer not null references staff (id),
    home_id  integer not null references home (id),
    primary key (staff_id, home_id)
);

create table session (
    token_hash   bytea primary key,                               -- sha-256 of the cookie
    staff_id     integer not null references staff (id),
    created_at   timestamptz not null,
    seen_at      timestamptz not null,
    expires_at   timestamptz not null
);

-- ingest ---------------------------------------------------------------------------------------------

create table batch (                                              -- the ledger: what makes storing exactly-once
    gateway_id text not null,
    epoch      text not null,
    lane       text not null check (lane in ('a', 't')),
    first_seq  bigint not null check (first_seq >= 1),
    n          integer not null check (n >= 1),
    stored_at  timestamptz not null,
    primary key (gateway_id, epoch, lane, first_seq)
);

create table gap (                                                -- what a gateway had to drop, by its own account
    gateway_id  text not null,
    epoch       text not null,
    lane        text not null,
    first_seq   bigint not null,
    last_seq    bigint not null,
    reason      text not null,
    observed_at timestamptz not null,
    primary key (gateway_id, epoch, lane, first_seq, last_seq)
);

create table reading (
    observed_at timestamptz not null,
    home_id     integer not null,
    device_id   integer not null,
    quantity    smallint not null,                                -- firmware_protocols.model.QUANTITIES
    quality     smallint not null,
    value       double precision                                  -- null exactly when quality says "no value"
);
create index reading_home on reading (home_id, device_id, quantity, observed_at desc);

create table event (
    observed_at timestamptz not null,
    home_id     integer not null,
    device_id   integer not null,
    kind        text not null,
    detail      text not null
);
create index event_home on event (home_id, observed_at desc);

create table alarm (                                              -- every record of every alarm, append-only
    id          bigint generated always as identity primary key,
    alarm_id    text not null,                                    -- ULID, the same on every path
    home_id     integer not null,
    gateway_id  text not null,
    device_id   integer not null,
    kind        text not null,
    state       text not null,
    observed_at timestamptz not null,
    stored_at   timestamptz not null,
    confirm_s   double precision not null default 0,
    evidence    jsonb not null default '{}',
    actions     text[] not null default '{}'
);
create index alarm_alarm on alarm (alarm_id);

create table quarantine (                                         -- nothing that arrived is ever thrown away
    id          bigint generated always as identity primary key,
    stored_at   timestamptz not null,
    topic       text not null,
    reason      text not null,
    payload     bytea not null
);

-- incidents ------------------------------------------------------------------------------------------

create table incident (
    id          bigint generated always as identity primary key,
    tenant_id   integer not null references tenant (id),
    home_id     integer not null references home (id),
    kind        text not null,                                    -- sos, fall, gas ...
    family      text not null,                                    -- alarms of one family merge into one incident
    priority    smallint not null check (priority between 1 and 5),
    state       text not null,
    state_since timestamptz not null,
    due_at      timestamptz,                                      -- when the state's timer fires
    observed_at timestamptz not null,                             -- when it happened at home
    opened_at   timestamptz not null,
    acked_at    timestamptz,
    owner_id    integer references staff (id),
    room        text not null default '',
    evidence    jsonb not null default '{}',
    responder   text not null default '',
    eta_at      timestamptz,
    outcome     text,
    note        text not null default '',
    closed_at   timestamptz,
    version     integer not null default 1
);
create unique index incident_open on incident (home_id, family) where closed_at is null;
create index incident_due on incident (due_at) where due_at is not null;
create index incident_tenant on incident (tenant_id, opened_at desc);

create table incident_alarm (                                     -- which alarms an incident rests on
    alarm_id    text primary key,
    incident_id bigint not null references incident (id)
);

create table incident_event (                                     -- append-only: actor, time, reason of each step
    incident_id bigint not null references incident (id),
    seq         integer not null,
    at          timestamptz not null,
    actor       text not null,                                    -- staff:ID, contact:ID, gateway:ID, timer
    trigger     text not null,
    from_state  text not null,
    to_state    text not null,
    detail      jsonb not null default '{}',
    primary key (incident_id, seq)
);

create table rung (                                               -- the ladder, frozen when the incident opens
    incident_id bigint not null references incident (id),
    step        smallint not null,
    contact_id  integer,
    name        text not null,
    relation    text not null,
    phone       text not null,
    has_key     boolean not null,
    locale      text not null,
    channels    text[] not null,
    state       text not null default 'waiting',                  -- waiting, asked, accepted, declined, passed
    asked_at    timestamptz,
    answered_at timestamptz,
    primary key (incident_id, step)
);

create table escalation (                                         -- one running ladder per incident
    incident_id bigint primary key references incident (id),
    step        smallint not null default 0,                      -- last rung asked, 0 none
    due_at      timestamptz                                       -- when the next rung is asked; null: stopped
);
create index escalation_due on escalation (due_at) where due_at is not null;

create table message (                                            -- a message is not a delivery
    id          bigint generated always as identity primary key,
    incident_id bigint references incident (id),
    step        smallint,
    channel     text not null,                                    -- scheme: ntfy, json, mailto, sms ...
    address     text not null,
    locale      text not null,
    template    text not null,
    params      jsonb not null default '{}',
    state       text not null default 'queued',                   -- queued, accepted, delivered, answered, failed
    attempts    smallint not null default 0,
    due_at      timestamptz,                                      -- when to try (again); null: done
    created_at  timestamptz not null
);
create index message_due on message (due_at) where due_at is not null;

create table receipt (                                            -- every attempt and every answer, a row
    message_id  bigint not null references message (id),
    at          timestamptz not null,
    state       text not null,
    detail      text not null default ''
);
create index receipt_message on receipt (message_id);

create table idempotency (                                        -- a command with a key is done once
    staff_id    integer not null,
    key         text not null,
    at          timestamptz not null,
    response    jsonb not null,
    primary key (staff_id, key)
);

-- live screens: old snapshot + changes = new snapshot ---------------------------------------------------

create table change (
    id          bigint generated always as identity primary key,  -- taken under change_lock, so commit order
    tenant_id   integer not null,
    home_id     integer,
    topic       text not null,                                    -- inc, home
    body        jsonb not null,
    at          timestamptz not null
);
create index change_tenant on change (tenant_id, id);

-- Ids of a sequence are not given in commit order; a reader would skip a late committer. The lock is held
-- from here to the commit, so call it last in a transaction.
create function append_change(p_tenant integer, p_home integer, p_topic text, p_body jsonb, p_now timestamptz)
returns bigint language plpgsql as $$
declare
    new_id bigint;
begin
    perform pg_advisory_xact_lock(4155432001);
    insert into change (tenant_id, home_id, topic, body, at)
    values (p_tenant, p_home, p_topic, p_body, p_now) returning id into new_id;
    perform pg_notify('change', new_id::text);
    return new_id;
end
$$;
