-- One person leaves. Each statement makes one table forget, may be done twice, and does all there is to do in it; the
-- time series go a day at a time before (forget_day).

-- to_erase --
select
    resident.id, resident.home_id, home.tenant_id, resident.erased_at,
    exists (
        select from resident as other
        where other.home_id = resident.home_id and other.id <> resident.id
          and other.retired_at is null and other.erased_at is null
    ) as shared,
    exists (select from legal_hold where resident_id = resident.id and lifted_at is null) as held,
    exists (select from incident where home_id = resident.home_id and closed_at is null) as in_hand,
    exists (
        select from emergency_access where home_id = resident.home_id and reviewed_at is null
    ) as unreviewed
from resident join home on home.id = resident.home_id
where resident.id = %(resident_id)s

-- ask --
-- Asked again, it is as it was.
insert into erasure (resident_id, home_id, reason, actor, asked_by, asked_at)
values (%(resident_id)s, %(home_id)s, %(reason)s, %(actor)s, %(asked_by)s, %(now)s)
on conflict (resident_id) do nothing

-- begin --
update erasure set begun_at = %(now)s, due_at = %(now)s, confirmed_by = %(confirmed_by)s
where id = %(id)s and begun_at is null
returning id

-- erasure_of --
select id, home_id, asked_by, begun_at, finished_at from erasure where resident_id = %(resident_id)s for update

-- withdraw --
delete from erasure where id = %(id)s and begun_at is null

-- due_erasures --
select id from erasure where due_at <= %(now)s and not (id = any(%(skip)s)) order by due_at, id limit %(limit)s

-- lock_erasure --
select id, resident_id, home_id, done, begun_at from erasure where id = %(id)s and due_at is not null for update skip locked

-- step_done --
update erasure set done = done || %(step)s::text, due_at = %(now)s where id = %(id)s

-- untold --
-- Whether a gateway with a modem has not said yet that it goes by the plan that texts nobody.
select exists (
    select from gateway join plan on plan.home_id = gateway.home_id
    where gateway.home_id = %(home_id)s and gateway.phone <> '' and gateway.revoked_at is null
      and coalesce((gateway.state ->> 'plan')::bigint, 0) <> plan.version
) as untold

-- postpone --
update erasure set due_at = %(due_at)s where id = %(id)s

-- wake --
update erasure set due_at = %(now)s where resident_id = %(resident_id)s and due_at > %(now)s

-- finish --
update erasure set due_at = null, finished_at = %(now)s, reason = '' where id = %(id)s

-- lift_guard --
select set_config('anban.erasing', 'on', true)

-- oldest_day --
select least(
    (select observed_at from reading where home_id = %(home_id)s order by observed_at limit 1),
    (select observed_at from event where home_id = %(home_id)s order by observed_at limit 1)
) as at

-- forget_day --
select series_forget(array[%(home_id)s::integer], %(before)s) as n

-- gateway --
-- Nothing arrives any more.
update gateway
set revoked_at = coalesce(revoked_at, %(now)s), secret = '', sms_key = null, phone = '', state = '{}', online = false
where home_id = %(home_id)s

-- device --
update device set room = '', last_at = null
where gateway_id in (select id from gateway where home_id = %(home_id)s)

-- contact --
delete from contact where home_id = %(home_id)s

-- plan --
delete from plan where home_id = %(home_id)s

-- command --
delete from command where gateway_id in (select id from gateway where home_id = %(home_id)s)

-- second_path --
delete from second_path where gateway_id in (select id from gateway where home_id = %(home_id)s)

-- text_message --
delete from text_message where gateway_id in (select id from gateway where home_id = %(home_id)s)

-- enrolment_step --
update enrolment_step set detail = ''
where gateway_id in (select id from gateway where home_id = %(home_id)s) and detail <> ''

-- reading_dirty --
delete from reading_dirty where home_id = %(home_id)s

-- deadline --
delete from deadline where home_id = %(home_id)s

-- unheard --
delete from unheard where home_id = %(home_id)s

-- rule_finding --
delete from rule_finding where home_id = %(home_id)s

-- habit_day --
delete from habit_day where home_id = %(home_id)s

-- routine_home --
delete from routine_home where home_id = %(home_id)s

-- routine_day --
delete from routine_day where home_id = %(home_id)s

-- routine_finding --
delete from routine_finding where home_id = %(home_id)s

-- threshold_proposal --
delete from threshold_proposal where home_id = %(home_id)s

