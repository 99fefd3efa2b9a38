-- The wanted plan of a home.

-- put_plan --
insert into plan (home_id, version, body, due_at) values (%(home)s, 1, %(body)s, '-infinity')
on conflict (home_id) do update set version = plan.version + 1, body = excluded.body, due_at = '-infinity'
where plan.body <> excluded.body;

-- plan_to_compare --
select body from plan where home_id = %(home)s for no key update

-- plan_to_follow --
select body from plan
where home_id = %(home)s and jsonb_array_length(coalesce(body #> '{phones,contacts}', '[]')) > 0
for no key update

-- numbers_of_circle --
select phone from contact where home_id = %(home)s and retired_at is null
