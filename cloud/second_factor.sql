-- The SQL of the second factor. It reads staff, never residents.

-- begin --
insert into second_factor (staff_id, secret) values (%(staff_id)s, %(secret)s)
on conflict (staff_id) do update set secret = excluded.secret, last_step = 0
where second_factor.confirmed_at is null

-- begin_next --
update second_factor set next_secret = %(secret)s, next_until = %(until)s
where staff_id = %(staff_id)s and confirmed_at is not null

-- factor --
select
    secret,
    confirmed_at,
    case when next_until > %(now)s then next_secret end as next_secret
from second_factor where staff_id = %(staff_id)s

-- use_step --
-- A code is used once: whoever comes second with it, or with an older one, finds no row.
update second_factor set last_step = %(step)s where staff_id = %(staff_id)s and last_step < %(step)s

-- confirm --
update second_factor set confirmed_at = %(now)s where staff_id = %(staff_id)s and confirmed_at is null

-- replace --
-- Only the one that was proved: another may have been begun meanwhile.
update second_factor
set secret = next_secret, last_step = %(step)s, confirmed_at = %(now)s, next_secret = null, next_until = null
where staff_id = %(staff_id)s and next_secret = %(next_secret)s

-- drop_codes --
delete from recovery_code where staff_id = %(staff_id)s

-- keep_code --
insert into recovery_code (staff_id, code_mark) values (%(staff_id)s, %(code_mark)s)

-- use_code --
delete from recovery_code where staff_id = %(staff_id)s and code_mark = any(%(marks)s)

-- state --
select
    (select confirmed_at from second_factor where staff_id = %(staff_id)s) as since,
    (select count(*) from recovery_code where staff_id = %(staff_id)s) as codes_left

-- forget --
delete from second_factor where staff_id = %(staff_id)s