-- visit_file --
delete from visit_file using visit where visit.id = visit_file.visit_id and visit.resident_id = %(resident_id)s

-- visit_event --
delete from visit_event using visit where visit.id = visit_event.visit_id and visit.resident_id = %(resident_id)s

-- assessment --
delete from assessment where resident_id = %(resident_id)s

-- visit_moved --
delete from visit_moved using visit where visit.id = visit_moved.visit_id and visit.resident_id = %(resident_id)s

-- visit --
delete from visit where resident_id = %(resident_id)s

-- service_pause --
delete from service_pause using service_order
where service_order.id = service_pause.order_id and service_order.resident_id = %(resident_id)s

-- service_order --
delete from service_order where resident_id = %(resident_id)s

-- door_tag --
delete from door_tag where home_id = %(home_id)s

-- care_event --
delete from care_event where resident_id = %(resident_id)s

-- day_plan_left --
delete from day_plan_left where resident_id = %(resident_id)s

-- visit_day --
delete from visit_day where resident_id = %(resident_id)s

-- visit_due --
delete from visit_due where resident_id = %(resident_id)s

-- visit_concern --
delete from visit_concern where resident_id = %(resident_id)s

-- visit_absence --
delete from visit_absence where resident_id = %(resident_id)s

-- visit_person --
delete from visit_person where resident_id = %(resident_id)s

-- hush --
delete from hush where home_id = %(home_id)s

-- mute --
delete from mute where home_id = %(home_id)s

-- vital_watch --
delete from vital_watch where home_id = %(home_id)s

-- vital_finding --
delete from vital_finding where home_id = %(home_id)s

-- vital_limit --
delete from vital_limit where home_id = %(home_id)s

-- vital_record --
delete from vital_record where home_id = %(home_id)s

-- delivery_day --
delete from delivery_day where home_id = %(home_id)s

-- alarm --
-- That there was one stays, for the county's figures; what it rested on does not.
update alarm set evidence = '{}', due_at = null where home_id = %(home_id)s

-- incident --
-- Kept for as long as the law asks, without the person (PIPL art. 73 (4)).
update incident set evidence = '{}', responder = '', note = '', room = '' where home_id = %(home_id)s

-- incident_event --
update incident_event set detail = '{}'
where incident_id in (select id from incident where home_id = %(home_id)s) and detail <> '{}'

-- rung --
update rung set name = '', phone = '', channels = '{}', contact_id = null
where incident_id in (select id from incident where home_id = %(home_id)s)

-- callout_ask --
-- How far helpers had to go would tell where the home was.
update callout_ask set distance_m = 0, travel_s = 0
where incident_id in (select id from incident where home_id = %(home_id)s)

-- responder_home --
delete from responder_home where home_id = %(home_id)s

-- answer_token --
delete from answer_token using message, incident
where message.id = answer_token.message_id and incident.id = message.incident_id
  and incident.home_id = %(home_id)s

-- receipt --
update receipt set detail = '' from message, incident
where message.id = receipt.message_id and incident.id = message.incident_id
  and incident.home_id = %(home_id)s and receipt.detail <> ''

-- message --
update message set address = '', params = '{}', due_at = null
where incident_id in (select id from incident where home_id = %(home_id)s)

-- change --
delete from change where home_id = %(home_id)s

-- quarantine --
delete from quarantine where gateway_id in (select id from gateway where home_id = %(home_id)s)

-- staff_home --
delete from staff_home where home_id = %(home_id)s

-- withheld --
delete from withheld where home_id = %(home_id)s

-- consent_task --
delete from consent_task where home_id = %(home_id)s

-- emergency_access --
update emergency_access set reason = '', remark = '' where home_id = %(home_id)s

-- consent --
-- That there was consent, and when, is the proof that the years before were lawful; who spoke is not needed for it.
update consent set by_name = '', authority = '', capacity = '', witness = '', recipient = ''
where resident_id = %(resident_id)s

-- legal_hold --
update legal_hold set reason = '' where resident_id = %(resident_id)s

-- home --
update home
set key = 'erased-' || id, address = '', latitude = null, longitude = null, retired_at = coalesce(retired_at, %(now)s)
where id = %(home_id)s

-- resident --
update resident
set name = 'erased-' || id, birth_year = birth_year / 10 * 10, phone = '', phone_mark = null, id_number = '',
    id_number_mark = null, notes = '', retired_at = coalesce(retired_at, %(now)s),
    erased_at = coalesce(erased_at, %(now)s)
where id = %(resident_id)s
