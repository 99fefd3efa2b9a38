-- Visits as records (docs/adr/0068). What somebody said at a door is a row of visit_event and is never changed; the
-- columns of visit that tell how it went are worked out from those rows anew with each that comes, early, late or twice.

create table visit (
    id          bigint generated always as identity primary key,
    key         uuid not null,                                    -- drawn by whoever made it, also without a network
    tenant_id   integer not null references tenant (id),
    home_id     integer not null references home (id),
    resident_id integer not null references resident (id),
    kind        text not null,                                    -- cloud.visits.forms.table.VisitKind
    way         text not null check (way in ('home', 'phone', 'video')),
    services    text[] not null default '{}',                     -- meals, cleaning, bathing, nursing ...
    made_at     timestamptz not null,
    staff_id    integer references staff (id),                    -- who is to go; null: nobody yet
    second_id   integer references staff (id) check (second_id <> staff_id),
    open_at     timestamptz,                                      -- booked: begins between open_at and due_at
    due_at      timestamptz check (due_at >= open_at),
    planned_at  timestamptz,                                      -- when it begins by the plan
    planned_by  integer references staff (id),                    -- null: by a program
    cancelled_at timestamptz,
    cancelled_by integer references staff (id),
    cancelled_why text not null default '',
    began_at    timestamptz,
    ended_at    timestamptz,
    by_id       integer references staff (id),                    -- who was there
    seen        boolean,                                          -- whether the person was; null: not said yet
    arrival     text,                                             -- what shows it: tag, place, vouched, said
    departure   text,
    complete    boolean not null default false,                   -- over, with everything that its form asks
    faults      text[] not null default '{}',
    worries     text[] not null default '{}',
    worse       text[] not null default '{}',
    conflicts   text[] not null default '{}',
    clock_off_s integer not null default 0,                       -- by how much the device's clock was wrong at worst
    hours       text not null default '',                         -- booked, or why not (cloud.visits.hours.ledger.Refusal)
    unique (tenant_id, key),
    check ((cancelled_at is null) = (cancelled_by is null))
);
create index visit_resident on visit (resident_id, began_at);
create index visit_home on visit (home_id, id);
create index visit_open on visit (tenant_id, planned_at) where began_at is null and cancelled_at is null;
create index visit_began on visit (tenant_id, began_at);
call secure('visit', 'exists (select from resident where resident.id = resident_id)', 'select, insert, update',
    'select, insert, update, delete');

create table visit_event (
    id          bigint generated always as identity primary key,
    visit_id    bigint not null references visit (id),
    home_id     integer not null references home (id),
    staff_id    integer not null references staff (id),
    key         uuid not null,                                    -- drawn by the device: sent twice, kept once
    sort        text not null,                                    -- cloud.visits.records.fold.Sort
    device_at   timestamptz not null,                             -- by the device's clock, when it happened
    sent_at     timestamptz not null,                             -- by the same clock, when it was sent
    received_at timestamptz not null,
    at          timestamptz not null,                             -- what is believed
    off_s       integer not null,                                 -- by how much the device's clock was wrong
    body        jsonb not null,
    unique (visit_id, key)
);
call secure('visit_event', 'exists (select from visit where visit.id = visit_id)', 'select, insert', 'select, delete');

create table visit_file (                                         -- a photo, a signature, a voice note: sealed
    id          bigint generated always as identity primary key,
    visit_id    bigint not null references visit (id),
    home_id     integer not null references home (id),
    staff_id    integer not null references staff (id),
    key         uuid not null,
    sort        text not null check (sort in ('photo', 'signature', 'voice')),
    media_type  text not null,
    size        integer not null check (size > 0),                -- bytes, before sealing
    received_at timestamptz not null,
    seal        text not null,                                    -- the prefix of the key that sealed it (cloud.sealed)
    sealed      bytea not null,
    unique (visit_id, key)
);
create index visit_file_seal on visit_file (seal);
call secure('visit_file', 'exists (select from visit where visit.id = visit_id)', 'select, insert',
    'select, update (seal, sealed), delete');

create table door_tag (                                           -- a code at a door, as NFC or QR; kept as a digest
    id           integer generated always as identity primary key,
    home_id      integer not null references home (id),
    digest       bytea not null unique,
    made_by      integer not null references staff (id),
    made_at      timestamptz not null,
    withdrawn_at timestamptz
);
create index door_tag_home on door_tag (home_id);
call secure('door_tag', 'exists (select from home where home.id = home_id)', 'select, insert, update (withdrawn_at)',
    'select, delete');
