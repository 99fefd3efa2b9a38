-- The SQL of the search for people beside the ladder. Every statement is worked by id, on an incident that its caller
-- has locked; what people may see of it is read by callout_views.sql.

-- search --
-- Where the door is and how the search stands. Nobody is searched for where nobody is registered, or no place is known.
select e.called_since, e.callout_done, h.latitude, h.longitude, h.division_code, t.time_zone
from escalation e
join incident i on i.id = e.incident_id
join home h on h.id = i.home_id
join tenant t on t.id = i.tenant_id
where e.incident_id = %(incident_id)s and e.called_since is not null and h.latitude is not null
  and exists (select from responder where responder.tenant_id = i.tenant_id and responder.withdrawn_at is null)

-- begin_search --
-- By hand, where none runs.
insert into escalation (incident_id, called_since, callout_due_at) values (%(incident_id)s, %(now)s, %(now)s)
on conflict (incident_id) do update
set called_since = coalesce(escalation.called_since, excluded.called_since), callout_due_at = excluded.callout_due_at

-- keep_search --
update escalation set callout_done = coalesce(%(done)s::text[], callout_done), callout_due_at = %(due_at)s where incident_id = %(incident_id)s

-- end_search --
update escalation set called_since = null, callout_due_at = null, callout_done = '{}'
where incident_id = %(incident_id)s

-- rest --
update escalation set callout_due_at = null where incident_id = %(incident_id)s and callout_due_at is not null

-- asks --
-- The newest word with each; of an earlier search only whoever is still at the door. Unreached: each message that
-- asked them has failed for good. Spoke: the last step of the incident that a worker at the door took themselves.
select distinct on (a.responder_id)
    a.*, r.kind, r.name, r.mode,
    (
        select count(*) > 0 and bool_and(m.state = 'failed') from message m
        where m.ask_id = a.id and m.template = 'ask'
    ) as unreached,
    (
        select max(step.at) from incident_event step
        where step.incident_id = a.incident_id and step.actor = 'staff:' || r.staff_id and step.at > a.arrived_at
    ) as spoke_at
from callout_ask a
join responder r on r.id = a.responder_id
join escalation e on e.incident_id = a.incident_id
where a.incident_id = %(incident_id)s
  and (a.asked_at >= e.called_since or (a.arrived_at is not null and a.left_at is null))
order by a.responder_id, a.id desc

-- circle --
-- Whom the ladder has asked: they count as called, and are never called a second time.
select step, name, relation, has_key, state, asked_at, answered_at
from rung where incident_id = %(incident_id)s and state in ('asked', 'accepted', 'declined', 'passed')
order by step

-- people --
-- Who could be called: on duty or living near, agreed and reachable, not busy at another door, not barred by the
-- resident, not asked already by the ladder or as family that is told nothing; how those answered in the last year who
-- live near (staff is never spared).
-- A worker is where they last said, or checked in or out; somebody who did not check out is taken to be inside for 3 h.
with visited as (
    select distinct on (v.by_id)
        v.by_id, coalesce(v.ended_at, %(now)s) as at, home.latitude, home.longitude, v.ended_at is null as inside
    from visit v
    join home on home.id = v.home_id
    where v.tenant_id = (select tenant_id from incident where id = %(incident_id)s)
      and v.began_at > %(now)s - interval '3 hours' and v.began_at <= %(now)s
      and v.by_id is not null and v.way = 'home' and home.latitude is not null
    order by v.by_id, v.began_at desc
)
select
    r.id, r.kind, r.name, r.mode, r.days, r.from_min, r.to_min, r.skills,
    coalesce(p.latitude, r.latitude) as latitude, coalesce(p.longitude, r.longitude) as longitude, p.at as seen_at,
    coalesce(tie.has_key, false) as has_key, coalesce(tie.knows, false) as knows,
    coalesce(r.busy_until > %(now)s, false) or coalesce(visited.inside, false) as in_visit, r.may_leave,
    coalesce(said.day_asked, 0) as day_asked, coalesce(said.day_yes, 0) as day_yes,
    coalesce(said.night_asked, 0) as night_asked, coalesce(said.night_yes, 0) as night_yes,
    coalesce(said.alerts, '{}') as alerts, said.last_mission
