-- Plans of a day by township (docs/adr/0069): who may be sent with what skills and when, which plans were asked for, and
-- what stayed out of them and why. Who goes where when stands in the visits themselves (0051).

create table visit_worker (                                       -- of staff; absent: is in no plan
    staff_id  integer primary key references staff (id),
    tenant_id integer not null references tenant (id),
    township  text not null check (township ~ '^[0-9]{9}$'),      -- the beginning of a division's code
    skills    text[] not null,
    mode      text not null check (mode in ('walk', 'bike', 'car')),
    latitude  double precision not null check (abs(latitude) <= 90),
    longitude double precision not null check (abs(longitude) <= 180),
    begin_min smallint not null check (begin_min >= 0),           -- minutes from midnight
    end_min   smallint not null check (end_min > begin_min and end_min <= 1440),
    rests     boolean not null,
    set_by    integer not null references staff (id),
    set_at    timestamptz not null
);
create index visit_worker_township on visit_worker (tenant_id, township);
call secure('visit_worker',
    'tenant_id = any((select scope_tenants())::integer[]) and exists (select from staff where staff.id = staff_id)',
    'select, insert, update', 'select');

create table day_plan (
    id           bigint generated always as identity primary key,
    tenant_id    integer not null references tenant (id),
    township     text not null check (township ~ '^[0-9]{9}$'),
    on_day       date not null,                                   -- by the tenant's calendar
    asked_at     timestamptz not null,
    asked_by     integer references staff (id),                   -- null: the loop, in the evening before
    made_at      timestamptz,                                     -- null: not yet
    appointments integer,
    left_out     integer,
    travel_min   integer,
    faults       text[] not null default '{}',                    -- of the checker; then nothing of it was kept
    check ((made_at is null) = (appointments is null or left_out is null or travel_min is null))
);
create unique index day_plan_asked on day_plan (tenant_id, township, on_day) where made_at is null;
create index day_plan_day on day_plan (tenant_id, on_day, id);
call secure('day_plan', 'tenant_id = any((select scope_tenants())::integer[])', 'select, insert',
    'select, insert, update (made_at, appointments, left_out, travel_min, faults)');

create table day_plan_left (                                      -- why not on this day
    plan_id     bigint not null references day_plan (id),
    resident_id integer not null references resident (id),
    home_id     integer not null references home (id),
    kind        text not null,                                    -- cloud.visits.forms.table.VisitKind
    due_at      timestamptz,
    why         text not null                                     -- cloud.visits.plans.build.Why
);
create index day_plan_left_plan on day_plan_left (plan_id, resident_id);
create index day_plan_left_resident on day_plan_left (resident_id);
call secure('day_plan_left', 'exists (select from resident where resident.id = resident_id)', 'select',
    'select, insert, delete');
