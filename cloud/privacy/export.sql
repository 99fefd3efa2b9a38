-- All that is stored of one person's home, table by table; one statement for each table that holds any of it. What is
-- secret (passwords, keys, digests) is no information about the person and is left out.

-- who --
select resident.id as resident_id, resident.home_id, home.tenant_id
from resident join home on home.id = resident.home_id where resident.id = %(resident_id)s

-- home --
select home.key, home.division_code, home.address, home.latitude, home.longitude, tenant.name as tenant
from home join tenant on tenant.id = home.tenant_id where home.id = %(home_id)s

-- resident --
select id, name, birth_year, sex, lives_alone, ability_level, phone, notes, id_number, died_at, retired_at
from resident where home_id = %(home_id)s order by id

-- contact --
select rank, name, relation, phone, has_key, locale, channels, retired_at
from contact where home_id = %(home_id)s order by rank, id

-- gateway --
select id, online, state, state_at, phone, revoked_at from gateway where home_id = %(home_id)s order by id

-- device --
select device.gateway_id, device.name, device.kind, device.room, device.last_at, device.retired_at
from device join gateway on gateway.id = device.gateway_id where gateway.home_id = %(home_id)s order by 1, 2

-- plan --
select version, body, withheld from plan where home_id = %(home_id)s

-- command --
select command.name, command.args, command.created_at, command.answered_at, command.ok, command.detail
from command join gateway on gateway.id = command.gateway_id
where gateway.home_id = %(home_id)s order by command.created_at

-- second_path --
select second_path.gateway_id, second_path.heard_at, second_path.fault
from second_path join gateway on gateway.id = second_path.gateway_id where gateway.home_id = %(home_id)s

-- text_message --
select text_message.gateway_id, text_message.alarm_id, text_message.test, text_message.stored_at
from text_message join gateway on gateway.id = text_message.gateway_id
where gateway.home_id = %(home_id)s order by text_message.stored_at

-- certificate --
select certificate.gateway_id, certificate.issued_at, certificate.expires_at, certificate.revoked_at
from certificate join gateway on gateway.id = certificate.gateway_id where gateway.home_id = %(home_id)s

-- enrolment_step --
select enrolment_step.at, enrolment_step.gateway_id, enrolment_step.actor, enrolment_step.action
from enrolment_step join gateway on gateway.id = enrolment_step.gateway_id
where gateway.home_id = %(home_id)s order by enrolment_step.id

-- reading --
select reading.observed_at, device.name as device, reading.quantity, reading.quality, reading.value
from reading left join device on device.id = reading.device_id
where reading.home_id = %(home_id)s order by reading.observed_at

-- reading_15m --
select bucket, device_id, quantity, n, sum, min, max from reading_15m where home_id = %(home_id)s order by bucket

-- reading_1h --
select bucket, device_id, quantity, n, sum, min, max from reading_1h where home_id = %(home_id)s order by bucket

-- reading_1d --
select bucket, device_id, quantity, n, sum, min, max from reading_1d where home_id = %(home_id)s order by bucket

-- event --
select event.observed_at, device.name as device, event.kind, event.detail
from event left join device on device.id = event.device_id
where event.home_id = %(home_id)s order by event.observed_at

-- alarm --
select alarm.alarm_id, alarm.kind, alarm.state, device.name as device, alarm.observed_at, alarm.stored_at,
    alarm.confirm_s, alarm.evidence, alarm.actions, alarm.path
from alarm left join device on device.id = alarm.device_id where alarm.home_id = %(home_id)s order by alarm.id

-- delivery_day --
select day, lane, batches, records, late, refused, repeated from delivery_day where home_id = %(home_id)s order by 1, 2

-- incident --
select
    id, kind, priority, state, observed_at, opened_at, acked_at, room, evidence, responder, eta_at, outcome, note,
    closed_at
from incident where home_id = %(home_id)s order by id

-- rule_finding --
select rule, subject, priority, since, found_at, ended_at, evidence
from rule_finding where home_id = %(home_id)s order by id

-- habit_day --
select day, body from habit_day where home_id = %(home_id)s order by day

-- routine_day --
-- A byte for each quarter of an hour and place, 96 times 8; per cent listening and in bed, 96 each.
select day, encode(counts, 'hex') as counts, encode(listening, 'hex') as listening, encode(in_bed, 'hex') as in_bed,
    hour_score, night_score
from routine_day where home_id = %(home_id)s order by day

-- routine_finding --
select kind, priority, onset, found_at, evidence from routine_finding where home_id = %(home_id)s order by id

-- vital_finding --
select rule, quantity, state, priority, observed_at, found_at, due_at, evidence
from vital_finding where home_id = %(home_id)s order by id

-- vital_limit --
select quantity, low, high, set_by, set_at, ended_at from vital_limit where home_id = %(home_id)s order by id

-- vital_record --
select scale2, oxygen, set_by, set_at from vital_record where home_id = %(home_id)s

-- threshold_proposal --
select path, was, held, becomes, basis, made_at, state, decided_at, reason, plan_version
from threshold_proposal where home_id = %(home_id)s order by id

-- visit_person --
select since, difficulties, conditions, ended_at from visit_person where home_id = %(home_id)s order by resident_id

-- visit_absence --
select why, since, until, set_at from visit_absence where home_id = %(home_id)s order by id

