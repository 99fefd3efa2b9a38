-- How a gateway comes to its certificate: a claim is drawn for it, used once, and everything leaves a trace.

create table claim (
    id           integer generated always as identity primary key,
    gateway_id   text not null references gateway (id),
    code_hash    bytea not null unique,                           -- sha-256; the code is shown once and kept nowhere
    hardware     text not null default '',                        -- serial number that it is bound to; '': any
    made_at      timestamptz not null,
    expires_at   timestamptz not null,
    used_at      timestamptz,
    withdrawn_at timestamptz
);
create index claim_gateway on claim (gateway_id);

create table certificate (
    serial     text primary key check (serial ~ '^[0-9a-f]+$'),   -- the X.509 serial number, hex
    gateway_id text not null references gateway (id),
    claim_id   integer references claim (id),                     -- null: a renewal
    key_hash   bytea not null,                                    -- sha-256 of the public key (SubjectPublicKeyInfo)
    pem        text not null,
    issued_at  timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index certificate_gateway on certificate (gateway_id);

create table enrolment_step (                                     -- append-only: who did what to whose identity
    id         bigint generated always as identity primary key,
    at         timestamptz not null,
    gateway_id text not null,
    actor      text not null,                                     -- staff:ID, console, gateway:ID
    action     text not null,
    detail     text not null default ''
);
create index enrolment_step_gateway on enrolment_step (gateway_id, id);

-- The broker's accounts follow certificates as they follow gateways (0003).
create trigger certificate_changed after insert or delete or update of revoked_at on certificate
    for each statement execute function gateway_changed();
