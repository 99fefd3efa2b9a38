-- Legal holds: whose data must stay.

-- tenant_of --
select home.tenant_id, home.id as home_id
from resident join home on home.id = resident.home_id where resident.id = %(resident_id)s

-- hold --
insert into legal_hold (resident_id, reason, actor, at)
values (%(resident_id)s, %(reason)s, %(actor)s, %(now)s)

-- lift --
update legal_hold set lifted_at = %(now)s where resident_id = %(resident_id)s and lifted_at is null
