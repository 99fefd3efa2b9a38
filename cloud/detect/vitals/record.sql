-- What a named clinician says of whoever is measured in a home; written at the console.

-- put_record --
insert into vital_record (home_id, scale2, oxygen, set_by, set_at)
values (%(home_id)s, %(scale2)s, %(oxygen)s, %(by)s, %(now)s)
on conflict (home_id) do update
set scale2 = excluded.scale2, oxygen = excluded.oxygen, set_by = excluded.set_by, set_at = excluded.set_at

-- end_limit --
update vital_limit set ended_at = %(now)s
where home_id = %(home_id)s and quantity = %(quantity)s and ended_at is null

-- add_limit --
insert into vital_limit (home_id, quantity, low, high, set_by, set_at)
values (%(home_id)s, %(quantity)s, %(low)s, %(high)s, %(by)s, %(now)s)

-- look_again --
-- What was measured last is judged by the new limits at once.
update vital_watch set heard_at = '-infinity', due_at = %(now)s where home_id = %(home_id)s
