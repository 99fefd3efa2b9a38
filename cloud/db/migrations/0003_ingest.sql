-- What ingest needs beyond the foundation: a ledger that says what each batch became, a quarantine that counts a
-- repeat instead of growing, alarms that are handed on again, and word of changed gateways for the broker.

alter table batch
    add column readings integer not null default 0,
    add column events   integer not null default 0,
    add column alarms   integer not null default 0,
    add column gaps     integer not null default 0,
    add column refused  integer not null default 0;               -- kept in quarantine only

alter table quarantine
    add column gateway_id text,                                    -- as the topic says it
    add column digest     bytea,                                   -- what makes two of them the same
    add column seen       integer not null default 1,
    add column seen_at    timestamptz;
create unique index quarantine_digest on quarantine (digest);

alter table alarm
    add column due_at   timestamptz,                               -- when to hand it on (again); null: done
    add column attempts smallint not null default 0;
create index alarm_due on alarm (due_at) where due_at is not null;

create function gateway_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('gateway', '');
    return null;
end
$$;
create trigger gateway_changed after insert or delete or update of id, secret, revoked_at on gateway
    for each statement execute function gateway_changed();