from incident i
join home h on h.id = i.home_id
join responder r on r.tenant_id = i.tenant_id
left join staff s on s.id = r.staff_id
left join responder_home tie on tie.responder_id = r.id and tie.home_id = i.home_id
left join visited on visited.by_id = r.staff_id
left join lateral (
    (
        select at, latitude, longitude from responder_place
        where responder_id = r.id and r.kind = 'worker' and at <= %(now)s order by at desc limit 1
    )
    union all
    select visited.at, visited.latitude, visited.longitude where visited.by_id is not null
    order by at desc limit 1
) p on true
left join lateral (
    select
        count(*) filter (where not a.night) as day_asked,
        count(*) filter (where not a.night and a.answer = 'yes') as day_yes,
        count(*) filter (where a.night) as night_asked,
        count(*) filter (where a.night and a.answer = 'yes') as night_yes,
        array_agg(a.asked_at) filter (where a.asked_at > %(now)s - interval '24 hours') as alerts,
        max(coalesce(a.left_at, other.closed_at)) filter (where a.arrived_at is not null) as last_mission
    from callout_ask a
    join incident other on other.id = a.incident_id
    where r.kind <> 'worker' and a.responder_id = r.id and a.incident_id <> i.id and a.asked_at > %(now)s - interval '365 days'
      and (a.answer is not null or a.relieved_at is null)
) said on true
where i.id = %(incident_id)s
  and r.withdrawn_at is null and cardinality(r.channels) > 0
  and coalesce(p.latitude, r.latitude) is not null
  and case when r.kind = 'worker'
      then is_on_duty(r.id, r.duty_since, r.duty_until, %(now)s) and s.disabled_at is null
      else abs(r.latitude - h.latitude) < %(north)s and abs(r.longitude - h.longitude) < %(east)s
      end
  and not coalesce(tie.barred, false)
  and not coalesce(i.kind = 'worker' and i.evidence ->> 'staff_id' = r.staff_id::text, false)  -- they call themselves
  and not exists (
      select from callout_ask a join incident other on other.id = a.incident_id
      where a.responder_id = r.id and a.incident_id <> i.id and a.answer = 'yes' and a.relieved_at is null
        and a.left_at is null and other.closed_at is null
  )
  and not exists (
      select from responder_contact same join rung on rung.contact_id = same.contact_id
      where same.responder_id = r.id and rung.incident_id = i.id and rung.state <> 'waiting'
  )
  and not exists (
      select from responder_contact same
      where same.responder_id = r.id and same.home_id = i.home_id
        and is_hushed(i.id, same.contact_id, null, %(now)s)
  )
  and not exists (
      select from withheld w
      where w.home_id = i.home_id and w.standing and w.purpose = 'family_sharing' and exists (
          select from responder_contact same
          where same.responder_id = r.id and same.home_id = w.home_id and same.relation = 'family'
      )
  )
order by r.id

-- ask --
insert into callout_ask (incident_id, responder_id, asked_at, asked_by, night, travel_s, distance_m, in_visit, has_key)
values (%(incident_id)s, %(responder_id)s, %(now)s, %(asked_by)s, %(night)s, %(travel_s)s, %(distance_m)s, %(in_visit)s,
        %(has_key)s)
on conflict (incident_id, responder_id) where relieved_at is null do nothing
returning id

-- tell --
-- On the first channel; the next ones are tried when it fails.
insert into message (incident_id, ask_id, channel, address, locale, template, params, due_at, created_at)
select
    c.id, a.id, split_part(r.channels[1], ':', 1), r.channels[1], r.locale, %(template)s,
    jsonb_build_object(
        'resident', c.resident, 'kind', c.kind, 'address', c.address, 'room', c.room,
        'observed_at', c.observed_at, 'time_zone', t.time_zone, 'state', c.state
    ),
    %(now)s, %(now)s
from callout_ask a
join responder r on r.id = a.responder_id
join incident_card c on c.id = a.incident_id
join tenant t on t.id = c.tenant_id
where a.id = any(%(ask_ids)s) and r.withdrawn_at is null and cardinality(r.channels) > 0

