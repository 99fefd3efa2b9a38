-- The SQL of incidents. Reads made for a person join the scope; those of the workers go by id.

-- lock_home --
-- Everything that changes an incident locks its home first, so one home's decisions stand in line.
select id from home where id = %(home_id)s for no key update

-- lock_home_in_scope --
select h.id
from incident i join home h on h.id = i.home_id
where i.id = %(incident_id)s
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
for no key update of h

-- lock_home_of --
select h.id
from incident i join home h on h.id = i.home_id
where i.id = %(incident_id)s
for no key update of h

-- lock_home_if_free --
-- A worker that finds the home busy comes back at its next tick.
select h.id
from incident i join home h on h.id = i.home_id
where i.id = %(incident_id)s
for no key update of h skip locked

-- due_incidents --
select id from incident
where due_at <= %(now)s and not (id = any(%(skip)s))
order by priority, due_at, id
limit %(limit)s

-- incident_for_update --
-- Not "for update": a message or receipt that is written for it meanwhile must not wait, or both wait for each other.
-- Whoever helps across a border does not see the tenant; the whole country has one clock.
select incident.*, coalesce(tenant.time_zone, 'Asia/Shanghai') as time_zone
from incident left join tenant on tenant.id = incident.tenant_id
where incident.id = %(incident_id)s
for no key update of incident

-- incident_of_alarm --
select incident_id from incident_alarm where home_id = %(home_id)s and alarm_id = %(alarm_id)s

-- opened_by_alarm --
-- The incident of an alarm, and whether it was opened at this very moment.
select i.id, i.kind, i.priority, i.opened_at = %(now)s as opened
from incident_alarm a join incident i on i.id = a.incident_id
where a.home_id = %(home_id)s and a.alarm_id = %(alarm_id)s

-- open_incident_of_family --
select id, opened_at from incident where home_id = %(home_id)s and family = %(family)s and closed_at is null

-- insert_incident --
insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, due_at, observed_at,
                      opened_at, room, evidence)
values (%(tenant_id)s, %(home_id)s, %(kind)s, %(family)s, %(priority)s, %(state)s, %(state_since)s, %(due_at)s,
        %(observed_at)s, %(now)s, %(room)s, %(evidence)s)
returning id

-- freeze_ladder --
-- From here on an edited contact list no longer reaches this incident. A contact without a channel is still
-- asked on the telephone number that is known.
insert into rung (incident_id, step, contact_id, name, relation, phone, has_key, locale, channels)
select
    %(incident_id)s, row_number() over (order by rank), id, name, relation, phone, has_key, locale,
    case when cardinality(channels) = 0 and phone <> '' then array['sms:' || phone] else channels end
from contact
where home_id = %(home_id)s and retired_at is null

-- link_alarm --
insert into incident_alarm (home_id, alarm_id, incident_id) values (%(home_id)s, %(alarm_id)s, %(incident_id)s)
on conflict (home_id, alarm_id) do update set incident_id = excluded.incident_id

-- alarm_record_known --
select exists (
    select from incident_event
    where incident_id = %(incident_id)s
      and detail ->> 'alarm' = %(alarm_id)s and detail ->> 'alarm_state' = %(alarm_state)s
) as known

-- alarm_cancelled --
select exists (
    select from alarm where home_id = %(home_id)s and alarm_id = %(alarm_id)s and state = 'cancelled'
) as cancelled

-- other_alarm_stands --
-- Whether another alarm of this incident has not been cancelled.
select exists (
    select from incident_alarm a
    where a.incident_id = %(incident_id)s and a.alarm_id <> %(alarm_id)s
      and not exists (
          select from incident_event e
          where e.incident_id = a.incident_id
            and e.detail ->> 'alarm' = a.alarm_id and e.detail ->> 'alarm_state' = 'cancelled'
      )
) as stands

-- update_incident --
update incident
set priority = %(priority)s, state = %(state)s, state_since = %(state_since)s, due_at = %(due_at)s,
    acked_at = %(acked_at)s, owner_id = %(owner_id)s, responder = %(responder)s, eta_at = %(eta_at)s,
    outcome = %(outcome)s, note = %(note)s, closed_at = %(closed_at)s, version = %(version)s
where id = %(incident_id)s and version = %(version)s - 1

-- describe_incident --
-- The more urgent alarm names the incident; one of the same kind adds to its evidence.
update incident
set kind = %(kind)s,
    room = case when %(room)s = '' then room else %(room)s end,
    evidence = case when kind = %(kind)s then evidence || %(evidence)s else %(evidence)s end
