-- One shift tells the next what is open: written by whoever goes, read back and signed by whoever comes (docs/adr/0079).

create table handover (
    id           bigint generated always as identity primary key,
    tenant_id    integer not null references tenant (id),
    note         text not null,
    items        bigint[] not null,                               -- incidents that were open when it was written
    given_by     integer not null references staff (id),
    given_at     timestamptz not null,
    taken_by     integer references staff (id),
    taken_at     timestamptz,
    withdrawn_at timestamptz,                                     -- another one was written instead
    check ((taken_by is null) = (taken_at is null)),
    check (taken_by <> given_by),
    check (taken_at is null or withdrawn_at is null)
);
create unique index handover_waiting on handover (tenant_id) where taken_at is null and withdrawn_at is null;
create index handover_given on handover (tenant_id, id desc);
create index handover_old on handover (given_at);
call secure('handover', 'tenant_id = any((select scope_tenants())::integer[])',
    'select, insert, update (taken_by, taken_at, withdrawn_at)', 'select, delete');
