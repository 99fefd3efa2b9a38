-- Market days of a township, written at the console.

-- put_market --
insert into market (division_code, day) select code, %(day)s from division where code = %(division)s
on conflict (division_code) do update set day = excluded.day
returning division_code
