-- Numbers by name, for whoever fills in a form: those whose words stand in it, what begins with them first.

-- homes --
select home.id, home.id as home_id, home.key as name, concat_ws(' · ', resident.name, home.address) as about
from home
left join resident on resident.home_id = home.id and resident.retired_at is null
where home.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and strpos(lower(concat_ws(' ', home.key, resident.name, home.address)), lower(%(q)s)) > 0
order by not starts_with(lower(home.key), lower(%(q)s)), home.key
limit %(limit)s

-- residents --
select resident.id, home.id as home_id, resident.name, concat_ws(' · ', home.key, home.address) as about
from resident
join home on home.id = resident.home_id
where resident.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and strpos(lower(concat_ws(' ', resident.name, home.key, home.address)), lower(%(q)s)) > 0
order by not starts_with(lower(resident.name), lower(%(q)s)), resident.name, resident.id
limit %(limit)s

-- staff --
select staff.id, null::int as home_id, staff.name, staff.username as about
from staff
where staff.disabled_at is null and staff.tenant_id = any(%(tenants)s)
  and strpos(lower(concat_ws(' ', staff.name, staff.username)), lower(%(q)s)) > 0
order by not starts_with(lower(staff.name), lower(%(q)s)), staff.name, staff.id
limit %(limit)s

-- accounts --
-- Those that hours can be given to: of a person or of a group.
select account.id, account.home_id, account.name, account.about
from (
    select time_account.id, home.id as home_id, coalesce(resident.name, staff.name, time_account.name) as name,
        coalesce(home.key, staff.username, '') as about
    from time_account
    left join staff on staff.id = time_account.staff_id
    left join resident on resident.id = time_account.resident_id
    left join home on home.id = resident.home_id
    where time_account.closed_at is null and time_account.sort in ('person', 'group')
      and time_account.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
) as account
where strpos(lower(concat_ws(' ', account.name, account.about)), lower(%(q)s)) > 0
order by not starts_with(lower(account.name), lower(%(q)s)), account.name, account.id
limit %(limit)s
