-- What the audit compares: what gateways say they sent, what the ledger says was stored, what the tables hold.

-- sent --
select id as gateway_id, state
from gateway
where (%(gateway)s::text is null or id = %(gateway)s)
order by id;

-- ledger --
select gateway_id, epoch, lane, first_seq, first_seq + n - 1 as last_seq, refused
from batch
where (%(gateway)s::text is null or gateway_id = %(gateway)s)
order by gateway_id, epoch, lane, first_seq;

-- dropped --
select gateway_id, epoch, lane, first_seq, last_seq, reason
from gap
where (%(gateway)s::text is null or gateway_id = %(gateway)s)
order by gateway_id, epoch, lane, first_seq;

-- rows --
-- What was dropped on purpose, because its time was over or its home withdrew, is counted as found.
with promised as (
    select gateway_id, sum(readings) as readings, sum(events) as events, sum(alarms) as alarms
    from batch
    where (%(gateway)s::text is null or gateway_id = %(gateway)s)
    group by gateway_id
),
held as (
    select device.gateway_id, 'reading' as name, count(*) as n
    from reading join device on device.id = reading.device_id
    where (%(gateway)s::text is null or device.gateway_id = %(gateway)s)
    group by device.gateway_id
    union all
    select device.gateway_id, 'event', count(*)
    from event join device on device.id = event.device_id
    where (%(gateway)s::text is null or device.gateway_id = %(gateway)s)
    group by device.gateway_id
    union all
    select gateway_id, 'alarm', count(*)
    from alarm
    where path = 'mqtt' and (%(gateway)s::text is null or gateway_id = %(gateway)s)
    group by gateway_id
    union all
    select gateway_id, name, n from forgotten
)
select promised.gateway_id, name, wanted, found
from promised
cross join lateral (values ('reading', readings), ('event', events), ('alarm', alarms)) as each (name, wanted)
cross join lateral (
    select coalesce(sum(held.n), 0) as found
    from held
    where held.gateway_id = promised.gateway_id and held.name = each.name
) as counted
where wanted <> found
order by promised.gateway_id, name;

-- unsure --
-- Nothing of a timeline lies outside its times, so only their part of the tables is read.
select timeline.gateway_id, timeline.mark, sum(rows_of.n) as n
from timeline
cross join lateral (
    select timeline.first_at + timeline.shift as low, timeline.last_at + timeline.shift as high
) as stamped
cross join lateral (
    select (
        select count(*) from reading where timeline_id = timeline.id and observed_at between low and high
    ) + (
        select count(*) from event where timeline_id = timeline.id and observed_at between low and high
    ) + (
        select count(*) from alarm where timeline_id = timeline.id
    ) as n
) as rows_of
where timeline.mark <> 'anchored' and (%(gateway)s::text is null or timeline.gateway_id = %(gateway)s)
group by timeline.gateway_id, timeline.mark
having sum(rows_of.n) > 0
order by timeline.gateway_id, timeline.mark;

-- roads --
-- By home: a gateway that was replaced had the same road.
select
    (select string_agg(id, ', ' order by id) from gateway where home_id = delivery_day.home_id) as gateways,
    lane, min(day) as since, sum(batches)::bigint as batches, sum(records)::bigint as records,
    sum(late)::bigint as late, sum(refused)::bigint as refused, sum(repeated)::bigint as repeated
from delivery_day
where exists (
    select from gateway
    where home_id = delivery_day.home_id and (%(gateway)s::text is null or id = %(gateway)s)
)
group by home_id, lane
order by gateways, lane;
