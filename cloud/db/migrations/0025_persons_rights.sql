-- What one person may ask for, over the API; what was read in spite of a no is reviewed in time (docs/adr/0045).

-- Who must not be texted any more is said outright: no list of numbers meant the technician's.
insert into plan (home_id, version, body, withheld, due_at)
select distinct withheld.home_id, 1, '{}'::jsonb, '{"phones": {"contacts": []}}'::jsonb, '-infinity'::timestamptz
from withheld
where withheld.purpose = 'family_sharing' and withheld.standing
on conflict (home_id) do update
set version = plan.version + 1, withheld = plan.withheld || excluded.withheld, due_at = '-infinity';

-- One administrator asks, another confirms; from then on it is worked. Whoever runs the cloud does both.
alter table erasure
    add column asked_by     integer references staff (id),
    add column confirmed_by integer references staff (id),
    add column begun_at     timestamptz,                          -- null: waits for the second person
    add check (confirmed_by <> asked_by);
update erasure set begun_at = asked_at;
call secure('erasure', 'exists (select from home where home.id = home_id)',
    'select, insert, delete, update (due_at, confirmed_by, begun_at)', 'select, insert, update');
call secure('legal_hold', 'exists (select from resident where resident.id = resident_id)',
    'select, insert, update (lifted_at)', 'select, insert, update');
call secure('retention', 'tenant_id = any((select scope_tenants())::integer[])',
    'select, insert, update (days, due_at, position)', 'select, insert, update');

-- What cannot be taken back asks who is at the screen again; the answer holds for some minutes.
alter table session add column proved_at timestamptz;

-- Whoever reads in spite of a no is reviewed in time, and the reviewer is told.
alter table emergency_access
    add column review_by timestamptz,                             -- by when somebody else has to have looked at it
    add column due_at    timestamptz;                             -- when to tell the reviewers (again); null: reviewed
update emergency_access set review_by = at + interval '3 days';
update emergency_access set due_at = '-infinity' where reviewed_at is null;
alter table emergency_access alter column review_by set not null;
create index emergency_access_due on emergency_access (due_at) where due_at is not null;
create index emergency_access_incident on emergency_access (incident_id);
call secure('emergency_access',
    'tenant_id = any((select scope_tenants())::integer[])
     and ((select scope_homes()) is null or home_id = any((select scope_homes())::integer[]))',
    'select, insert, update (reviewed_by, reviewed_at, justified, remark, due_at)', 'select, update, delete');
