-- Releases of the gateways' program (ADR 0030): signed elsewhere, kept here, offered ring by ring.

create table release (
    id        integer generated always as identity primary key,
    version   text not null unique,
    serial    bigint not null unique,                             -- only grows; gateways refuse an older one
    document  bytea not null,                                     -- firmware_protocols.wire.release, as it was signed
    signature bytea not null,                                     -- Ed25519, made where no cloud is
    state     text not null default 'added' check (state in ('added', 'running', 'paused', 'withdrawn')),
    pilots    text[] not null default '{}',                       -- gateways of the first ring, by name
    shares    double precision[] not null default '{0.01,0.1,0.5,1}',   -- of all gateways, ring by ring after it
    soak      interval not null default '1 day',                  -- how long a ring is watched at least
    most_back double precision not null default 0.02,             -- share of a ring's gateways that may go back
    ring      smallint not null default 0,                        -- that is offered now, with all before it
    ring_at   timestamptz,                                        -- since when
    again_at  timestamptz,                                        -- whoever was told before this is told anew
    note      text not null default '',                           -- what was decided last, and why
    added_at  timestamptz not null,
    due_at    timestamptz                                         -- when to look at it again; null: not running
);
create unique index release_running on release ((true)) where state in ('running', 'paused');
create index release_due on release (due_at) where due_at is not null;

create table release_chunk (                                      -- the files, in pieces that fit into memory
    release_id integer not null references release (id) on delete cascade,
    name       text not null,
    n          integer not null,                                  -- 0 first; all but the last are of one length
    content    bytea not null,
    primary key (release_id, name, n)
);
alter table release_chunk alter column content set storage external;   -- wheels are compressed already

create index command_update on command ((args ->> 'version'), gateway_id) where name = 'update';
