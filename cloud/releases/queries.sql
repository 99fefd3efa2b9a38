-- Releases of the gateways' program and who runs what. Whoever runs the cloud sees all gateways; no person at a
-- screen reads any of it.

-- add --
insert into release (version, serial, document, signature, added_at)
values (%(version)s, %(serial)s, %(document)s, %(signature)s, %(now)s)
returning id

-- add_chunk --
insert into release_chunk (release_id, name, n, content) values (%(id)s, %(name)s, %(n)s, %(content)s)

-- all --
select id, version, serial, state, pilots, shares, soak, most_back, ring, ring_at, again_at, note, added_at
from release
order by serial

-- start --
update release
set state = 'running', note = 'started', due_at = %(now)s,
    pilots = coalesce(%(pilots)s, pilots),
    shares = coalesce(%(shares)s, shares),
    soak = coalesce(%(soak)s, soak),
    most_back = coalesce(%(most_back)s, most_back),
    ring = case when state = 'paused' and not %(again)s then ring else 0 end,
    ring_at = %(now)s,
    again_at = case when %(again)s then %(now)s else again_at end
where version = %(version)s and state in ('added', 'paused')
returning id

-- others --
-- Only one release goes out at a time: another one is withdrawn first.
select version from release where state in ('running', 'paused') and version <> %(version)s

-- stop --
update release set state = %(state)s, note = %(note)s, due_at = null
where version = %(version)s and state <> 'withdrawn'
returning id

-- forget_files --
delete from release_chunk where release_id = %(id)s

-- withdraw_commands --
update command set due_at = null
where id in (
    select id from command
    where name = 'update' and args ->> 'version' = %(version)s and due_at is not null
    for update skip locked
)

-- due --
select id from release
where due_at <= %(now)s and not (id = any(%(aside)s::bigint[]))
order by due_at
limit %(most)s

-- release_for_update --
select id, version, document, signature, pilots, shares, soak, most_back, ring, ring_at, again_at, note
from release
where id = %(id)s and due_at <= %(now)s
for update skip locked

-- standings --
select gateway.id as gateway, gateway.online,
    coalesce(gateway.state ->> 'version', '') as runs,
    coalesce(gateway.state -> 'update' ->> 'version', '') as about,
    coalesce(gateway.state -> 'update' ->> 'state', '') as state,
    told.created_at as told_at, told.ok as answer, coalesce(told.waits, false) as waits
from gateway
left join lateral (
    select command.created_at, command.ok, command.due_at is not null as waits
    from command
    where command.name = 'update' and command.args ->> 'version' = %(version)s
        and command.gateway_id = gateway.id
    order by command.created_at desc
    limit 1
) as told on true
where gateway.revoked_at is null

-- tell --
insert into command (id, gateway_id, name, args, created_at, until, due_at)
select gen_random_uuid()::text, one.gateway, 'update', %(args)s, %(now)s, %(until)s, %(now)s
from unnest(%(gateways)s::text[]) as one (gateway)

-- decide --
update release
set state = %(state)s, ring = %(ring)s, ring_at = %(ring_at)s, note = %(note)s, due_at = %(due_at)s
where id = %(id)s

-- file --
-- A file of a release that is not running is not handed out: what was stopped stays stopped.
select release.id, sum(length(chunk.content)) as size, max(length(chunk.content)) as chunk_size
from release join release_chunk chunk on chunk.release_id = release.id
where release.version = %(version)s and release.state = 'running' and chunk.name = %(name)s
group by release.id

-- chunk --
select content from release_chunk where release_id = %(id)s and name = %(name)s and n = %(n)s
