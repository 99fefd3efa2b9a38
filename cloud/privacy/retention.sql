-- How long what is kept, tenant by tenant; worked by the loop, read by whoever runs the cloud.

-- fill_in --
insert into retention (tenant_id, class, days)
select tenant.id, given.class, given.days
from tenant cross join unnest(%(classes)s::text[], %(days)s::int[]) as given (class, days)
where not exists (select from retention where retention.tenant_id = tenant.id and retention.class = given.class)
on conflict do nothing

-- due_sweeps --
select id from retention
where due_at <= %(now)s and class = any(%(swept)s) and not (id = any(%(skip)s))
order by due_at, id
limit %(limit)s

-- lock_sweep --
select id, tenant_id, class, days, position from retention
where id = %(id)s and due_at <= %(now)s
for update skip locked

-- move_on --
update retention set position = %(position)s where id = %(id)s

-- rest --
update retention set position = 0, swept_at = %(now)s, due_at = %(again_at)s where id = %(id)s

-- next_home --
-- A home under a legal hold is left alone.
select home.id
from home
where home.tenant_id = %(tenant_id)s and home.id > %(position)s
  and not exists (
      select from legal_hold join resident on resident.id = legal_hold.resident_id
      where resident.home_id = home.id and legal_hold.lifted_at is null
  )
order by home.id
limit 1

-- oldest --
select least(
    (select observed_at from reading where home_id = %(home_id)s order by observed_at limit 1),
    (select observed_at from event where home_id = %(home_id)s order by observed_at limit 1)
) as at

-- drop_day --
select consent_erase(%(home_id)s, '{}', %(quantities)s, %(events)s, '{}', '{}', %(from)s, %(to)s)

-- roll_off --
select retention_roll_off(%(home_id)s, %(before)s)

-- drop_findings --
-- What was made of measurements, as long as what was rolled up of them.
with rules as (
    delete from rule_finding
    where home_id = %(home_id)s and found_at < %(before)s and ended_at is not null
)
delete from vital_finding where home_id = %(home_id)s and found_at < %(before)s and due_at is null

-- drop_routine_findings --
delete from routine_finding where home_id = %(home_id)s and found_at < %(before)s

-- old_incidents --
select incident.id
from incident
where incident.tenant_id = %(tenant_id)s and incident.closed_at < %(before)s
  and not exists (select from emergency_access where incident_id = incident.id and reviewed_at is null)
  and not exists (
      select from legal_hold join resident on resident.id = legal_hold.resident_id
      where resident.home_id = incident.home_id and legal_hold.lifted_at is null
  )
order by incident.closed_at
limit %(limit)s

-- drop_incidents --
-- With everything that speaks of them; a constraint that is forgotten here stops the sweep, and nothing is lost.
with old as (select unnest(%(ids)s::bigint[]) as id),
tokens as (
    delete from answer_token using message
    where message.id = answer_token.message_id and message.incident_id in (select id from old)
),
receipts as (
    delete from receipt using message
    where message.id = receipt.message_id and message.incident_id in (select id from old)
),
messages as (delete from message where incident_id in (select id from old)),
commands as (delete from command where incident_id in (select id from old)),
asks as (delete from callout_ask where incident_id in (select id from old)),
rungs as (delete from rung where incident_id in (select id from old)),
ladders as (delete from escalation where incident_id in (select id from old)),
steps as (delete from incident_event where incident_id in (select id from old)),
links as (delete from incident_alarm where incident_id in (select id from old)),
grants as (delete from incident_grant where incident_id in (select id from old)),
reviewed as (delete from incident_review where incident_id in (select id from old)),
accesses as (delete from emergency_access where incident_id in (select id from old))
delete from incident where id in (select id from old)

-- drop_alarms --
-- Those on which no incident rests (any more): it went before them, or there never was one.
with gone as (
    delete from alarm
    where id in (
        select id from alarm
        where home_id = %(home_id)s and stored_at < %(before)s and due_at is null and not exists (
            select from incident_alarm as link where link.home_id = alarm.home_id and link.alarm_id = alarm.alarm_id
        )
        order by stored_at
        limit %(limit)s
    )
    returning gateway_id, path
),
counted as (
    insert into forgotten (gateway_id, name, n)
    select gateway_id, 'alarm', count(*) from gone where path = 'mqtt' group by gateway_id
)
select count(*) as n from gone

-- drop_places --
-- Where those were who may be called to a door.
delete from responder_place using responder
where responder.id = responder_place.responder_id and responder.tenant_id = %(tenant_id)s
  and responder_place.at < %(before)s

-- drop_recordings --
-- Voices that were recorded at a door; of a home under a legal hold they stay.
delete from visit_file using visit
where visit.id = visit_file.visit_id and visit.tenant_id = %(tenant_id)s and visit_file.sort = 'voice'
  and visit_file.received_at < %(before)s
  and not exists (
      select from legal_hold join resident on resident.id = legal_hold.resident_id
      where resident.home_id = visit.home_id and legal_hold.lifted_at is null
  )

-- count_recordings --
select count(*) as n
from visit_file join visit on visit.id = visit_file.visit_id join tenant on tenant.id = visit.tenant_id
where tenant.code = %(tenant)s and visit_file.sort = 'voice' and visit_file.received_at < %(before)s

-- count_places --
select count(*) as n
from responder_place join responder on responder.id = responder_place.responder_id
join tenant on tenant.id = responder.tenant_id
where tenant.code = %(tenant)s and responder_place.at < %(before)s

-- settings --
select tenant.code, retention.class, retention.days, retention.swept_at
from retention join tenant on tenant.id = retention.tenant_id
order by tenant.code, retention.class

-- set_days --
update retention set days = %(days)s, due_at = '-infinity', position = 0
where tenant_id = %(tenant_id)s and class = %(class)s

-- tenant_of --
select id from tenant where code = %(code)s

-- settings_of --
select class, days, swept_at from retention where tenant_id = %(tenant_id)s

-- count_raw --
select
    (select count(*) from reading where tenant_id = tenant.id and observed_at < %(before)s)
    + (select count(*) from event where tenant_id = tenant.id and observed_at < %(before)s) as n
from tenant where tenant.code = %(tenant)s

-- count_aggregates --
select
    (select count(*) from reading_15m where tenant_id = tenant.id and bucket < %(before)s)
    + (select count(*) from reading_1h where tenant_id = tenant.id and bucket < %(before)s)
    + (select count(*) from reading_1d where tenant_id = tenant.id and bucket < %(before)s) as n
from tenant where tenant.code = %(tenant)s

-- count_incidents --
select count(*) as n from incident join tenant on tenant.id = incident.tenant_id
where tenant.code = %(tenant)s and incident.closed_at < %(before)s