-- relieve --
-- The question that has not gone out is taken back; whoever has heard it is told that they need not go.
with taken_back as (
    update message set state = 'withdrawn', due_at = null
    where ask_id = any(%(ask_ids)s) and template = 'ask' and due_at is not null and attempts = 0
    returning id
),
noted as (
    insert into receipt (message_id, at, state, detail) select id, %(now)s, 'withdrawn', '' from taken_back
)
update callout_ask set relieved_at = %(now)s, relieved_by = %(by)s
where id = any(%(ask_ids)s) and relieved_at is null
returning id, not exists (select from taken_back join message on message.id = taken_back.id
                          where message.ask_id = callout_ask.id) as heard

-- telephone --
update callout_ask set telephoned_at = %(now)s where id = any(%(ask_ids)s) and telephoned_at is null

-- page_duty --
insert into message (incident_id, channel, address, locale, template, params, due_at, created_at)
select
    c.id, split_part(duty, ':', 1), duty, t.duty_locale, %(template)s,
    jsonb_build_object(
        'resident', c.resident, 'kind', c.kind, 'address', c.address, 'room', c.room,
        'observed_at', c.observed_at, 'time_zone', t.time_zone, 'state', c.state
    ),
    %(now)s, %(now)s
from incident_card c
join tenant t on t.id = c.tenant_id
cross join unnest(t.duty_channels) as duty
where c.id = %(incident_id)s

-- standing_ask --
select a.*, r.kind, r.name, r.mode, h.latitude as door_latitude, h.longitude as door_longitude,
    place.at as place_at, place.latitude as place_latitude, place.longitude as place_longitude
from callout_ask a
join responder r on r.id = a.responder_id
join incident i on i.id = a.incident_id
join home h on h.id = i.home_id
left join lateral (
    select at, latitude, longitude from responder_place
    where responder_id = r.id and at <= coalesce(a.answered_at, %(now)s) order by at desc limit 1
) place on true
where a.id = %(ask_id)s
for no key update of a

-- newest_ask --
select id from callout_ask
where incident_id = %(incident_id)s and responder_id = %(responder_id)s order by id desc limit 1

-- accept --
-- Also by somebody who was told that they need not go, when nobody else does.
update callout_ask
set answer = 'yes', answered_at = %(now)s, promised_at = %(promised_at)s, expected_at = %(promised_at)s,
    moved_at = %(moved_at)s, relieved_at = null, relieved_by = null
where id = %(ask_id)s

-- decline --
update callout_ask set answer = 'no', answered_at = %(now)s, promised_at = null, expected_at = null, moved_at = null
where id = %(ask_id)s

-- arrive --
update callout_ask
set answer = 'yes', answered_at = coalesce(answered_at, %(now)s), promised_at = coalesce(promised_at, %(now)s),
    expected_at = %(now)s, moved_at = coalesce(moved_at, %(now)s), arrived_at = %(now)s, arrived_by = %(arrived_by)s,
    heard_at = %(now)s, relieved_at = null, relieved_by = null
where id = %(ask_id)s and arrived_at is null

-- move --
update callout_ask
set expected_at = %(expected_at)s, moved_at = case when %(moves)s then coalesce(moved_at, %(now)s) else moved_at end
where id = %(ask_id)s

-- hear --
update callout_ask set heard_at = %(now)s, cared = '{}' where id = %(ask_id)s

-- duress --
update callout_ask set duress_at = %(now)s, heard_at = %(now)s, cared = '{}' where id = %(ask_id)s

-- leave --
update callout_ask set left_at = %(now)s where id = %(ask_id)s and left_at is null

-- care --
update callout_ask set cared = %(cared)s where id = %(ask_id)s

-- answer_message --
with answered as (
    update message set state = 'answered', due_at = null, expect_at = null where id = %(message_id)s returning id
)
insert into receipt (message_id, at, state, detail) select id, %(now)s, 'answered', %(detail)s from answered

-- stop_messages --
-- Somebody has answered: what still waits to be sent to them about it is old.
update message set state = case when due_at is null then state else 'withdrawn' end, due_at = null, expect_at = null
where ask_id = %(ask_id)s and template = 'ask' and (due_at is not null or expect_at is not null)
