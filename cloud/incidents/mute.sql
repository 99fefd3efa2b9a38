-- Homes that are muted. An alarm asks by its home; people within their bounds.

-- mutes_of_home --
select why, since, until, ended_at from mute where home_id = %(home_id)s and until > %(now)s order by until desc

-- mutes --
-- Those that stand, or one by its number whatever became of it.
select
    mute.id, mute.home_id, home.key as home, mute.why, mute.reason, mute.since, mute.until, staff.name as set_by,
    mute.ended_at, ender.name as ended_by
from mute
join home on home.id = mute.home_id
join staff on staff.id = mute.set_by
left join staff as ender on ender.id = mute.ended_by
where (mute.id = %(id)s or (%(id)s::bigint is null and mute.ended_at is null and mute.until > %(now)s))
  and (%(home_id)s::int is null or mute.home_id = %(home_id)s)
  and (%(after)s::bigint is null or mute.id > %(after)s)
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by mute.id
limit %(limit)s

-- add_mute --
insert into mute (home_id, why, reason, since, until, set_by)
select home.id, %(why)s, %(reason)s, %(now)s, %(until)s, %(staff_id)s
from home
where home.id = %(home_id)s and home.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning id

-- end_mute --
update mute set ended_at = %(now)s, ended_by = %(staff_id)s
from home
where mute.id = %(id)s and mute.ended_at is null and mute.until > %(now)s and home.id = mute.home_id
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning mute.id