-- service_order --
select kind, services, weekdays, every_days, open_min, due_min, minutes, people, skills, since, until, made_at, ended_at,
    ended_why
from service_order where home_id = %(home_id)s order by id

-- service_pause --
select order_id, since, until, why, set_at from service_pause where home_id = %(home_id)s order by id

-- visit_concern --
select at, words from visit_concern where home_id = %(home_id)s order by id

-- visit --
select visit.id, visit.kind, visit.way, visit.services, staff.name as planned_for, visit.planned_at, visit.cancelled_at,
    visit.cancelled_why, visit.began_at, visit.ended_at, visit.seen, visit.arrival, visit.departure, visit.faults,
    visit.worries, visit.worse, visit.conflicts
from visit left join staff on staff.id = visit.staff_id where visit.home_id = %(home_id)s order by visit.id

-- visit_event --
select visit_id, sort, at, received_at, body from visit_event where home_id = %(home_id)s order by visit_id, at, id

-- visit_file --
-- What is attached; each is read at its own address, opened.
select id, visit_id, sort, media_type, size, received_at from visit_file where home_id = %(home_id)s order by id

-- assessment --
select assessed_on, reason, informant, points, coma, diagnoses, risk_events, total, domains, by_points, level, overrides,
    first_signed_at, second_signed_at, refused_at, refused_why
from assessment where home_id = %(home_id)s order by id

-- care_event --
select kind, on_day, words, noted_at from care_event where home_id = %(home_id)s order by id

-- hush --
select kinds, reason, since, until, ended_at, alone from hush where home_id = %(home_id)s order by id

-- mute --
select why, reason, since, until, ended_at from mute where home_id = %(home_id)s order by id

-- time_account --
select time_account.id, sort, opened_at, closed_at
from time_account join resident on resident.id = time_account.resident_id
where resident.home_id = %(home_id)s order by time_account.id

-- time_entry --
select entry.id, kind, giver, taker, minutes, on_day, at, source, began_at, ended_at, undoes
from time_entry as entry
where exists (
    select from time_account join resident on resident.id = time_account.resident_id
    where time_account.id in (entry.giver, entry.taker) and resident.home_id = %(home_id)s
)
order by entry.id

-- time_certificate --
select paper.id, served_min, visits, since, until, issued_on
from time_certificate as paper
join time_account on time_account.id = paper.account_id
join resident on resident.id = time_account.resident_id
where resident.home_id = %(home_id)s order by paper.id

-- incident_event --
select incident_event.incident_id, incident_event.at, incident_event.actor, incident_event.trigger,
    incident_event.from_state, incident_event.to_state, incident_event.detail
from incident_event join incident on incident.id = incident_event.incident_id
where incident.home_id = %(home_id)s order by 1, incident_event.seq

-- rung --
select rung.incident_id, rung.step, rung.name, rung.relation, rung.phone, rung.has_key, rung.channels, rung.state,
    rung.asked_at, rung.answered_at
from rung join incident on incident.id = rung.incident_id where incident.home_id = %(home_id)s order by 1, 2

-- callout_ask --
-- Who was asked to come, in what part, and when; their names are theirs.
select ask.incident_id, responder.kind, ask.asked_at, ask.answer, ask.promised_at, ask.arrived_at, ask.relieved_at
from callout_ask ask
join responder on responder.id = ask.responder_id
join incident on incident.id = ask.incident_id where incident.home_id = %(home_id)s order by ask.id

-- responder_home --
select responder.kind, tie.has_key, tie.knows, tie.barred
from responder_home tie join responder on responder.id = tie.responder_id
where tie.home_id = %(home_id)s order by responder.id

-- message --
-- The duty manager's address is not the person's.
select message.incident_id, message.step, message.channel,
    case when message.step is null then '' else message.address end as address, message.template, message.params,
    message.state, message.created_at
from message join incident on incident.id = message.incident_id
where incident.home_id = %(home_id)s order by message.id

-- receipt --
select receipt.message_id, receipt.at, receipt.state, receipt.detail
from receipt join message on message.id = receipt.message_id join incident on incident.id = message.incident_id
where incident.home_id = %(home_id)s order by receipt.at

-- quarantine --
select stored_at, reason, encode(payload, 'base64') as payload_base64
from quarantine where gateway_id in (select id from gateway where home_id = %(home_id)s) order by id

-- consent --
select purpose, decision, at, recorded_at, actor, by_whom, by_name, authority, capacity, how, witness, recipient,
    text_version, valid_until
from consent where resident_id = %(resident_id)s order by id

-- withheld --
select purpose, since, until from withheld where home_id = %(home_id)s order by purpose, since

-- consent_task --
select purpose, task, due_at from consent_task where home_id = %(home_id)s order by due_at

-- emergency_access --
select incident_id, staff_id, reason, at, until, reviewed_by, reviewed_at, justified, remark
from emergency_access where home_id = %(home_id)s order by id

-- legal_hold --
select reason, at, lifted_at from legal_hold where resident_id = %(resident_id)s order by id

-- erasure --
select reason, asked_at, finished_at from erasure where resident_id = %(resident_id)s

-- staff_home --
select staff.name, staff.role
from staff_home join staff on staff.id = staff_home.staff_id where staff_home.home_id = %(home_id)s order by 1

-- audit_entry --
-- Who looked: the person may know (PIPL art. 45).
select at, actor, action, purpose from audit_entry where %(home_id)s = any (homes) order by id
