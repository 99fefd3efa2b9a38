-- Timelines and anchors: what a gateway stamped before its clock was set, and when its boots truly began.

-- stretch_timeline --
-- Two clocks of one boot that differ by less than a second are one: what lies between was not a step.
update timeline
set first_seq = least(first_seq, %(first_seq)s), last_seq = greatest(last_seq, %(last_seq)s),
    first_at = least(first_at, %(first_at)s), last_at = greatest(last_at, %(last_at)s)
where id = (
    select id from timeline
    where gateway_id = %(gateway)s and epoch = %(epoch)s and lane = %(lane)s and boot = %(boot)s
        and believed_at > %(believed_at)s - interval '1 second'
        and believed_at < %(believed_at)s + interval '1 second'
    order by id limit 1
)
returning id, epoch, lane, boot, believed_at, first_seq, last_seq, first_at, last_at, shift, mark;

-- begin_timeline --
insert into timeline (
    gateway_id, epoch, lane, boot, believed_at, first_seq, last_seq, first_at, last_at
)
values (
    %(gateway)s, %(epoch)s, %(lane)s, %(boot)s, %(believed_at)s, %(first_seq)s, %(last_seq)s, %(first_at)s,
    %(last_at)s
)
returning id, epoch, lane, boot, believed_at, first_seq, last_seq, first_at, last_at, shift, mark;

-- add_anchor --
insert into anchor (gateway_id, boot, booted_at, anchored_at, epoch, alarm_seq, bulk_seq, stored_at)
values (
    %(gateway)s, %(boot)s, %(booted_at)s, %(anchored_at)s, %(epoch)s, %(alarm_seq)s, %(bulk_seq)s, %(now)s
)
on conflict do nothing;

-- unsettled_timelines --
select id, epoch, lane, boot, believed_at, first_seq, last_seq, first_at, last_at, shift, mark
from timeline
where gateway_id = %(gateway)s and mark <> 'anchored'
order by id
for update;

-- anchors --
select boot, booted_at, anchored_at, epoch, alarm_seq, bulk_seq
from anchor
where gateway_id = %(gateway)s
order by alarm_seq;

-- lift_limit --
-- A boot may have lasted for weeks before its time is known, and TimescaleDB bounds what one transaction unpacks.
select set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);

-- move_readings --
-- Deleted and inserted: a row of a hypertable cannot change its chunk by an update. The bounds spare other days.
with moved as (
    delete from reading
    where timeline_id = %(id)s and observed_at between %(first_at)s and %(last_at)s
    returning observed_at, tenant_id, home_id, device_id, quantity, quality, value, timeline_id
)
insert into reading (observed_at, tenant_id, home_id, device_id, quantity, quality, value, timeline_id)
select observed_at + %(by)s, tenant_id, home_id, device_id, quantity, quality, value, timeline_id
from moved;

-- move_events --
with moved as (
    delete from event
    where timeline_id = %(id)s and observed_at between %(first_at)s and %(last_at)s
    returning observed_at, tenant_id, home_id, device_id, kind, detail, timeline_id
)
insert into event (observed_at, tenant_id, home_id, device_id, kind, detail, timeline_id)
select observed_at + %(by)s, tenant_id, home_id, device_id, kind, detail, timeline_id
from moved;

-- move_alarms --
-- What opened an incident is handed on once more, and tells it the time.
update alarm
set observed_at = observed_at + %(by)s,
    due_at = case when state in ('suspected', 'raised') then %(now)s else due_at end
where timeline_id = %(id)s;

-- mark_timeline --
update timeline set shift = %(shift)s, mark = %(mark)s where id = %(id)s;
