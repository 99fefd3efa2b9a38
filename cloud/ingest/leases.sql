-- Leases on ranges of shards. Here, and only here, time is the database's: workers on machines with different clocks
-- have no other in common.

-- lock_cut --
lock table ingest_lease in share row exclusive mode;

-- ranges --
select first_shard, last_shard, owner, owner is not null and expires_at > clock_timestamp() as live
from ingest_lease
where first_shard <= %(last)s and last_shard >= %(first)s
order by first_shard;

-- drop_ranges --
delete from ingest_lease where first_shard = any(%(firsts)s);

-- lay_ranges --
insert into ingest_lease (first_shard, last_shard)
select * from unnest(%(firsts)s::smallint[], %(lasts)s::smallint[])
on conflict do nothing;

-- free_ranges --
-- Only for whoever knows that nobody else works here.
update ingest_lease set owner = null, expires_at = null
where first_shard >= %(first)s and last_shard <= %(last)s;

-- beat --
insert into ingest_worker (id, first_shard, last_shard, expires_at)
values (%(worker)s, %(first)s, %(last)s, clock_timestamp() + %(length)s)
on conflict (id) do update set expires_at = excluded.expires_at;

-- others --
select id as worker from ingest_worker
where first_shard = %(first)s and last_shard = %(last)s and id <> %(worker)s
union
select owner from ingest_lease
where first_shard >= %(first)s and last_shard <= %(last)s and owner <> %(worker)s;

-- forget_workers --
delete from ingest_worker
where expires_at < clock_timestamp() - interval '1 minute' or id = any(%(dead)s);

-- workers --
select count(*) as n from ingest_worker
where first_shard = %(first)s and last_shard = %(last)s and expires_at > clock_timestamp();

-- renew --
-- Also a lease that has run out, if nobody has taken it meanwhile.
update ingest_lease set expires_at = clock_timestamp() + %(length)s
where owner = %(worker)s and first_shard >= %(first)s and last_shard <= %(last)s
returning first_shard, last_shard, token;

-- take --
with free as (
    select first_shard, owner from ingest_lease
    where first_shard >= %(first)s and last_shard <= %(last)s
        and (owner is null or expires_at < clock_timestamp() or owner = any(%(dead)s))
    order by first_shard
    limit %(most)s
    for update skip locked
)
update ingest_lease
set owner = %(worker)s, token = ingest_lease.token + 1, expires_at = clock_timestamp() + %(length)s
from free
where ingest_lease.first_shard = free.first_shard
returning ingest_lease.first_shard, ingest_lease.last_shard, ingest_lease.token, free.owner as before;

-- cut_off --
-- What an owner that stopped to renew has under way ends here: its transactions are rolled back. Another role's cannot
-- be ended; a lease that is asked for in each transaction holds such a one off.
select count(pg_terminate_backend(pid)) as n from pg_stat_activity
where application_name = any(%(names)s) and pid <> pg_backend_pid() and usename = session_user;

-- give_up --
update ingest_lease set owner = null, expires_at = null
where owner = %(worker)s and first_shard = any(%(firsts)s);

-- leave --
delete from ingest_worker where id = %(worker)s;

-- held --
select exists (
    select from ingest_lease where first_shard = %(first)s and owner = %(worker)s and token = %(token)s
) as held;
