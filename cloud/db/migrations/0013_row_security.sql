-- Who sees which row (docs/adr/0034). anban_service: ingest, worker, and the ways on which nobody has shown yet who
-- they are; it sees all. anban_api: what the settings of its transaction say; nothing set, nothing visible. The owner
-- of the tables belongs to anban_service, because forced row security binds owners too.

do $$
declare
    wanted text;
begin
    foreach wanted in array array['anban_service', 'anban_api'] loop
        begin
            if not exists (select from pg_roles where rolname = wanted) then
                execute format('create role %I nologin nobypassrls', wanted);
            end if;
        exception when duplicate_object or unique_violation then
            null;                                                 -- another database of this server was faster
        end;
        if not (select rolsuper from pg_roles where rolname = current_user)
           and not pg_has_role(current_user, wanted, 'usage') then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
end
$$;

create or replace function scope_tenants() returns integer[] language sql stable parallel safe
return nullif(current_setting('anban.tenants', true), '')::integer[];

create or replace function scope_homes() returns integer[] language sql stable parallel safe
return nullif(current_setting('anban.homes', true), '')::integer[];

create function scope_incidents() returns bigint[] language sql stable parallel safe
return nullif(current_setting('anban.incidents', true), '')::bigint[];

create function scope_staff() returns integer language sql stable parallel safe
return nullif(current_setting('anban.staff', true), '')::integer;

-- For every table of residents or staff, in this migration and later ones: p_visible bounds what anban_api reads and
-- writes (null: nothing), p_rights is what it may do at all, e.g. 'select, insert, update (state)'.
create procedure secure(p_table regclass, p_visible text, p_rights text) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    execute format('drop policy if exists service on %s', p_table);
    execute format('drop policy if exists scope on %s', p_table);
    execute format('create policy service on %s to anban_service using (true) with check (true)', p_table);
    execute format('grant select, insert, update, delete on %s to anban_service', p_table);
    execute format('revoke all on %s from anban_api', p_table);
    if p_visible is not null then
        execute format('create policy scope on %s to anban_api using (%s) with check (%s)',
                       p_table, p_visible, p_visible);
        execute format('grant %s on %s to anban_api', p_rights, p_table);
    end if;
end
$$;
revoke execute on procedure secure(regclass, text, text) from public;

grant usage on schema public to anban_service, anban_api;
revoke create on schema public from public;
grant select, insert, update, delete on all tables in schema public to anban_service;
grant usage on all sequences in schema public to anban_service;
alter default privileges in schema public grant select, insert, update, delete on tables to anban_service;
alter default privileges in schema public grant usage on sequences to anban_service;

-- Places are public, and so is the program of gateways.
grant select on division, release, release_chunk to anban_api;

-- The check of a policy binds what a row becomes, too: nothing can be moved to where one sees nothing.
call secure('tenant', 'id = any((select scope_tenants())::integer[])',
    'select, update (name, division_code, time_zone, duty_channels, duty_locale)');
call secure('home',
    'tenant_id = any((select scope_tenants())::integer[])
     and ((select scope_homes()) is null or id = any((select scope_homes())::integer[]))',
    'select, insert, update');
call secure('resident', 'exists (select from home where home.id = home_id)', 'select, insert, update');
call secure('contact', 'exists (select from home where home.id = home_id)', 'select, insert, update');
call secure('plan', 'exists (select from home where home.id = home_id)', 'select, insert, update');
call secure('gateway', 'exists (select from home where home.id = home_id)', 'select, insert, update');
call secure('device', 'exists (select from gateway where gateway.id = gateway_id)', 'select, insert, update');
call secure('second_path', 'exists (select from gateway where gateway.id = gateway_id)', 'select, insert, delete');
call secure('claim', 'exists (select from gateway where gateway.id = gateway_id)',
    'select, insert, update (withdrawn_at)');
call secure('certificate', 'exists (select from gateway where gateway.id = gateway_id)',
    'select, update (revoked_at)');
call secure('enrolment_step', 'exists (select from gateway where gateway.id = gateway_id)', 'select, insert');

create index incident_owner on incident (owner_id) where owner_id is not null;
call secure('incident',
    'tenant_id = any((select scope_tenants())::integer[])
     and ((select scope_homes()) is null or home_id = any((select scope_homes())::integer[]))
     and ((select scope_incidents()) is null or id = any((select scope_incidents())::bigint[]))',
    'select, update (priority, state, state_since, due_at, acked_at, owner_id, responder, eta_at, outcome, note,
                     closed_at, version)');
