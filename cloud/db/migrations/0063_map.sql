-- What a map shows beside homes: where help starts from, and outlines that the operator brought (docs/adr/0080).

create table centre (                                             -- a station, a day centre: where workers start from
    id         integer generated always as identity primary key,
    tenant_id  integer not null references tenant (id),
    name       text not null check (name <> ''),
    latitude   double precision not null check (latitude between -90 and 90),     -- WGS-84
    longitude  double precision not null check (longitude between -180 and 180),
    version    integer not null default 1,
    retired_at timestamptz
);
create unique index centre_name on centre (tenant_id, name) where retired_at is null;
create trigger centre_version before update on centre
    for each row when (old.* is distinct from new.*) execute function next_version();
call secure('centre', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert, update', 'select');

create table map_layer (                                          -- the same for every tenant: public geography
    id          integer generated always as identity primary key,
    name        text not null unique check (name <> ''),
    datum       text not null check (datum in ('wgs84', 'gcj02')),   -- of the file; the outlines are WGS-84
    attribution text not null check (attribution <> ''),
    review_no   text not null,                                    -- 审图号; empty: none, and the map says so
    outlines    text not null check (octet_length(outlines) <= 65536),
    within_m    double precision not null,
    imported_at timestamptz not null
);
call secure('map_layer', 'true', 'select', 'select');
