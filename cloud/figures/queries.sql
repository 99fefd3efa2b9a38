-- Numbers of tenants, never a person.

-- scoped --
select * from scoped_figures(%(now)s);

-- below --
-- Which of these counties lie below a tenant of the scope.
select code from unnest(%(divisions)s::text[]) as asked (code)
where exists (
    select from tenant
    where tenant.id = any(%(tenants)s)
      and asked.code > tenant.division_code and asked.code <= division_last(tenant.division_code)
);

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
