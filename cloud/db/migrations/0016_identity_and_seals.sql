-- Who one is and how that is proved (docs/adr/0036, 0037): a second factor, known browsers, tokens of services,
-- accounts at an identity provider. And the sealed columns: numbers of people, readable with a key only.

alter table tenant
    add column second_factor_roles text[] not null default '{admin}';   -- roles that must sign in with two

alter table session
    add column id            integer generated always as identity unique,     -- what a person may name it by
    add column second_factor boolean not null default false,
    add column origin        text not null default '',                        -- the network address it was opened from
    add column agent         text not null default '';                        -- what the browser calls itself

create table second_factor (
    staff_id     integer primary key references staff (id) on delete cascade,
    secret       text not null,                                   -- sealed (cloud.sealed), base32 inside
    confirmed_at timestamptz,                                     -- null: shown, not yet proved
    last_step    bigint not null default 0                        -- the newest 30 s whose code was used: none twice
);

create table recovery_code (
    staff_id  integer not null references staff (id) on delete cascade,
    code_mark bytea not null,                                     -- keyed hash
    primary key (staff_id, code_mark)
);

create table known_browser (                                      -- one in which this person has signed in before
    token_hash   bytea not null,                                  -- sha-256 of the browser's cookie
    staff_id     integer not null references staff (id) on delete cascade,
    seen_at      timestamptz not null,
    failed_count integer not null default 0,
    locked_until timestamptz,
    primary key (token_hash, staff_id)
);

create table api_token (
    id          integer generated always as identity primary key,
    tenant_id   integer not null references tenant (id),
    name        text not null,
    token_hash  bytea not null unique,                            -- sha-256; the token is shown once and kept nowhere
    permissions text[] not null,
    made_by     integer not null references staff (id),
    made_at     timestamptz not null,
    expires_at  timestamptz not null,
    used_at     timestamptz,
    revoked_at  timestamptz
);

create table staff_identity (                                     -- who a person is at an identity provider
    issuer   text not null,
    claim    text not null check (claim in ('sub', 'email', 'preferred_username')),
    value    text not null,
    staff_id integer not null references staff (id) on delete cascade,
    primary key (issuer, claim, value)
);

create table oidc_start (                                         -- a sign-in that went to the provider and is awaited back
    state_hash  bytea primary key,
    nonce       text not null,
    verifier    text not null,                                    -- PKCE (RFC 7636)
    expires_at  timestamptz not null
);

-- A sealed value is '~CIPHER:KEY:…'; '' means none. The mark is a keyed hash, to find a number again.
alter table resident
    add column id_number      text not null default '',           -- GB 11643, sealed
    add column id_number_mark bytea,
    add column phone_mark     bytea;
alter table contact
    add column phone_mark bytea;
create index resident_phone on resident (phone_mark) where phone_mark is not null;
create index resident_id_number on resident (id_number_mark) where id_number_mark is not null;
create index contact_phone on contact (phone_mark) where phone_mark is not null;

-- What signs people in is read on the way on which nobody has shown yet who they are: no screen's scope reaches it.
call secure('second_factor', null, null);
call secure('recovery_code', null, null);
call secure('known_browser', null, null);
call secure('api_token', null, null);
call secure('staff_identity', null, null);
call secure('oidc_start', null, null);
grant update (second_factor_roles) on tenant to anban_api;
