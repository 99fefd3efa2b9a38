-- The change log as screens follow it. append_change gives ids in commit order, so "id > mine" misses nothing.

-- last_id --
select coalesce(max(id), 0) as last_id
from change

-- new_changes --
-- For the feed of the process: every tenant; who may see a row is decided per listener (Reader.sees).
select id, tenant_id, home_id, topic, body::text as body
from change
where id > %(after)s
order by id
limit %(limit)s

-- missed_changes --
select id, tenant_id, home_id, topic, body::text as body
from change
where id > %(after)s
  and id <= %(upto)s
  and tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home_id = any(%(homes)s))
order by id
limit %(limit)s

-- log_bounds --
-- Of the whole log, which nobody but the service sees whole: two numbers.
select first_id, last_id from change_bounds()

-- forget_changes --
-- Only from the beginning: a row whose writer's clock was behind leaves no hole, of which no reader would know. The
-- newest row stays, so that the log always says where it stands.
delete from change
where id < coalesce(
    (select id from change where at > %(before)s order by id limit 1),
    (select max(id) from change)
)
