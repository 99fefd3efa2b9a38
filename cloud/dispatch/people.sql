-- Who may be called to a door: the register, and what a worker says of themselves. Every read is within the scope.

-- responders --
-- One by its number, or a page of them; whoever has withdrawn stays by number only.
select responder.*, is_on_duty(responder.id, responder.duty_since, responder.duty_until, %(now)s) as on_duty,
    (
        select max(shift.end_at) from duty_shift shift
        where shift.responder_id = responder.id and shift.begin_at <= %(now)s and shift.end_at > %(now)s
    ) as shift_until
from responder
where (responder.id = %(id)s or (%(id)s::int is null and responder.withdrawn_at is null))
  and (%(kind)s::text is null or responder.kind = %(kind)s)
  and (%(after)s::int is null or responder.id > %(after)s)
  and responder.tenant_id = any(%(tenants)s)
order by responder.id
limit %(limit)s

-- of_staff --
select id from responder
where staff_id = %(staff_id)s and withdrawn_at is null and tenant_id = any(%(tenants)s)

-- add --
-- A worker is a member of staff of the same tenant, once.
insert into responder (
    tenant_id, kind, staff_id, name, phone, phone_mark, locale, channels, mode, skills, latitude, longitude, days,
    from_min, to_min, consent_at, consent_how
)
select %(tenant_id)s, %(kind)s, staff.id, coalesce(staff.name, %(name)s), %(phone)s, %(phone_mark)s, %(locale)s,
    %(channels)s, %(mode)s, %(skills)s, %(latitude)s, %(longitude)s, %(days)s, %(from_min)s, %(to_min)s,
    %(consent_at)s, %(consent_how)s
from (select) as always
left join staff on staff.id = %(staff_id)s and staff.tenant_id = any(%(tenants)s) and staff.disabled_at is null
where (%(kind)s = 'worker') = (staff.id is not null)
on conflict (staff_id) do nothing
returning id

-- change --
update responder
set phone = %(phone)s, phone_mark = %(phone_mark)s, locale = %(locale)s, channels = %(channels)s, mode = %(mode)s,
    skills = %(skills)s, latitude = %(latitude)s, longitude = %(longitude)s, days = %(days)s, from_min = %(from_min)s,
    to_min = %(to_min)s
where id = %(id)s and withdrawn_at is null and tenant_id = any(%(tenants)s)
returning id

-- withdraw --
-- Nothing stays by which they could be reached or found; that they helped, and when, does.
update responder
set withdrawn_at = %(now)s, phone = '', phone_mark = null, channels = '{}', skills = '{}', latitude = null,
    longitude = null, duty_since = null, duty_until = null, busy_until = null
where id = %(id)s and withdrawn_at is null and tenant_id = any(%(tenants)s)
returning id

-- forget_places --
delete from responder_place where responder_id = %(id)s

-- forget_homes --
delete from responder_home where responder_id = %(id)s

-- stop_messages --
update message set state = 'withdrawn', due_at = null
from callout_ask
where callout_ask.id = message.ask_id and callout_ask.responder_id = %(id)s and message.due_at is not null

-- standing_incidents --
select distinct callout_ask.incident_id
from callout_ask
join incident on incident.id = callout_ask.incident_id
where callout_ask.responder_id = %(id)s and callout_ask.relieved_at is null and incident.closed_at is null
  and incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))
order by callout_ask.incident_id

-- ties --
select tie.home_id, home.key as home, tie.has_key, tie.knows, tie.barred
from responder_home tie
join home on home.id = tie.home_id
where tie.responder_id = %(id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by tie.home_id

-- tie --
insert into responder_home (responder_id, home_id, has_key, knows, barred)
select responder.id, home.id, %(has_key)s, %(knows)s, %(barred)s
from responder
join home on home.tenant_id = responder.tenant_id
where responder.id = %(id)s and responder.withdrawn_at is null and home.id = %(home_id)s and home.retired_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
on conflict (responder_id, home_id) do update
set has_key = excluded.has_key, knows = excluded.knows, barred = excluded.barred
returning home_id

-- untie --
delete from responder_home tie
using home
where tie.responder_id = %(id)s and tie.home_id = %(home_id)s and home.id = tie.home_id
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning tie.home_id

-- shifts --
-- Those that are not over, the next first.
select shift.id, shift.begin_at, shift.end_at
from duty_shift shift
join responder on responder.id = shift.responder_id
where shift.responder_id = %(id)s and shift.end_at > %(now)s and responder.tenant_id = any(%(tenants)s)
order by shift.begin_at, shift.id
limit 200

-- add_shift --
-- Nobody is on duty twice at one time.
insert into duty_shift (responder_id, begin_at, end_at, made_by, made_at)
select responder.id, %(begin_at)s, %(end_at)s, %(made_by)s, %(now)s
from responder
where responder.id = %(id)s and responder.kind = 'worker' and responder.withdrawn_at is null
  and responder.tenant_id = any(%(tenants)s)
  and not exists (
      select from duty_shift other
      where other.responder_id = responder.id and other.begin_at < %(end_at)s and other.end_at > %(begin_at)s
  )
returning id, begin_at, end_at

-- drop_shift --
delete from duty_shift shift
using responder
where shift.id = %(shift_id)s and shift.responder_id = %(id)s and responder.id = shift.responder_id
  and responder.tenant_id = any(%(tenants)s)
returning shift.id

-- end_shifts --
-- Whoever says that they are off duty is, whatever was entered for them.
update duty_shift set end_at = %(now)s
where responder_id = %(id)s and begin_at < %(now)s and end_at > %(now)s

-- forget_shifts --
delete from duty_shift where responder_id = %(id)s

-- set_duty --
-- Off duty: where they are is nobody's business any more.
update responder
set duty_since = case when %(on)s then coalesce(duty_since, %(now)s) end,
    duty_until = case when %(on)s then %(until)s::timestamptz end,
    busy_until = case when %(on)s then %(busy_until)s::timestamptz end, may_leave = %(may_leave)s
where id = %(id)s and tenant_id = any(%(tenants)s)
returning id

-- be_at --
insert into responder_place (responder_id, at, latitude, longitude)
values (%(id)s, %(now)s, %(latitude)s, %(longitude)s)
on conflict (responder_id, at) do nothing

-- my_asks --
-- What somebody was asked that is not over, with all they need to get there.
select
    a.id, a.incident_id, c.home_id, c.kind, c.priority, c.state, c.resident, c.address, c.room, c.latitude, c.longitude,
    a.asked_at, a.answer, a.promised_at, a.expected_at, a.arrived_at, a.has_key
from callout_ask a
join responder r on r.id = a.responder_id
join incident_card c on c.id = a.incident_id
where r.staff_id = %(staff_id)s and a.relieved_at is null and a.left_at is null and a.answer is distinct from 'no'
  and c.closed_at is null
  and c.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or c.home_id = any(%(homes)s))
order by a.asked_at

-- my_ask --
select a.id
from callout_ask a
join responder r on r.id = a.responder_id
join incident i on i.id = a.incident_id
where r.staff_id = %(staff_id)s and a.incident_id = %(incident_id)s
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
order by a.id desc
limit 1

-- is_tag --
-- Whether this code is on the door of that incident.
select door_tag.id
from door_tag
join incident on incident.home_id = door_tag.home_id
join home on home.id = door_tag.home_id
where incident.id = %(incident_id)s and door_tag.digest = %(digest)s and door_tag.withdrawn_at is null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
