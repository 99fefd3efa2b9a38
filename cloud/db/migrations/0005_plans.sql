-- What each home's gateway shall go by (ADR 0023): one document per home, numbered here, sent as a command.

create table plan (
    home_id integer primary key references home (id),
    version bigint not null check (version between 1 and 9007199254740991),   -- only grows; the home refuses less
    body    jsonb not null,                                       -- firmware_protocols.wire.plan without its version
    due_at  timestamptz                                           -- when to compare it with the heartbeats; null: done
);
create index plan_due on plan (due_at) where due_at is not null;
