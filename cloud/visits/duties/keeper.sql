-- The loop that keeps who is due by when; read by no person.

-- due_people --
-- Whoever is not known yet is looked at first; those of tenants without the module no more.
select id from (
    select resident_id as id from visit_person where due_at <= %(now)s
    union all
    select resident_id from visited_resident
    where not exists (select from visit_person where visit_person.resident_id = visited_resident.resident_id)
) as due
where not (id = any(%(skip)s)) and id in (select resident_id from visited_resident)
order by id
limit %(limit)s

-- begin --
insert into visit_person (resident_id, home_id, since, due_at)
select resident.id, resident.home_id, %(now)s, %(now)s from resident where resident.id = %(id)s
on conflict (resident_id) do nothing

-- lock --
select visit_person.home_id, home.tenant_id
from visit_person join home on home.id = visit_person.home_id
where visit_person.resident_id = %(id)s and visit_person.due_at <= %(now)s
for no key update of visit_person skip locked
