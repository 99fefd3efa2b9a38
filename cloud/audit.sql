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
with promised as (
    select gateway_id, sum(readings) as readings, sum(events) as events, sum(alarms) as alarms
    from batch
    where (%(gateway)s::text is null or gateway_id = %(gateway)s)
    group by gateway_id
)
select promised.gateway_id, name, wanted, found
from promised
cross join lateral (values
    ('reading', readings, (
        select count(*) from reading join device on device.id = reading.device_id
        where device.gateway_id = promised.gateway_id)),
    ('event', events, (
        select count(*) from event join device on device.id = event.device_id
        where device.gateway_id = promised.gateway_id)),
    ('alarm', alarms, (
        select count(*) from alarm
        where alarm.gateway_id = promised.gateway_id and alarm.path = 'mqtt'))
) as each (name, wanted, found)
where wanted <> found
order by promised.gateway_id, name;

-- unsure --
select timeline.gateway_id, timeline.mark, sum(rows_of.n) as n
from timeline
cross join lateral (
    select (select count(*) from reading where timeline_id = timeline.id)
        + (select count(*) from event where timeline_id = timeline.id)
        + (select count(*) from alarm where timeline_id = timeline.id) as n
) as rows_of
where timeline.mark <> 'anchored' and (%(gateway)s::text is null or timeline.gateway_id = %(gateway)s)
group by timeline.gateway_id, timeline.mark
having sum(rows_of.n) > 0
order by timeline.gateway_id, timeline.mark;
