-- Who asked not to be told of a home for a while; each sees and changes their own alone.

-- hushed --
select hush.home_id, hush.kinds, hush.reason, hush.since, hush.until, cardinality(hush.contacts) > 0 as in_circle, hush.alone
from hush join home on home.id = hush.home_id
where hush.staff_id = %(staff_id)s and hush.ended_at is null and hush.until > %(now)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by hush.home_id

-- hush --
-- Whoever of the family has this reader's name in the care circle is this reader: the centre wrote down both.
insert into hush (staff_id, home_id, contacts, kinds, reason, since, until)
select
    %(staff_id)s, home.id,
    coalesce((
        select array_agg(contact.id order by contact.id) from contact
        where contact.home_id = home.id and contact.retired_at is null
          and contact.relation = 'family' and contact.name = %(name)s
    ), '{}'),
    %(kinds)s, %(reason)s, %(now)s, %(until)s
from home
where home.id = %(home_id)s and home.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning id

-- begin --
select begin_hush(%(id)s, %(now)s)

-- end --
update hush set ended_at = %(now)s
from home
where hush.home_id = home.id and home.id = %(home_id)s and hush.staff_id = %(staff_id)s
  and hush.ended_at is null and hush.until > %(now)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning hush.id