where id = %(incident_id)s

-- retime_incident --
update incident
set observed_at = %(observed_at)s
from incident_event as opening
where incident.id = %(incident_id)s and incident.observed_at <> %(observed_at)s
    and opening.incident_id = incident.id and opening.from_state = ''
    and opening.detail ->> 'alarm' = %(alarm_id)s and opening.detail ->> 'alarm_state' = %(alarm_state)s
returning incident.id;

-- append_event --
insert into incident_event (incident_id, seq, at, actor, trigger, from_state, to_state, detail)
values (%(incident_id)s, %(seq)s, %(now)s, %(actor)s, %(trigger)s, %(from_state)s, %(to_state)s, %(detail)s)

-- start_ladder --
-- And with it the search for people who are near, as far as the county has any (docs/adr/0067).
insert into escalation (incident_id, due_at, called_since, callout_due_at)
values (%(incident_id)s, %(now)s, %(now)s, %(now)s)
on conflict (incident_id) do update
set due_at = excluded.due_at, called_since = coalesce(escalation.called_since, excluded.called_since),
    callout_due_at = excluded.callout_due_at

-- decide_again --
-- Each step may change who is wanted at the door.
update escalation set callout_due_at = %(now)s where incident_id = %(incident_id)s and called_since is not null

-- stop_ladder --
update escalation set due_at = null where incident_id = %(incident_id)s and due_at is not null

-- withdraw_asks --
-- Someone is on the way: whoever of the circle has not been reached yet need not be woken.
-- Nor does anybody wait for word of what has gone out.
with withdrawn as (
    update message set
        state = case when due_at is null then state else 'withdrawn' end, due_at = null, expect_at = null
    where incident_id = %(incident_id)s and template = 'ask' and ask_id is null
        and (due_at is not null or expect_at is not null)
    returning id, state
)
insert into receipt (message_id, at, state) select id, %(now)s, state from withdrawn where state = 'withdrawn'

-- renew_ladder --
update rung set state = 'waiting', asked_at = null, answered_at = null
where incident_id = %(incident_id)s and state <> 'waiting'

-- withdraw_messages --
with withdrawn as (
    update message set
        state = case when due_at is null then state else 'withdrawn' end, due_at = null, expect_at = null
    where incident_id = %(incident_id)s and (due_at is not null or expect_at is not null)
    returning id, state
)
insert into receipt (message_id, at, state) select id, %(now)s, state from withdrawn where state = 'withdrawn'

-- family_steps --
select r.step
from rung r
where r.incident_id = %(incident_id)s and r.relation = 'family'
  and not exists (
      select from withheld w join incident i on i.home_id = w.home_id
      where i.id = r.incident_id and r.relation = 'family'
        and w.standing and w.purpose = 'family_sharing'
  )
order by r.step

-- asked_steps --
select step from rung where incident_id = %(incident_id)s and state = 'asked' order by step

-- relieve_rungs --
-- Whoever was told that they need not go is asked anew, in their turn, if nobody comes after all.
update rung set state = 'waiting', asked_at = null where incident_id = %(incident_id)s and state = 'asked'

-- told_steps --
select distinct step from message
where incident_id = %(incident_id)s and step is not null and state in ('accepted', 'delivered', 'read', 'answered')
order by step

-- tell_rungs --
-- Each is told on the first channel; the next ones are tried when it fails. Family only while sharing is allowed, and
-- nobody who asked not to be told. That they need not go is not told to a telephone by which somebody goes: two of one
-- house may share it.
insert into message (incident_id, step, channel, address, locale, template, params, due_at, created_at)
select
    c.id, r.step, split_part(r.channels[1], ':', 1), r.channels[1], r.locale, %(template)s,
    jsonb_build_object(
        'resident', c.resident, 'kind', c.kind, 'address', c.address, 'room', c.room,
        'observed_at', c.observed_at, 'time_zone', t.time_zone, 'state', c.state
    ),
    %(now)s, %(now)s
from incident_card c
join tenant t on t.id = c.tenant_id
join rung r on r.incident_id = c.id
where c.id = %(incident_id)s and r.step = any(%(steps)s) and cardinality(r.channels) > 0
  and not exists (
      select from withheld w join incident i on i.home_id = w.home_id
      where i.id = r.incident_id and r.relation = 'family'
        and w.standing and w.purpose = 'family_sharing'
  )
  and not is_hushed(r.incident_id, r.contact_id, null, %(now)s)
  and (%(template)s <> 'relieved' or not exists (
      select from rung goes
      join message one on one.incident_id = goes.incident_id and one.step = goes.step
      join message other on other.incident_id = r.incident_id and other.step = r.step and other.recipient = one.recipient
      where goes.incident_id = r.incident_id and goes.state = 'accepted' and goes.step <> r.step
  ))
