-- Months side by side (docs/adr/0078), for the city: the undivided cells of the last version of every month since
-- one, of each tenant of a county's database. As county_months (0056): whoever may call it sees numbers.

create function county_trend(p_since date) returns table (
    code text, name text, division_code text, month date, version integer, counted_at timestamptz, frozen_at timestamptz,
    why text, digest text, cells jsonb
) language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    select distinct on (report.month, tenant.division_code, tenant.code)
        tenant.code, tenant.name, tenant.division_code, report.month, report.version, report.counted_at,
        report.frozen_at, report.why, report.digest,
        (select coalesce(jsonb_agg(cell), '[]') from jsonb_array_elements(report.cells) as cell where cell ->> 1 = 'all')
    from report join tenant on tenant.id = report.tenant_id
    where report.month >= p_since
    order by report.month, tenant.division_code, tenant.code, report.version desc
$$;
revoke execute on function county_trend(date) from public;
