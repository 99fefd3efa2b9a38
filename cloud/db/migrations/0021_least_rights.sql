-- Each role keeps what its statements need and loses the rest (docs/adr/0042). A test compares the service role's rights
-- with the statements themselves, and another one attacks as each role.

-- As before (0013), and p_service: what anban_service needs of the table.
drop procedure secure(regclass, text, text);
create procedure secure(
    p_table regclass, p_visible text, p_rights text, p_service text default 'select, insert, update, delete'
) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    execute format('drop policy if exists service on %s', p_table);
    execute format('drop policy if exists scope on %s', p_table);
    execute format('create policy service on %s to anban_service using (true) with check (true)', p_table);
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

alter default privileges in schema public revoke select, insert, update, delete on tables from anban_service;

-- Of transport: nobody at a screen reads it, and who should be granted it one day still sees no row. None of these is
-- filled by COPY, which row security forbids; those that are (reading, event, audit_link) and what TimescaleDB keeps
-- are closed to anban_api altogether.
call secure('batch', null, null, 'select, insert');
call secure('gap', null, null, 'select, insert');
call secure('quarantine', null, null);
call secure('anchor', null, null, 'select, insert');
call secure('timeline', null, null, 'select, insert, update');
call secure('delivery_day', null, null);
call secure('forgotten', null, null, 'select');
call secure('ingest_lease', null, null);
call secure('ingest_worker', null, null);
call secure('backup_run', null, null, 'select, insert');
call secure('audit_unsealed', null, null, 'select, delete');

-- A city reads what the counties below it last said, not what others below another city said.
call secure('county_report',
    'exists (select from tenant where county_report.division_code > tenant.division_code
             and county_report.division_code <= division_last(tenant.division_code))',
    'select, insert, update (taken_at, figures)', 'select');

-- What anban_service does with the other tables.
do $$
declare
    one record;
begin
    for one in
        select * from (values
            ('_yoyo_log', 'select'), ('_yoyo_migrations', 'select'), ('_yoyo_version', 'select'),
            ('yoyo_lock', 'select'),
            ('alarm', 'select, insert, update'),
            ('answer_token', 'select, insert, delete'),
            ('api_token', 'select, insert, update'),
            ('audit_entry', 'select, insert, delete'),
            ('audit_link', 'select, insert'),
            ('certificate', 'select, insert, update'),
            ('change', 'select, update, delete'),
            ('change_draft', 'select, insert'),
            ('claim', 'select, insert, update'),
            ('consent', 'select, insert, update'),
            ('device', 'select, insert, update'),
            ('division', 'select, insert, update'),
            ('emergency_access', 'select, update, delete'),
            ('enrolment_step', 'select, insert, update'),
            ('erasure', 'select, insert, update'),
            ('event', 'select, insert, delete'),
            ('gateway', 'select, insert, update'),
            ('home', 'select, insert, update'),
            ('idempotency', 'select (at), delete'),
            ('incident_grant', 'select, delete'),
            ('legal_hold', 'select, insert, update'),
            ('oidc_start', 'select, insert, delete'),
            ('quota', 'select'),
            ('reading', 'select, insert, delete'),
            ('reading_dirty', 'select, insert, delete'),
            ('recovery_code', 'select, insert, delete'),
            ('release', 'select, insert, update'),
            ('release_chunk', 'select, insert, delete'),
            ('resident', 'select, insert, update'),
            ('retention', 'select, insert, update'),
            ('staff', 'select, insert, update'),
            ('staff_home', 'select, insert, delete'),
            ('staff_identity', 'select, insert, delete'),
            ('tenant', 'select, insert, update'),
            ('text_message', 'select, insert, delete'),
            ('usage', 'select, insert, update')
        ) as needed (name, rights)
    loop
        execute format('revoke all on %I from anban_service', one.name);
        execute format('grant %s on %I to anban_service', one.rights, one.name);
    end loop;
end
$$;

-- What anban_api does: no secret, nor what is derived from one, can be read, and nothing can be moved. Passwords of
-- people and secrets of gateways go in and never come out: only sign-in and broker, by anban_service, read them.
do $$
declare
    one record;
begin
    for one in
        select * from (values
            ('tenant', 'select, update (name, time_zone, duty_channels, duty_locale, second_factor_roles, modules)'),
            ('home', 'select, insert, update (division_code, address, latitude, longitude, retired_at)'),
            ('resident', 'select, insert, update (name, birth_year, sex, lives_alone, ability_level, phone, phone_mark,
                                                  id_number, id_number_mark, notes, retired_at)'),
            ('contact', 'select, insert, update (rank, name, relation, phone, phone_mark, has_key, locale, channels,
                                                 retired_at)'),
            ('plan', 'select, insert, update (version, body, due_at, withheld)'),
            ('gateway', 'select (id, home_id, shard, revoked_at, online, state_at, phone, version), insert,
                         update (shard, secret, sms_key, phone, revoked_at)'),
            ('device', 'select, insert, update (kind, room, retired_at)'),
            ('claim', 'select (id, gateway_id, hardware, made_at, expires_at, used_at, withdrawn_at), insert,
                       update (withdrawn_at)'),
            ('certificate', 'select (serial, gateway_id, issued_at, expires_at, revoked_at), update (revoked_at)'),
            ('staff', 'select (id, tenant_id, username, role, name, locale, disabled_at, version), insert,
                       update (password_hash, role, name, locale, disabled_at)'),
            ('consent_task', 'select, insert, update (due_at), delete'),
            ('retention', 'select')
        ) as needed (name, rights)
    loop
        execute format('revoke all on %I from anban_api', one.name);
        execute format('grant %s on %I to anban_api', one.rights, one.name);
    end loop;
end
$$;
drop policy scope on legal_hold;
drop policy scope on erasure;
revoke all on legal_hold, erasure from anban_api;

-- Functions with the rights of their owner are nobody's but those who need them. That goes for triggers, too: whoever
-- may execute one could hang it on a table of their own and feed it what they like.
do $$
declare
    one regprocedure;
begin
    for one in
        select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
    loop
        execute format('revoke execute on function %s from public', one);
    end loop;
end
$$;
grant execute on function change_bounds() to anban_api, anban_service;
grant execute on function gateway_taken(text), username_taken(text), tenant_of_code(text), name_of_tenant(integer)
    to anban_api;
revoke execute on function figures_of(integer[], timestamptz), county_figures(timestamptz) from anban_service;
alter function audit_wait_for_seal() set search_path = pg_catalog, public, pg_temp;
