-- Legal holds: whose data must stay. Whoever may ask is asked before (routes); row security bounds it too.

-- hold --
insert into legal_hold (resident_id, reason, actor, at)
values (%(resident_id)s, %(reason)s, %(actor)s, %(now)s)
returning id

-- lift --
update legal_hold set lifted_at = %(now)s
where resident_id = %(resident_id)s and lifted_at is null and (%(hold_id)s::int is null or id = %(hold_id)s)

-- standing --
-- Those that stand, the oldest first.
select legal_hold.id, legal_hold.resident_id, resident.name as resident, resident.home_id, home.key as home,
    legal_hold.reason, legal_hold.actor, legal_hold.at
from legal_hold
join resident on resident.id = legal_hold.resident_id
join home on home.id = resident.home_id
where legal_hold.lifted_at is null and legal_hold.id > %(after)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by legal_hold.id
limit %(limit)s
