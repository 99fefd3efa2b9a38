-- The wanted plan of a home.

-- put_plan --
insert into plan (home_id, version, body, due_at) values (%(home)s, 1, %(body)s, '-infinity')
on conflict (home_id) do update set version = plan.version + 1, body = excluded.body, due_at = '-infinity'
where plan.body <> excluded.body;
