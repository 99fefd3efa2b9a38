-- Who read or changed what of one home (docs/adr/0074), for whoever leads the people who did.

create index audit_entry_homes on audit_entry using gin (homes);
create policy overseen on audit_entry for select to anban_api using (
    homes is not null
    and tenant_id = any((select scope_tenants())::integer[])
    and (select current_setting('anban.purpose', true)) = 'oversee'
    and ((select scope_homes()) is null or homes && (select scope_homes())::integer[])
);
