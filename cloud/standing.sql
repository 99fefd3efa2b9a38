-- How things stand, as numbers: counts, ages and sizes over all tenants, never a row of anybody.
-- Each statement answers with its labels and ``value``; ages are seconds before %(now)s.

-- incidents_open --
select p.priority::text as priority, count(i.id) as value
from generate_series(1, 5) as p (priority)
left join incident i on i.priority = p.priority and i.closed_at is null
group by p.priority

-- incidents_oldest --
select p.priority::text as priority, coalesce(extract(epoch from %(now)s - min(i.opened_at)), 0) as value
from generate_series(1, 5) as p (priority)
left join incident i on i.priority = p.priority and i.closed_at is null
group by p.priority

-- incidents_unanswered --
select coalesce(extract(epoch from %(now)s - min(opened_at)), 0) as value
from incident where closed_at is null and acked_at is null

-- overdue --
-- How late the oldest due row of each queue is: what the worker's and ingest's loops should long have taken.
select queue, greatest(coalesce(extract(epoch from %(now)s - oldest), 0), 0) as value
from (values
    ('timers', (select min(due_at) from incident where due_at is not null)),
    ('ladders', (select min(due_at) from escalation where due_at is not null)),
    ('messages', (select min(due_at) from message where due_at is not null)),
    ('alarms', (select min(due_at) from alarm where due_at is not null)),
    ('commands', (select min(due_at) from command where due_at is not null)),
    ('deadlines', (select min(due_at) from deadline where home_id in (select home_id from detected_home)))
) as each (queue, oldest)

-- messages_waiting --
select count(*) as value from message where due_at is not null

-- gateways --
select s.state, count(g.id) as value
from (values ('online'), ('silent'), ('never')) as s (state)
left join gateway g on g.revoked_at is null
    and case when g.online then 'online' when g.state_at is null then 'never' else 'silent' end = s.state
group by s.state

-- reviews --
-- Times that somebody read in spite of a missing consent and nobody has looked at yet.
select s.state, count(a.id) as value
from (values ('waiting'), ('overdue')) as s (state)
left join emergency_access a on a.reviewed_at is null
    and case when a.review_by <= %(now)s then 'overdue' else 'waiting' end = s.state
group by s.state

-- gateways_unheard --
-- Also where no ingest was ever started, or none is told of a shard. A lease runs by the clock of the database.
select count(*) as value
from gateway
where revoked_at is null and not exists (
    select from ingest_lease
    where gateway.shard between first_shard and last_shard
        and owner is not null and expires_at > clock_timestamp()
)

-- ingest_ranges --
select s.state, count(l.first_shard) as value
from (values ('held'), ('free')) as s (state)
left join ingest_lease l
    on case when l.owner is not null and l.expires_at > clock_timestamp() then 'held' else 'free' end = s.state
group by s.state

-- sessions --
select count(*) as value from session where expires_at > %(now)s

-- releases_paused --
-- Those that stopped themselves because gateways failed; not those that somebody stopped by hand.
select count(*) as value from release where state = 'paused' and note <> 'by hand'

-- database_bytes --
select pg_database_size(current_database()) as value

-- backup_age --
select extract(epoch from %(now)s - max(finished_at)) as value from backup_run having count(*) > 0
