-- Many counties on one platform (docs/adr/0034, 0035): the tree of places, what a tenant has and may use, and help
-- across a county's border.

-- Places: 2+2+2+3+3 digits (province, city, county, town, village); the rest is zeros. Parent and subtree are told by the
-- code alone, so a subtree is one range of the primary key.

create function division_prefix(p_code text) returns text language sql immutable strict parallel safe as $$
    select case
        when right(p_code, 10) = '0000000000' then left(p_code, 2)
        when right(p_code, 8) = '00000000' then left(p_code, 4)
        when right(p_code, 6) = '000000' then left(p_code, 6)
        when right(p_code, 3) = '000' then left(p_code, 9)
        else p_code
    end
$$;

create function division_last(p_code text) returns text language sql immutable strict parallel safe
as $$ select rpad(division_prefix(p_code), 12, '9') $$;

alter table division add constraint division_code_has_a_province check (code !~ '^00');
-- A parent may be left out where it is not known, and may stand several levels above, but never elsewhere.
alter table division add constraint division_parent_is_above check (
    parent_code is null or (code > parent_code and code <= division_last(parent_code))
);

create function tenants_below(p_tenant integer) returns integer[] language sql stable as $$
    select coalesce(array_agg(lower.id order by lower.id), '{}')
    from tenant own
    join tenant lower on lower.id <> own.id
        and lower.division_code > own.division_code
        and lower.division_code <= division_last(own.division_code)
    where own.id = p_tenant
$$;

-- What a tenant has, may use and has used -----------------------------------------------------------------------

alter table tenant add column modules text[] not null default '{monitoring,visits,messages,detection,reports}' check (
    modules <@ array['monitoring', 'visits', 'messages', 'detection', 'reports']
);

create table quota (
    tenant_id integer not null references tenant (id),
    name      text not null check (name in ('homes', 'messages_month', 'readings_day')),
    most      bigint not null check (most > 0),
    primary key (tenant_id, name)
);

create table usage (                                              -- counted anew from what is stored: never twice
    tenant_id integer not null references tenant (id),
    day       date not null,                                      -- of UTC+8, as delivery_day
    name      text not null check (name in ('homes', 'incidents', 'messages', 'readings')),
    n         bigint not null,
    primary key (tenant_id, day, name)
);

call secure('quota', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert, update (most), delete');
call secure('usage', 'tenant_id = any((select scope_tenants())::integer[])', 'select');
grant update (modules) on tenant to anban_api;

-- Help across the border ------------------------------------------------------------------------------------------

create table incident_grant (                                     -- another tenant helps; the timeline says why
    id          integer generated always as identity primary key,
    incident_id bigint not null references incident (id),
    tenant_id   integer not null references tenant (id),          -- who may see and act
    kind        text not null check (kind in ('share', 'handover')),
    given_by    integer not null references staff (id),
    given_at    timestamptz not null,
    expires_at  timestamptz not null check (expires_at > given_at),
    ended_at    timestamptz
);
create unique index incident_grant_standing on incident_grant (incident_id, tenant_id) where ended_at is null;
create index incident_grant_tenant on incident_grant (tenant_id) where ended_at is null;

-- Who owns the incident gives and takes back; who was asked to help sees only what granted() tells.
call secure('incident_grant', 'exists (select from incident where incident.id = incident_id)',
    'select, insert, update (ended_at)');

-- Where the incident is that was shared with p_tenant, as long as it is; null: nothing is shared.
create function granted(p_incident bigint, p_tenants integer[], p_now timestamptz)
returns table (tenant_id integer, home_id integer, incident_id bigint) language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
    select incident.tenant_id, incident.home_id, incident.id
    from incident_grant join incident on incident.id = incident_grant.incident_id
    where (p_incident is null or incident.id = p_incident)
      and incident_grant.tenant_id = any(p_tenants) and incident_grant.tenant_id = any((select scope_tenants())::integer[])
      and incident_grant.ended_at is null and incident_grant.expires_at > p_now
    order by incident.id
$$;
revoke execute on function granted(bigint, integer[], timestamptz) from public;
grant execute on function granted(bigint, integer[], timestamptz) to anban_api;

-- A tenant to ask for help, by its code, and no more of it than that it is there.
create function tenant_of_code(p_code text) returns integer language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$ select id from tenant where code = p_code $$;

create function name_of_tenant(p_id integer) returns text language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$ select name from tenant where id = p_id $$;

create function end_grants() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
begin
    update incident_grant set ended_at = new.closed_at where incident_id = new.id and ended_at is null;
    return null;
end
$$;
create trigger end_grants after update of closed_at on incident
    for each row when (old.closed_at is null and new.closed_at is not null) execute function end_grants();

-- Whoever helps hears of each step, the closing included; when help ends before that, they read anew what is left.
create or replace function append_change(
    p_tenant integer, p_home integer, p_topic text, p_body jsonb, p_now timestamptz
) returns bigint language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    new_id bigint;
begin
    perform pg_advisory_xact_lock(4155432001);
    insert into change (tenant_id, home_id, topic, body, at)
    values (p_tenant, p_home, p_topic, p_body, p_now) returning id into new_id;
    if p_topic = 'inc' then
        insert into change (tenant_id, home_id, topic, body, at)
        select tenant_id, null,
            case when ended_at is null or p_body ->> 'closed_at' is not null then 'inc' else 'reset' end,
            case when ended_at is null or p_body ->> 'closed_at' is not null then p_body
                 else '{"reason": "scope"}'::jsonb end,
            p_now
        from incident_grant
        where incident_id = (p_body ->> 'id')::bigint
          and given_at <= p_now and expires_at > p_now and (ended_at is null or ended_at = p_now);
    end if;
    perform pg_notify('change', new_id::text);
    return new_id;
end
$$;