order by r.step

-- tell_followers --
select tell_followers(%(incident_id)s, %(template)s, %(now)s)

-- page_supervisor --
insert into message (incident_id, channel, address, locale, template, params, due_at, created_at)
select
    c.id, split_part(duty, ':', 1), duty, t.duty_locale, 'page',
    jsonb_build_object(
        'resident', c.resident, 'kind', c.kind, 'address', c.address, 'room', c.room,
        'observed_at', c.observed_at, 'time_zone', t.time_zone, 'state', c.state
    ),
    %(now)s, %(now)s
from incident_card c
join tenant t on t.id = c.tenant_id
cross join unnest(t.duty_channels) as duty
where c.id = %(incident_id)s

-- defer_change --
-- Becomes a change at the commit, when no other lock can be wanted any more.
insert into change_draft (tenant_id, home_id, topic, body, at)
values (%(tenant_id)s, %(home_id)s, %(topic)s, %(body)s, %(now)s)

-- open_priority --
select min(priority)::integer as priority from incident where home_id = %(home_id)s and closed_at is null

-- card --
select * from incident_card where id = %(incident_id)s

-- card_in_scope --
select * from incident_card
where id = %(incident_id)s
  and tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home_id = any(%(homes)s))

-- open_cards --
select * from incident_card
where closed_at is null
  and tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home_id = any(%(homes)s))
order by priority, opened_at, id

-- alarm_rate --
-- How loud it was: incidents that opened lately, whatever became of them.
select count(*) filter (where opened_at > %(ten_minutes)s) as ten_minutes, count(*) as day
from incident
where opened_at > %(day)s
  and tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home_id = any(%(homes)s))

-- homes --
select card.* from home_card card join home h on h.id = card.home_id
where h.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
order by card.id

-- latest_change --
select last_id as seq from change_bounds()

-- timeline --
-- With each time that somebody read what is withheld: no step of the incident, so its number is below zero.
select e.seq, e.at, e.actor, e.trigger, e.from_state, e.to_state, e.detail
from (
    select incident_id, seq, at, actor, trigger, from_state, to_state, detail from incident_event
    union all
    select incident_id, -id, at, 'staff:' || staff_id, 'emergency_access', '', '', jsonb_build_object('note', reason)
    from emergency_access
) as e
join incident i on i.id = e.incident_id
where e.incident_id = %(incident_id)s
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
order by e.at, e.seq

-- ladder --
select r.step, r.name, r.relation, r.phone, r.has_key, r.state, r.asked_at, r.answered_at
from rung r join incident i on i.id = r.incident_id
where r.incident_id = %(incident_id)s
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
order by r.step

-- messages --
select m.id, m.step, m.ask_id, m.push_id, i.tenant_id, m.channel, m.address, m.state, m.attempts, m.created_at
from message m join incident i on i.id = m.incident_id
where m.incident_id = %(incident_id)s
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
order by m.id

-- resident_card --
select r.phone, r.notes
from resident r join home h on h.id = r.home_id
where r.home_id = %(home_id)s
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
order by r.retired_at is not null, r.id
limit 1

-- history --
-- The page is chosen by the index of the history; the rest of each card is read for its rows only.
select card.*
from (
    select i.id
    from incident i
    where i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
      and (%(home_id)s::int is null or i.home_id = %(home_id)s)
      and (%(kind)s::text is null or i.kind = %(kind)s)
      and (%(state)s::text is null or i.state = %(state)s)
      and (%(priority)s::int is null or i.priority = %(priority)s)
      and (%(outcome)s::text is null or i.outcome = %(outcome)s)
      and (%(open)s::boolean is null or (i.closed_at is null) = %(open)s)
      and (%(opened_from)s::timestamptz is null or i.opened_at >= %(opened_from)s)
      and (%(opened_before)s::timestamptz is null or i.opened_at < %(opened_before)s)
      and (%(before_at)s::timestamptz is null or (i.opened_at, i.id) < (%(before_at)s, %(before_id)s::bigint))
    order by i.opened_at desc, i.id desc
    limit %(limit)s
) as page
join incident_card card on card.id = page.id
order by card.opened_at desc, card.id desc
