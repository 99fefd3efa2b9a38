-- Ingest signs in as a role of its own (docs/adr/0061): what it parses comes from outside, so it reads no password, no
-- session, no consent and no trail. anban_service keeps what it has: worker, sign-in, loader, and ingest where no
-- ingest_dsn is configured.

do $$
begin
    begin
        if not exists (select from pg_roles where rolname = 'anban_ingest') then
            create role anban_ingest nologin nobypassrls;
        end if;
    exception when duplicate_object or unique_violation then
        null;                                                     -- another database of this server was faster
    end;
    if not (select rolsuper from pg_roles where rolname = current_user)
       and not pg_has_role(current_user, 'anban_ingest', 'usage') then
        grant anban_ingest to current_user;
    end if;
end
$$;

-- As before (0021); the rows that anban_service sees are those that anban_ingest sees, where it has rights at all.
create or replace procedure secure(
    p_table regclass, p_visible text, p_rights text, p_service text default 'select, insert, update, delete'
) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    execute format('drop policy if exists service on %s', p_table);
    execute format('drop policy if exists scope on %s', p_table);
    execute format('create policy service on %s to anban_service, anban_ingest using (true) with check (true)', p_table);
    execute format('revoke all on %s from anban_service, anban_api', p_table);
    execute format('grant %s on %s to anban_service', p_service, p_table);
    if p_visible is not null then
        execute format('create policy scope on %s to anban_api using (%s) with check (%s)',
                       p_table, p_visible, p_visible);
        execute format('grant %s on %s to anban_api', p_rights, p_table);
    end if;
end
$$;
revoke execute on procedure secure(regclass, text, text, text) from public;

do $$
declare
    one record;
begin
    for one in
        select format('%I.%I', schemaname, tablename) as name from pg_policies
        where schemaname = 'public' and policyname = 'service'
    loop
        execute format('alter policy service on %s to anban_service, anban_ingest', one.name);
    end loop;
end
$$;

grant usage on schema public to anban_ingest;

do $$
declare
    one record;
begin
    for one in
        select * from (values
            -- what arrives, and what is kept of how it arrived
            ('batch', 'select, insert'),
            ('gap', 'select, insert'),
            ('reading', 'select, insert, delete'),
            ('reading_dirty', 'insert'),
            ('event', 'select, insert, delete'),
            ('alarm', 'select, insert, update'),
            ('quarantine', 'select, insert, update'),
            ('timeline', 'select, insert, update'),
            ('anchor', 'select, insert'),
            ('delivery_day', 'select, insert, update'),
            ('ingest_lease', 'select, insert, update, delete'),
            ('ingest_worker', 'select, insert, update, delete'),
            -- whose it is, and what is sent there
            ('tenant', 'select'),
            ('home', 'select, update (version)'),                 -- to lock a row takes a right to change it
            ('gateway', 'select (id, home_id, shard, revoked_at, online, state, state_at), update (online, state, state_at)'),
            ('device', 'select, insert, update (last_at)'),
            ('withheld', 'select'),
            ('plan', 'select, update (version, due_at)'),
            ('command', 'select, insert, update'),
            -- what an alarm opens
            ('resident', 'select (id, home_id, name, birth_year, lives_alone, ability_level, retired_at)'),
            ('contact', 'select (id, home_id, rank, name, relation, phone, has_key, locale, channels, retired_at)'),
            ('staff', 'select (id, name)'),
            ('incident', 'select, insert, update'),
            ('incident_alarm', 'select, insert, update'),
            ('incident_event', 'select, insert'),
            ('rung', 'select, insert, update'),
            ('escalation', 'select, insert, update'),
            ('message', 'select, insert, update'),
            ('receipt', 'insert'),
            ('change_draft', 'select, insert')
        ) as needed (name, rights)
    loop
        execute format('grant %s on %I to anban_ingest', one.rights, one.name);
    end loop;
end
$$;
grant select on incident_card, home_card to anban_ingest;
grant execute on function append_change(integer, integer, text, jsonb, timestamptz) to anban_ingest;