call secure('incident_alarm', 'exists (select from incident where incident.id = incident_id)', 'select');
call secure('incident_event', 'exists (select from incident where incident.id = incident_id)', 'select, insert');
call secure('rung', 'exists (select from incident where incident.id = incident_id)',
    'select, update (state, asked_at, answered_at)');
call secure('escalation', 'exists (select from incident where incident.id = incident_id)',
    'select, insert, update (step, due_at)');
call secure('message', 'exists (select from incident where incident.id = incident_id)',
    'select, insert, update (state, due_at)');
call secure('receipt', 'exists (select from message where message.id = message_id)', 'select, insert');
call secure('command', 'exists (select from incident where incident.id = incident_id)',
    'select, insert, update (due_at)');
call secure('alarm', 'exists (select from home where home.id = home_id)', 'select');

call secure('staff', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert, update');
-- A name stands beside what its owner took, also where that was taken across a border.
create policy owner on staff for select to anban_api
    using (exists (select from incident where incident.owner_id = staff.id));
call secure('staff_home',
    'exists (select from home where home.id = home_id)
     and exists (select from staff where staff.id = staff_id
                 and staff.tenant_id = any((select scope_tenants())::integer[]))',
    'select, insert, delete');
call secure('session',
    'exists (select from staff where staff.id = staff_id
             and staff.tenant_id = any((select scope_tenants())::integer[]))',
    'select (staff_id), delete');
call secure('idempotency', 'staff_id = (select scope_staff())', 'select, insert, update');
call secure('answer_token', null, null);
call secure('text_message', null, null);

-- Names that are unique across tenants: one bit of each, no more.
create function gateway_taken(p_id text) returns boolean language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$ select exists (select from gateway where id = p_id) $$;
create function username_taken(p_username text) returns boolean language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$ select exists (select from staff where username = p_username) $$;

call secure('change',
    'tenant_id = any((select scope_tenants())::integer[])
     and ((select scope_homes()) is null or home_id = any((select scope_homes())::integer[]))
     and (select scope_incidents()) is null', 'select');
call secure('change_draft',
    'tenant_id = any((select scope_tenants())::integer[])
     and ((select scope_homes()) is null or home_id = any((select scope_homes())::integer[]))', 'insert');

-- The log is written for whoever may hear it, and says where it stands to whoever follows a part of it.
alter function append_change(integer, integer, text, jsonb, timestamptz) security definer;
alter function append_change(integer, integer, text, jsonb, timestamptz) set search_path = pg_catalog, public, pg_temp;
revoke execute on function append_change(integer, integer, text, jsonb, timestamptz) from public;
grant execute on function append_change(integer, integer, text, jsonb, timestamptz) to anban_service;
alter function append_draft() security definer;
alter function append_draft() set search_path = pg_catalog, public, pg_temp;

create function change_bounds(out first_id bigint, out last_id bigint) language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$ select coalesce(min(id), 0), coalesce(max(id), 0) from change $$;

-- What screens read goes by the reader's rights, not by those of whoever made the view.
alter view incident_card set (security_invoker = true);
alter view home_card set (security_invoker = true);
grant select on incident_card, home_card to anban_api, anban_service;

-- Series cannot have row security and be compressed (TimescaleDB): their tables are closed to anban_api, and views with
-- a barrier (0010) are open. Their parts come and go with the rights of whoever owns them.
grant select on reading_seen, event_seen, reading_15m_seen, reading_1h_seen, reading_1d_seen to anban_api, anban_service;

-- Run again whenever these functions are made anew (0011): to make them anew forgets whose rights they have.
create procedure let_owner_keep_series() language plpgsql as $$
declare
    one regprocedure;
begin
    for one in
        select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and proname = any (array[
            'series_add', 'series_empty_default', 'series_discard', 'series_drop', 'series_drop_strays',
            'series_expire', 'series_forget', 'set_timescale_policies'])
    loop
        execute format('alter function %s security definer', one);
        -- pg_catalog comes first by itself; named, it would be where new parts are made.
        execute format('alter function %s set search_path = public, pg_temp', one);
        execute format('revoke execute on function %s from public', one);
        execute format('grant execute on function %s to anban_service', one);
    end loop;
end
$$;
revoke execute on procedure let_owner_keep_series() from public;
call let_owner_keep_series();

alter table staff drop constraint staff_role_check;
alter table staff add constraint staff_role_check check (role in (
    'admin', 'supervisor', 'operator', 'caseworker', 'responder', 'family', 'evaluator', 'auditor', 'city_admin',
    'city_evaluator', 'service'));
