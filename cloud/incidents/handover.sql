-- What one shift tells the next.

-- withdraw --
update handover set withdrawn_at = %(now)s
where tenant_id = %(tenant_id)s and taken_at is null and withdrawn_at is null

-- give --
-- With everything that is open at this moment.
insert into handover (tenant_id, note, items, given_by, given_at)
select %(tenant_id)s, %(note)s, coalesce(array_agg(i.id order by i.priority, i.opened_at, i.id), '{}'), %(staff_id)s, %(now)s
from incident i
where i.closed_at is null
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
returning id

-- listed --
-- The newest ones, whatever became of them; of ``id`` only that one.
select h.id, h.note, h.items, h.given_at, h.taken_at, h.withdrawn_at, giver.name as given_by, taker.name as taken_by,
    h.given_by as giver_id
from handover h
join staff giver on giver.id = h.given_by
left join staff taker on taker.id = h.taken_by
where h.tenant_id = any(%(tenants)s) and (%(id)s::bigint is null or h.id = %(id)s)
order by h.id desc
limit %(limit)s

-- hold --
-- Two who come at once do not both sign.
select id from handover
where id = %(id)s and tenant_id = any(%(tenants)s) and taken_at is null and withdrawn_at is null
for no key update

-- take --
update handover set taken_by = %(staff_id)s, taken_at = %(now)s where id = %(id)s

-- still_open --
-- Of the incidents of a handover, those that need somebody still.
select * from incident_card
where id = any(%(items)s) and closed_at is null
  and tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home_id = any(%(homes)s))
order by priority, opened_at, id

-- forget --
delete from handover where given_at < %(before)s
