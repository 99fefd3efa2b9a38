-- The SQL of the audit trail. Entries are inserted by whoever acts; the chain is written by one sealer at a time.

-- append --
insert into audit_entry (at, tenant_id, actor, action, purpose, homes, about, status, origin)
values (%(at)s, %(tenant_id)s, %(actor)s, %(action)s, %(purpose)s, %(homes)s, %(about)s, %(status)s, %(origin)s)

-- be_the_sealer --
select pg_try_advisory_xact_lock(%(key)s) as free

-- last_link --
select seq, hash from audit_link order by seq desc limit 1

-- unsealed --
select e.* from audit_unsealed u join audit_entry e on e.id = u.entry_id order by e.id limit %(limit)s

-- sealed --
delete from audit_unsealed where entry_id = any(%(entries)s)

-- tidying --
set local anban.tidying = 'audit'

-- forget --
-- Only what the chain holds: an entry that is not sealed yet has not been kept at all.
delete from audit_entry e using audit_link l
where l.entry_id = e.id and e.at < %(before)s and l.at < %(before)s

-- links --
select
    l.seq, l.entry_id, l.at, l.entry_hash, l.hash, e.id is not null as kept,
    e.at as entry_at, e.tenant_id, e.actor, e.action, e.purpose, e.homes, e.about, e.status, e.origin
from audit_link l
left join audit_entry e on e.id = l.entry_id
where l.seq > %(after)s
order by l.seq
limit %(limit)s

-- strays --
-- Entries that neither the chain holds nor anybody will seal.
select count(*) as strays
from audit_entry e
where not exists (select from audit_link l where l.entry_id = e.id)
  and not exists (select from audit_unsealed u where u.entry_id = e.id)

-- waiting --
select count(*) as waiting from audit_unsealed

-- page --
select id, at, actor, action, purpose, homes, about, status, origin
from audit_entry
where tenant_id = any(%(tenants)s)
  and (%(before)s::bigint is null or id < %(before)s)
  and (%(home_id)s::int is null or homes is null or %(home_id)s = any(homes))
  and (%(actor)s::text is null or actor = %(actor)s)
order by id desc
limit %(limit)s

-- home --
select home.id from home
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- page_of_home --
-- What was done with the data of one home, and by whom; a service has no name here. Entries for all homes name none.
select e.id, e.at, e.actor, coalesce(staff.name, '') as name, coalesce(staff.role, '') as role, e.action, e.purpose,
    e.about, e.status
from audit_entry e
join home on home.id = %(home_id)s
left join staff on e.actor = 'staff:' || staff.id
where e.homes @> array[%(home_id)s]::integer[]
  and e.tenant_id = any(%(tenants)s)
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and (%(about)s::text is null or %(about)s = any(string_to_array(e.about, ' ')))
  and (not %(changes)s or e.status = 0)
  and (%(before)s::bigint is null or e.id < %(before)s)
order by e.id desc
limit %(limit)s
