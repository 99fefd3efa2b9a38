-- Daily routine, for the worker's loop: read by no person. Each takes %(now)s where it needs the time.

-- due_homes --
-- Whoever is not known yet is looked at first; retired homes, and those of tenants without the module, no more.
select id from (
    select routine_home.home_id as id from routine_home where due_at <= %(now)s
    union all
    select home_id from detected_home as home
    where not exists (select from routine_home where routine_home.home_id = home.home_id)
) as due
where not (id = any(%(skip)s)) and id in (select home_id from detected_home)
order by id
limit %(limit)s

-- begin_home --
insert into routine_home (home_id, due_at) select id, %(now)s from home where id = %(home_id)s
on conflict do nothing
returning home_id

-- lock_home --
-- The home's row with all that a look asks first: its sensors, and whether what they say is withheld.
select routine_home.home_id, judged, scored, hour_score, weights, tenant.time_zone, home.retired_at is not null as retired,
    coalesce((plan.body -> 'watch' ->> 'away_until')::float, 0) > extract(epoch from %(now)s::timestamptz) as away,
    (select market.day from market where home.division_code like rtrim(market.division_code, '0') || '%%'
     order by market.division_code desc limit 1) as market,
    exists (
        select from withheld
        where withheld.home_id = home.id and standing and quantities && %(quantities)s::smallint[]
    ) as withheld,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'id', device.id, 'name', device.name, 'room', device.room, 'kind', device.kind
        ) order by device.id), '[]')
        from device join gateway on gateway.id = device.gateway_id
        where gateway.home_id = home.id and gateway.revoked_at is null and device.retired_at is null
            and device.kind = any(%(kinds)s)
    ) as devices
from routine_home
join home on home.id = routine_home.home_id
join tenant on tenant.id = home.tenant_id
left join plan on plan.home_id = home.id
where routine_home.home_id = %(home_id)s and routine_home.due_at <= %(now)s
for update of routine_home skip locked

-- quarters --
-- Without what only says that nothing moved: that is a word (words), and no sign.
select device_id, quantity, bucket, n, sum, min, max
from reading_15m
where home_id = %(home_id)s and bucket >= %(since)s and bucket < %(until)s and device_id = any(%(devices)s)
    and (max > 0 or quantity = any(%(changes)s))

-- words --
-- In which quarters from %(since)s on each sensor said anything, one line a sensor.
-- A sensor of several quantities may say a quarter several times.
select device_id, array_agg(extract(epoch from bucket - %(since)s)::int / %(slot_s)s) as slots
from reading_15m
where home_id = %(home_id)s and bucket >= %(since)s and bucket < %(until)s and device_id = any(%(devices)s)
group by device_id

-- days --
select day, counts, listening, in_bed, hour_score, night_score
from routine_day
where home_id = %(home_id)s and day >= %(first)s and day < %(until)s
order by day

-- keep_days --
insert into routine_day (home_id, day, counts, listening, in_bed, hour_score, night_score)
select %(home_id)s, kept.*
from unnest(
    %(day)s::date[], %(counts)s::bytea[], %(listening)s::bytea[], %(in_bed)s::bytea[], %(hour_score)s::real[],
    %(night_score)s::real[]
) as kept
on conflict (home_id, day) do update
set counts = excluded.counts, listening = excluded.listening, in_bed = excluded.in_bed,
    hour_score = coalesce(excluded.hour_score, routine_day.hour_score),
    night_score = coalesce(excluded.night_score, routine_day.night_score)

-- trained_homes --
-- Homes with enough days to learn from, for the console.
select home_id, count(*) as days from routine_day
where home_id > %(after)s group by home_id having count(*) >= %(fewest)s order by home_id limit %(limit)s

-- forget_days --
delete from routine_day where home_id = %(home_id)s and day < %(before)s

-- looked --
update routine_home
set due_at = %(due_at)s, judged = %(judged)s, scored = %(scored)s, hour_score = %(hour_score)s, weights = %(weights)s
where home_id = %(home_id)s

-- before --
select kind, priority, onset, found_at from routine_finding
where home_id = %(home_id)s and found_at > %(since)s and alarm_id is not null

-- stirred --
-- Whether anything moved since the silence began that no roll-up knows yet: a sensor that says so, or a state that
-- changed.
select exists (
    select from reading
    where home_id = %(home_id)s and observed_at > %(since)s and observed_at <= %(now)s
        and device_id = any(%(devices)s) and quantity = any(%(each)s || %(changes)s)
    group by device_id, quantity
    having max(value) > 0 and (quantity = any(%(each)s) or min(value) = 0)
) as stirred

-- called --
-- Whether somebody was called for the person of this home since the silence began, and the incident is settled.
select exists (
    select from incident
    where home_id = %(home_id)s and family = 'person' and opened_at >= %(since)s and closed_at is not null
) as called

-- connected --
-- Whether every gateway of the home is on the line, knows the time, and holds nothing back that would matter.
select coalesce(bool_and(
    online and coalesce(state ->> 'clock', '') <> 'unsynced' and not exists (
        select from jsonb_each(state -> 'lanes') as lane
        where (lane.value ->> 'depth')::int > 0 and (lane.value ->> 'oldest_s')::float > %(behind_s)s
    )
), false) as connected
from gateway where home_id = %(home_id)s and revoked_at is null

-- feverish --
select exists (
    select from vital_finding
    where home_id = %(home_id)s and rule like 'fever%%' and alarm_id is not null and found_at > %(since)s
) as feverish

-- add_finding --
insert into routine_finding (home_id, kind, priority, onset, found_at, evidence, alarm_id)
values (%(home_id)s, %(kind)s, %(priority)s, %(onset)s, %(now)s, %(evidence)s, %(alarm_id)s)

-- source --
-- Whose device it is, as an alarm of it names it.
select gateway.id as gateway, gateway.shard, gateway.home_id, home.tenant_id,
    gateway.revoked_at is not null as revoked, device.id as device_id, device.name, device.room, device.kind
from device join gateway on gateway.id = device.gateway_id join home on home.id = gateway.home_id
where device.id = %(device_id)s
