-- The time bank; every read within the asker's bounds. Who sees only some homes sees the accounts of those who live there.

-- rules --
-- ``donates`` is null where the tenant has said nothing.
select tenant.time_zone, time_rule.day_min, time_rule.held_min, time_rule.donates
from tenant left join time_rule on time_rule.tenant_id = tenant.id
where tenant.id = %(tenant_id)s

-- put_rules --
insert into time_rule (tenant_id, day_min, held_min, donates)
values (%(tenant_id)s, %(day_min)s, %(held_min)s, %(donates)s)
on conflict (tenant_id) do update
set day_min = excluded.day_min, held_min = excluded.held_min, donates = excluded.donates

-- open_common --
-- The two accounts that every tenant has.
insert into time_account (tenant_id, sort, opened_at)
select %(tenant_id)s, sort, %(now)s from unnest(array['services', 'pool']) as sort
on conflict (tenant_id, sort) where sort in ('services', 'pool') do nothing

-- open_for_staff --
insert into time_account (tenant_id, sort, staff_id, opened_at)
select staff.tenant_id, 'person', staff.id, %(now)s from staff
where staff.id = %(staff_id)s and staff.tenant_id = any(%(tenants)s) and staff.disabled_at is null
on conflict (staff_id) do nothing
returning id

-- open_for_resident --
insert into time_account (tenant_id, sort, resident_id, opened_at)
select home.tenant_id, 'person', resident.id, %(now)s
from resident join home on home.id = resident.home_id
where resident.id = %(resident_id)s and resident.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
on conflict (resident_id) do nothing
returning id

-- open_for_group --
insert into time_account (tenant_id, sort, name, opened_at) values (%(tenant_id)s, 'group', %(name)s, %(now)s)
returning id

-- hold --
-- In the order of their numbers, so that two who hold the same never wait for each other.
select time_account.id
from time_account left join resident on resident.id = time_account.resident_id
where time_account.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or resident.home_id = any(%(homes)s))
  and time_account.id = any(%(ids)s)
order by time_account.id
for no key update of time_account

-- accounts --
select time_account.id, time_account.tenant_id, time_account.sort, time_account.staff_id, time_account.resident_id,
    resident.home_id, coalesce(resident.name, staff.name, time_account.name) as name,
    time_account.opened_at, time_account.closed_at,
    (coalesce((select sum(minutes) from time_entry where taker = time_account.id), 0)
     - coalesce((select sum(minutes) from time_entry where giver = time_account.id), 0))::integer as balance_min
from time_account
left join resident on resident.id = time_account.resident_id
left join staff on staff.id = time_account.staff_id
where time_account.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or resident.home_id = any(%(homes)s))
  and (%(ids)s::int[] is null or time_account.id = any(%(ids)s))
  and (%(sort)s::text is null or time_account.sort = %(sort)s)
  and (%(after)s::int is null or time_account.id > %(after)s)
order by time_account.id
limit %(limit)s

-- served --
-- What counts of a person's time: neither what was taken back, nor what took it back.
select entry.id, entry.minutes, entry.on_day, entry.began_at, entry.ended_at
from time_entry as entry
join time_account on time_account.id = entry.taker
left join resident on resident.id = time_account.resident_id
where time_account.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or resident.home_id = any(%(homes)s))
  and entry.taker = %(account_id)s and entry.kind = 'earn' and entry.on_day between %(since)s and %(until)s
  and not exists (select from time_entry as undo where undo.undoes = entry.id)
order by entry.id

-- entries --
select entry.id, entry.kind, entry.giver, entry.taker, entry.minutes, entry.on_day, entry.at, entry.actor,
    entry.source, entry.began_at, entry.ended_at, entry.undoes,
    array(
        select resident.home_id from time_account join resident on resident.id = time_account.resident_id
        where time_account.id in (entry.giver, entry.taker)
    ) as homes
from time_entry as entry
where exists (
    select from time_account left join resident on resident.id = time_account.resident_id
    where time_account.id in (entry.giver, entry.taker)
      and time_account.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or resident.home_id = any(%(homes)s))
      and (%(account_id)s::int is null or time_account.id = %(account_id)s)
  )
  and (%(id)s::bigint is null or entry.id = %(id)s)
  and (%(after)s::bigint is null or entry.id > %(after)s)
order by entry.id
limit %(limit)s

-- write --
-- Nothing, where the visit has been paid or the entry taken back already.
insert into time_entry (
    tenant_id, kind, giver, taker, minutes, on_day, at, actor, source, began_at, ended_at, undoes
) values (
    %(tenant_id)s, %(kind)s, %(giver)s, %(taker)s, %(minutes)s, %(on_day)s, %(now)s, %(actor)s, %(source)s,
    %(began_at)s, %(ended_at)s, %(undoes)s
)
on conflict do nothing
returning id

-- close --
update time_account set closed_at = %(now)s where id = %(account_id)s and closed_at is null

-- issue --
insert into time_certificate (
    tenant_id, account_id, served_min, visits, since, until, issued_on, issued_at, issued_by
) values (
    %(tenant_id)s, %(account_id)s, %(served_min)s, %(visits)s, %(since)s, %(until)s, %(issued_on)s, %(now)s,
    %(staff_id)s
)
returning id

-- certificate --
select paper.id as number, tenant.name as tenant, paper.served_min, paper.visits, paper.since, paper.until,
    paper.issued_on, resident.home_id
from time_certificate as paper
join tenant on tenant.id = paper.tenant_id
join time_account on time_account.id = paper.account_id
left join resident on resident.id = time_account.resident_id
where time_account.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or resident.home_id = any(%(homes)s))
  and paper.id = %(number)s
