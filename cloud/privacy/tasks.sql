-- What is still to be done because of a consent; worked by the loop, read by no person.

-- due_tasks --
select id from consent_task
where due_at <= %(now)s and not (id = any(%(skip)s))
order by due_at, id
limit %(limit)s

-- lock_task --
select id, home_id, purpose, task, position from consent_task
where id = %(id)s and due_at <= %(now)s
for update skip locked

-- finish_task --
delete from consent_task where id = %(id)s

-- postpone_task --
update consent_task set due_at = %(due_at)s, position = coalesce(%(position)s, position) where id = %(id)s

-- withdraw_family --
-- Nobody of the family is told any more, whatever already waits.
with withdrawn as (
    update message set state = 'withdrawn', due_at = null
    from incident
    where message.due_at is not null
      and incident.id = message.incident_id and incident.home_id = %(home_id)s
      and (message.push_id is not null or exists (
          select from rung
          where rung.incident_id = message.incident_id and rung.step = message.step and rung.relation = 'family'
      ))
    returning message.id
)
insert into receipt (message_id, at, state, detail) select id, %(now)s, 'withdrawn', '' from withdrawn

-- blank_changes --
-- A screen that catches up gets none of it.
update change set body = jsonb_set(body, '{evidence}', '{}')
where home_id = %(home_id)s and topic = 'inc' and body ->> 'kind' = any(%(alarms)s)

-- open_incidents --
select id from incident
where home_id = %(home_id)s and closed_at is null and kind = any(%(alarms)s)
order by id

-- is_held --
select exists (
    select from legal_hold join resident on resident.id = legal_hold.resident_id
    where resident.home_id = %(home_id)s and legal_hold.lifted_at is null
) as held

-- oldest --
-- From where the last piece ended, so that what other purposes hold is passed over once; null: nothing is left.
select least(
    (
        select reading.observed_at
        from reading join device on device.id = reading.device_id
        where reading.home_id = %(home_id)s
          and (%(position)s::timestamptz is null or reading.observed_at >= %(position)s)
          and (reading.quantity = any(%(quantities)s) or device.kind = any(%(kinds)s))
          and reading.quantity <> all(%(kept)s)
        order by reading.observed_at limit 1
    ),
    (
        select event.observed_at
        from event join device on device.id = event.device_id
        where event.home_id = %(home_id)s and event.kind <> all(%(kept_events)s)
          and (%(position)s::timestamptz is null or event.observed_at >= %(position)s)
          and (event.kind = any(%(events)s) or device.kind = any(%(kinds)s))
        order by event.observed_at limit 1
    )
) as at

-- erase --
select consent_erase(
    %(home_id)s, %(kinds)s, %(quantities)s, %(events)s, %(kept)s, %(kept_events)s, %(from)s, %(to)s
) as n

-- erase_rolled --
select consent_erase_rolled(%(home_id)s, %(kinds)s, %(quantities)s, %(kept)s)

-- blank_incidents --
update incident set evidence = '{}' where home_id = %(home_id)s and kind = any(%(alarms)s) and evidence <> '{}'

-- forget_rule_findings --
-- Those whose alarm is made of what goes; the deadline looks again and finds what it still may.
delete from rule_finding using alarm
where rule_finding.home_id = %(home_id)s and alarm.home_id = rule_finding.home_id
    and alarm.alarm_id = rule_finding.alarm_id and alarm.kind = any(%(alarms)s)

-- forget_habits --
-- What is usual is made of movement alone.
delete from habit_day where home_id = %(home_id)s and 'motion' = any(%(kinds)s)

-- forget_vital_findings --
delete from vital_finding where home_id = %(home_id)s and quantity = any(%(quantities)s)

-- forget_routine_days --
-- Made of motion, doors and beds (quantity 13 is motion: one purpose covers them all).
delete from routine_day where home_id = %(home_id)s and 13 = any(%(quantities)s)

-- forget_routine_findings --
delete from routine_finding where home_id = %(home_id)s and 13 = any(%(quantities)s)

-- forget_routine_home --
delete from routine_home where home_id = %(home_id)s and 13 = any(%(quantities)s)

-- forget_vital_limits --
delete from vital_limit where home_id = %(home_id)s and quantity = any(%(quantities)s)

-- blank_alarms --
-- What an alarm of another kind carried along of the last minute's frames goes with it.
update alarm
set evidence = case when kind = any(%(alarms)s) then '{}' else evidence - 'frames' - 'frames_left_out' end
where home_id = %(home_id)s and evidence <> '{}' and (kind = any(%(alarms)s) or evidence ? 'frames')

-- drop_quarantine --
-- Nobody could read what it holds, so nobody can say that it holds nothing of this.
delete from quarantine where gateway_id in (select id from gateway where home_id = %(home_id)s)
