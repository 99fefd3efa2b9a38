-- Who read or changed what of whom (docs/adr/0036): entries that nobody may change, and the chain that shows it.

create table audit_entry (                                        -- ids only: no name, no address of a home, no value
    id        bigint generated always as identity primary key,
    at        timestamptz not null,
    tenant_id integer,                                            -- of the one who acted; null: nobody known
    actor     text not null,                                      -- staff:ID, token:ID, console, '' unknown
    action    text not null,                                      -- the operation of the API, or the command
    purpose   text not null default '',
    homes     integer[],                                          -- whose data; null: all that the actor may see
    about     text not null default '',                           -- further ids: incident_id=7
    status    smallint not null,                                  -- of the HTTP answer; 0: in the transaction of the change
    origin    text not null default ''                            -- the network address it came from
);
create index audit_entry_tenant on audit_entry (tenant_id, id);

create table audit_unsealed (                                     -- entries that the chain does not hold yet
    entry_id bigint primary key
);

create table audit_link (                                         -- hash = sha-256 (hash before, number, time, entry's hash)
    seq        bigint primary key,
    entry_id   bigint not null unique,
    at         timestamptz not null,                              -- of the entry; stays when the entry's time is over
    entry_hash bytea not null,
    hash       bytea not null
);

-- With the rights of the owner, so that whoever writes entries needs no other right than to insert them.
create function audit_wait_for_seal() returns trigger language plpgsql security definer
set search_path = pg_catalog, public as $$
begin
    insert into public.audit_unsealed (entry_id) values (new.id);
    return null;
end
$$;
create trigger audit_wait_for_seal after insert on audit_entry
    for each row execute function audit_wait_for_seal();

-- A slip of our own code, or of a console, must not touch the past. Only the tidying of what is kept long enough may.
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and tg_table_name = 'audit_entry' and current_setting('anban.tidying', true) = 'audit' then
        return null;
    end if;
    raise exception 'the audit trail is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_entry_is_append_only before update or delete or truncate on audit_entry
    for each statement execute function audit_is_append_only();
create trigger audit_link_is_append_only before update or delete or truncate on audit_link
    for each statement execute function audit_is_append_only();

-- Who answers people writes entries and cannot read them, except for whoever audits their own tenant.
call secure('audit_entry', null, null);
create policy noted on audit_entry for insert to anban_api with check (true);
create policy audited on audit_entry for select to anban_api using (
    tenant_id = any((select scope_tenants())::integer[]) and (select current_setting('anban.purpose', true)) = 'audit'
);
grant insert, select on audit_entry to anban_api;
