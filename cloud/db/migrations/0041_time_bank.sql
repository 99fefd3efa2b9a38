-- Hours served become hours of service (docs/adr/0063). One row takes from one account what it gives to another, so
-- that the books balance by construction; nothing of it is ever changed or deleted.

create table time_rule (
    tenant_id integer primary key references tenant (id),
    day_min   integer check (day_min > 0),    -- what counts of one day; null: all
    held_min  integer check (held_min > 0),   -- what one person may hold; null: no bound
    donates   boolean not null                -- whether the surplus goes to the pool
);
call secure('time_rule', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert, update', 'select');

create table time_account (
    id          integer generated always as identity primary key,
    tenant_id   integer not null references tenant (id),
    sort        text not null check (sort in ('services', 'pool', 'person', 'group')),
    staff_id    integer unique references staff (id),
    resident_id integer unique references resident (id),
    name        text not null default '',     -- of a group; a person's stands where the person does
    opened_at   timestamptz not null,
    closed_at   timestamptz,
    unique (tenant_id, id),
    check ((sort = 'person') = (num_nonnulls(staff_id, resident_id) = 1)),
    check (num_nonnulls(staff_id, resident_id) <= 1),
    check ((sort = 'group') = (name <> ''))
);
create unique index time_account_common on time_account (tenant_id, sort) where sort in ('services', 'pool');
call secure('time_account',
    'tenant_id = any((select scope_tenants())::integer[])
     and ((select scope_homes()) is null or exists (select from resident where resident.id = resident_id))
     and (staff_id is null or exists (select from staff where staff.id = staff_id))
     and (resident_id is null or exists (select from resident where resident.id = resident_id))',
    'select, insert, update (closed_at)', 'select');

create table time_entry (
    id        bigint generated always as identity primary key,
    tenant_id integer not null,
    kind      text not null check (kind in ('earn', 'surplus', 'donate', 'transfer', 'grant', 'redeem', 'undo')),
    giver     integer not null,
    taker     integer not null,
    minutes   integer not null check (minutes > 0),
    on_day    date not null,                  -- by the tenant's calendar
    at        timestamptz not null,           -- when it was written
    actor     text not null,                  -- staff:ID
    source    text not null check (source <> ''),  -- what it rests on, e.g. visit:17
    began_at  timestamptz,
    ended_at  timestamptz,
    undoes    bigint unique references time_entry (id),
    foreign key (tenant_id, giver) references time_account (tenant_id, id),
    foreign key (tenant_id, taker) references time_account (tenant_id, id),
    check (giver <> taker),
    check ((kind = 'undo') = (undoes is not null)),
    check ((kind = 'earn') = (began_at is not null and ended_at is not null)),
    check (ended_at > began_at)
);
-- A visit is paid once.
create unique index time_entry_source on time_entry (tenant_id, source) where kind = 'earn';
create index time_entry_giver on time_entry (giver, id) include (minutes);
create index time_entry_taker on time_entry (taker, id) include (minutes);
call secure('time_entry',
    'tenant_id = any((select scope_tenants())::integer[])
     and exists (select from time_account where time_account.id in (giver, taker))',
    'select, insert', 'select');

create table time_certificate (
    id         integer generated always as identity primary key,
    tenant_id  integer not null,
    account_id integer not null,
    served_min integer not null check (served_min > 0),
    visits     integer not null check (visits > 0),
    since      date not null,
    until      date not null check (until >= since),
    issued_on  date not null,
    issued_at  timestamptz not null,
    issued_by  integer not null references staff (id),
    foreign key (tenant_id, account_id) references time_account (tenant_id, id)
);
create index time_certificate_account on time_certificate (account_id, id);
call secure('time_certificate',
    'tenant_id = any((select scope_tenants())::integer[])
     and exists (select from time_account where time_account.id = account_id)',
    'select, insert', 'select');
