-- The SQL of letting somebody back in from the machine itself. It reads staff, never residents.

-- listed --
select
    staff.username,
    staff.role,
    tenant.code as tenant,
    staff.disabled_at is not null as disabled,
    exists (
        select from second_factor f where f.staff_id = staff.id and f.confirmed_at is not null
    ) as second_factor
from staff join tenant on tenant.id = staff.tenant_id
where %(role)s::text is null or staff.role = %(role)s
order by tenant.code, staff.role, staff.username

-- named --
select id, tenant_id, disabled_at is not null as disabled
from staff
where username = %(username)s
for update

-- reset --
update staff
set password_hash = %(password_hash)s, password_until = %(until)s, failed_count = 0, locked_until = null, disabled_at = null
where id = %(id)s

-- forget_browsers_of --
delete from known_browser where staff_id = %(id)s
