-- The SQL of the second factor. It reads staff, never residents.

-- begin --
insert into second_factor (staff_id, secret) values (%(staff_id)s, %(secret)s)
on conflict (staff_id) do update set secret = excluded.secret, last_step = 0
where second_factor.confirmed_at is null

-- factor --
select secret, confirmed_at from second_factor where staff_id = %(staff_id)s

-- use_step --
-- A code is used once: whoever comes second with it, or with an older one, finds no row.
update second_factor set last_step = %(step)s where staff_id = %(staff_id)s and last_step < %(step)s

-- confirm --
update second_factor set confirmed_at = %(now)s where staff_id = %(staff_id)s and confirmed_at is null

-- drop_codes --
delete from recovery_code where staff_id = %(staff_id)s

-- keep_code --
insert into recovery_code (staff_id, code_mark) values (%(staff_id)s, %(code_mark)s)

-- use_code --
delete from recovery_code where staff_id = %(staff_id)s and code_mark = any(%(marks)s)

-- codes_left --
select count(*) as left_over from recovery_code where staff_id = %(staff_id)s

-- forget --
delete from second_factor where staff_id = %(staff_id)s
