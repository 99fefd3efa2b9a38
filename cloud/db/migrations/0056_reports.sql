-- Indicators by month (docs/adr/0070): numbers of a tenant, never a person. What is frozen is never changed.

create table report (
    id         bigint generated always as identity primary key,
    tenant_id  integer not null references tenant (id),
    month      date not null check (extract(day from month) = 1),
    version    integer not null check (version >= 1),             -- 1 is counted until it is frozen; then corrections
    counted_at timestamptz not null,
    frozen_at  timestamptz,                                       -- null: still counted
    why        text not null default '',                          -- of a correction, in words
    made_by    integer references staff (id),                     -- who corrected; null: the keeper
    digest     text not null check (digest ~ '^[0-9a-f]{64}$'),   -- SHA-256 of what it says: cloud/report/store.py
    cells      jsonb not null,                                    -- [indicator, cut, of, part, whole, cases] ...
    unique (tenant_id, month, version),
    check ((version = 1) = (made_by is null)),
    check (version = 1 or (why <> '' and frozen_at is not null))
);

create function report_stands() returns trigger language plpgsql as $$
begin
    if old.frozen_at is not null then
        raise exception 'report %: what is frozen is never changed; add a version that says why', old.id;
    end if;
    return new;
end
$$;
create trigger report_stands before update on report for each row execute function report_stands();
create function report_stays() returns trigger language plpgsql as $$
begin
    raise exception 'reports are not deleted';
end
$$;
create trigger report_stays before delete or truncate on report for each statement execute function report_stays();

call secure('report', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert',
    'select, insert, update');

create table report_watch (                                       -- when each tenant's months are counted next
    tenant_id   integer primary key references tenant (id),
    first_month date not null,                                    -- the one in which counting began
    due_at      timestamptz not null
);
call secure('report_watch', null, null, 'select, insert, update');

-- A figure is followed down to its rows by who may see those rows.
call secure('delivery_day', 'exists (select from home where home.id = home_id)', 'select');
call secure('text_message', 'exists (select from gateway where gateway.id = gateway_id)', 'select',
    'select, insert, delete');

-- For the city, as county_figures (0020): the last version of a month of each tenant of a county's database.
create function county_months(p_month date) returns table (
    code text, name text, division_code text, month date, version integer, counted_at timestamptz, frozen_at timestamptz,
    why text, digest text, cells jsonb
) language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    select distinct on (tenant.division_code, tenant.code)
        tenant.code, tenant.name, tenant.division_code, report.month, report.version, report.counted_at,
        report.frozen_at, report.why, report.digest, report.cells
    from report join tenant on tenant.id = report.tenant_id
    where report.month = p_month
    order by tenant.division_code, tenant.code, report.version desc
$$;
revoke execute on function county_months(date) from public;

create table county_month (                                       -- what a county's database last said of a month
    division_code text not null,
    month         date not null,
    taken_at      timestamptz not null,
    tenants       jsonb not null,
    primary key (division_code, month)
);
call secure('county_month',
    'exists (select from tenant where county_month.division_code > tenant.division_code
             and county_month.division_code <= division_last(tenant.division_code))',
    'select, insert, update (taken_at, tenants)', 'select');
