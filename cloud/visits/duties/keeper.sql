-- The loop that keeps who is due by when; read by no person.

-- due_people --
select resident_id as id from visit_person
where due_at <= %(now)s and not (resident_id = any(%(skip)s))
order by due_at, resident_id
limit %(limit)s

-- lock --
-- ``visited``: somebody of a tenant that has the module; the others are only asked after again.
select visit_person.home_id, home.tenant_id,
    exists (
        select from visited_resident where visited_resident.resident_id = visit_person.resident_id
    ) as visited
from visit_person join home on home.id = visit_person.home_id
where visit_person.resident_id = %(id)s and visit_person.due_at <= %(now)s
for no key update of visit_person skip locked
