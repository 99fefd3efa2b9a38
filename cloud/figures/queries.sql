-- Numbers of tenants, never a person.

-- scoped --
select * from scoped_figures(%(now)s);

-- county --
-- Asked of a county's database, by the city.
select * from county_figures(%(now)s);

-- keep --
-- A slower process may come with an older answer.
insert into county_report (division_code, taken_at, figures) values (%(division)s, %(now)s, %(figures)s)
on conflict (division_code) do update set taken_at = excluded.taken_at, figures = excluded.figures
where county_report.taken_at < excluded.taken_at;

-- kept --
select division_code, taken_at, figures from county_report where division_code = any(%(divisions)s);
