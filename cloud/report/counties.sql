-- Months of counties that keep a database of their own, for the city. Numbers, never a person.

-- ask --
select * from county_months(%(month)s);

-- trend --
select * from county_trend(%(since)s);

-- keep --
-- A slower process may come with an older answer.
insert into county_month (division_code, month, taken_at, tenants)
values (%(division)s, %(month)s, %(now)s, %(tenants)s)
on conflict (division_code, month) do update set taken_at = excluded.taken_at, tenants = excluded.tenants
where county_month.taken_at < excluded.taken_at;

-- kept --
select division_code, taken_at, tenants from county_month
where division_code = any(%(divisions)s) and month = %(month)s;
