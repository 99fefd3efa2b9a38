-- What a county and a city see of their duty: numbers, never a person. One row per tenant.

create type county_figure as (
    code                text,
    name                text,
    division_code       text,
    homes               integer,
    residents           integer,
    gateways            integer,
    online              integer,
    open_by_priority    integer[],                                -- five numbers, priority 1 first
    raised_24h          integer,
    urgent_24h          integer,                                  -- of those, priority 1 and 2
    answered_24h        integer,                                  -- of those, taken by a person within 60 s
    messages_failed_24h integer
);

create function figures_of(p_tenants integer[], p_now timestamptz) returns setof county_figure
language sql stable set search_path = pg_catalog, public, pg_temp
as $$
    with home_of as (
        select tenant_id, count(*) as homes from home
        where tenant_id = any(p_tenants) and retired_at is null group by tenant_id
    ), resident_of as (
        select home.tenant_id, count(*) as residents from resident join home on home.id = resident.home_id
        where home.tenant_id = any(p_tenants) and home.retired_at is null and resident.retired_at is null
        group by home.tenant_id
    ), gateway_of as (
        select home.tenant_id, count(*) as gateways, count(*) filter (where gateway.online) as online
        from gateway join home on home.id = gateway.home_id
        where home.tenant_id = any(p_tenants) and home.retired_at is null and gateway.revoked_at is null
        group by home.tenant_id
    ), open_of as (
        select tenant_id, array[
            count(*) filter (where priority = 1), count(*) filter (where priority = 2),
            count(*) filter (where priority = 3), count(*) filter (where priority = 4),
            count(*) filter (where priority = 5)]::integer[] as open_by_priority
        from incident where tenant_id = any(p_tenants) and closed_at is null group by tenant_id
    ), day_of as (
        select tenant_id, count(*) as raised, count(*) filter (where priority <= 2) as urgent,
            count(*) filter (where priority <= 2 and acked_at <= opened_at + interval '60 s') as answered
        from incident
        where tenant_id = any(p_tenants) and opened_at > p_now - interval '24 h' and opened_at <= p_now
        group by tenant_id
    ), failed_of as (
        select incident.tenant_id, count(*) as failed
        from message join incident on incident.id = message.incident_id
        where incident.tenant_id = any(p_tenants) and message.state = 'failed'
            and message.created_at > p_now - interval '24 h' and message.created_at <= p_now
        group by incident.tenant_id
    )
    select (tenant.code, tenant.name, tenant.division_code, coalesce(homes, 0), coalesce(residents, 0),
        coalesce(gateways, 0), coalesce(online, 0), coalesce(open_by_priority, '{0,0,0,0,0}'), coalesce(raised, 0),
        coalesce(urgent, 0), coalesce(answered, 0), coalesce(failed, 0))::county_figure
    from tenant
    left join home_of on home_of.tenant_id = tenant.id
    left join resident_of on resident_of.tenant_id = tenant.id
    left join gateway_of on gateway_of.tenant_id = tenant.id
    left join open_of on open_of.tenant_id = tenant.id
    left join day_of on day_of.tenant_id = tenant.id
    left join failed_of on failed_of.tenant_id = tenant.id
    where tenant.id = any(p_tenants)
    order by tenant.division_code, tenant.code
$$;
revoke execute on function figures_of(integer[], timestamptz) from public;
grant execute on function figures_of(integer[], timestamptz) to anban_service;

-- For whoever signs in at a screen: the tenants of the transaction's scope, with the rights of the owner.
create function scoped_figures(p_now timestamptz) returns setof county_figure
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select * from figures_of((select scope_tenants()), p_now) $$;
revoke execute on function scoped_figures(timestamptz) from public;
grant execute on function scoped_figures(timestamptz) to anban_api;

-- For the city, which reads a county's database by a role that may do this and nothing else.
create function county_figures(p_now timestamptz) returns setof county_figure
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select * from figures_of((select array_agg(id) from tenant), p_now) $$;
revoke execute on function county_figures(timestamptz) from public;
grant execute on function county_figures(timestamptz) to anban_service;

create table county_report (                                      -- what a county's database last answered to the city
    division_code text primary key,
    taken_at      timestamptz not null,
    figures       jsonb not null
);
call secure('county_report', 'true', 'select, insert, update (taken_at, figures)');
