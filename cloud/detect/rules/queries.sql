-- What is known of a home, for the worker's loop: read by no person. Each takes %(now)s where it needs the time.

-- due_homes --
-- Those whose time has come, and those nobody has looked at yet.
select home_id as id from deadline
where due_at <= %(now)s and not (home_id = any(%(skip)s)) and home_id in (select home_id from detected_home)
union all
select home_id from detected_home as home
where not (home_id = any(%(skip)s)) and not exists (select from deadline where deadline.home_id = home.home_id)
limit %(limit)s

-- begin --
insert into deadline (home_id, due_at, looked_at)
select id, '-infinity', '-infinity' from home where id = %(home_id)s
on conflict do nothing

-- lock --
select home_id from deadline where home_id = %(home_id)s and due_at <= %(now)s for update skip locked

-- looked --
update deadline set due_at = %(due_at)s, looked_at = %(now)s, known_until = coalesce(%(until)s, known_until)
where home_id = %(home_id)s

-- find_holes --
-- What was waited for arrived, from the last look that was behind until now: every stretch of it without a word of any
-- device, longer than the gateway's own supervision of what has mains, is a hole.
with before as (
    select known_until from deadline
    where home_id = %(home_id)s and looked_at - known_until > %(behind)s and known_until < %(until)s
), words as (
    select known_until as at from before
    union all
    select observed_at from reading, before
    where home_id = %(home_id)s and observed_at > known_until and observed_at <= %(until)s
    union all
    select observed_at from event, before
    where home_id = %(home_id)s and observed_at > known_until and observed_at <= %(until)s
    union all
    select %(until)s::timestamptz from before
), steps as (
    select at, lead(at) over (order by at) as next from words
)
insert into unheard (home_id, since, until)
select %(home_id)s, at, next from steps where next - at > %(patience)s
on conflict (home_id, since) do nothing

-- holes --
select since, until from unheard where home_id = %(home_id)s and until > %(since)s order by until

-- forget_holes --
delete from unheard where home_id = %(home_id)s and until < %(since)s

-- home --
-- The home, its plan, its lines, its devices, and what its person withholds. What a gateway that is no longer believed
-- says is not known. An age that its outbox tells is of records that are not stored here yet.
select home.tenant_id, home.retired_at is not null as retired, plan.body - 'phones' as plan,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'id', gateway.id,
            'heard_at', extract(epoch from gateway.state_at),
            'online', gateway.online,
            'clock', gateway.state ->> 'clock',
            'lanes', gateway.state -> 'lanes'
        ) order by gateway.id), '[]')
        from gateway where gateway.home_id = home.id and gateway.revoked_at is null
    ) as lines,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'id', device.id, 'name', device.name, 'kind', device.kind, 'room', device.room,
            'heard_at', extract(epoch from device.last_at)
        ) order by device.id), '[]')
        from device join gateway on gateway.id = device.gateway_id
        where gateway.home_id = home.id and device.retired_at is null and gateway.revoked_at is null
    ) as devices,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'kinds', withheld.kinds, 'quantities', withheld.quantities, 'events', withheld.events
        )), '[]')
        from withheld where withheld.home_id = home.id and withheld.standing
    ) as withheld,
    (
        select max(opened_at) from incident
        where incident.home_id = home.id and incident.family = 'person' and incident.opened_at > %(since)s
    ) as called_at,
    exists (
        select from outage where outage.ended_at is null and home.id = any(outage.homes)
    ) as area_out,
    -- No ingest holds the shard of a gateway of this home: then it is we who do not hear. A lease runs by the clock of
    -- the database.
    not exists (
        select from gateway join ingest_lease on gateway.shard between first_shard and last_shard
        where gateway.home_id = home.id and gateway.revoked_at is null
            and (owner is null or expires_at <= clock_timestamp())
    ) as listening
from home left join plan on plan.home_id = home.id
where home.id = %(home_id)s

-- signs --
-- What each device said, and from when until when it said the same; of what lasts only while it is repeated, a pause
-- begins anew. A row whose time nobody knows yet is left out, and so is what is withheld now.
with said as (
    select device_id, quantity, observed_at,
        case quantity
            when %(power)s then (value >= %(in_use_w)s)::int
            when %(body)s then (value >= %(body_percent)s)::int
            else value
        end as value
    from reading
    where home_id = %(home_id)s and observed_at > %(since)s and observed_at <= %(until)s and quality = 0
        and (quantity = any(%(quantities)s) or device_id = any(%(by_hand)s))
        and (timeline_id is null or exists (
            select from timeline where timeline.id = reading.timeline_id and timeline.mark <> 'open'
        ))
), marked as (
    select *, (
        lag(value) over one is distinct from value
        or quantity = any(%(lasting)s) and observed_at - lag(observed_at) over one > %(pause)s
    )::int as begins
    from said
    window one as (partition by device_id, quantity order by observed_at)
), numbered as (
    select *, sum(begins) over (partition by device_id, quantity order by observed_at) as run
    from marked
)
select device_id, quantity, value, min(observed_at) as at, max(observed_at) as until
from numbered
group by device_id, quantity, run, value

-- events --
-- An alarm that the home itself took back is a resident who said that all is well.
select device_id, kind, observed_at as at
from event
where home_id = %(home_id)s and observed_at > %(since)s and observed_at <= %(until)s and kind = any(%(events)s)
union all
select device_id, 'all_well', alarm.observed_at
from incident
join incident_alarm using (home_id)
join alarm on alarm.alarm_id = incident_alarm.alarm_id and alarm.home_id = incident.home_id
where incident.home_id = %(home_id)s and incident.opened_at > %(since)s and incident_alarm.incident_id = incident.id
    and incident.family = 'person' and alarm.state = 'cancelled' and alarm.path <> 'cloud'
    and alarm.observed_at > %(since)s and alarm.observed_at <= %(until)s

-- habits --
select day, body from habit_day where home_id = %(home_id)s and day >= %(first)s order by day

-- add_habit --
insert into habit_day (home_id, day, body) values (%(home_id)s, %(day)s, %(body)s)
on conflict (home_id, day) do update set body = excluded.body

-- forget_habits --
delete from habit_day where home_id = %(home_id)s and day < %(first)s

-- before --
select id, rule, subject, priority, since, found_at, ended_at
from rule_finding
where home_id = %(home_id)s and (ended_at is null or ended_at > %(since)s)
order by id

-- add_finding --
insert into rule_finding (home_id, rule, subject, priority, since, found_at, device_id, alarm_id, evidence)
values (
    %(home_id)s, %(rule)s, %(subject)s, %(priority)s, %(since)s, %(now)s, %(device_id)s, %(alarm_id)s, %(evidence)s
)
on conflict (home_id, alarm_id) do nothing
returning id

-- end_finding --
update rule_finding set ended_at = %(now)s where id = %(id)s
returning device_id, alarm_id, rule, evidence

-- source --
-- Whose device it is, as an alarm of it names it.
select gateway.id as gateway, gateway.shard, gateway.home_id, home.tenant_id,
    gateway.revoked_at is not null as revoked, device.id as device_id, device.name, device.room, device.kind
from device join gateway on gateway.id = device.gateway_id join home on home.id = gateway.home_id
where device.id = %(device_id)s

-- gateway --
-- The home's gateway, as the sender of an alarm that is about no device.
select gateway.id, gateway.shard, gateway.home_id, home.tenant_id, gateway.revoked_at is not null as revoked
from gateway join home on home.id = gateway.home_id
where gateway.home_id = %(home_id)s and gateway.revoked_at is null
order by gateway.id
limit 1
