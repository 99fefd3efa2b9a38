-- What people see of a search; every read is within the scope.

-- incident --
select incident.*, coalesce(tenant.time_zone, 'Asia/Shanghai') as time_zone
from incident
left join tenant on tenant.id = incident.tenant_id
where incident.id = %(incident_id)s
  and incident.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or incident.home_id = any(%(homes)s))

-- door --
-- With how the search stands, if there is one.
select home.latitude, home.longitude, tenant.time_zone, escalation.called_since, escalation.callout_due_at,
    coalesce(escalation.callout_done, '{}') as callout_done
from incident
join home on home.id = incident.home_id
join tenant on tenant.id = incident.tenant_id
left join escalation on escalation.incident_id = incident.id
where incident.id = %(incident_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- asked --
-- Everybody who was asked, in that order.
select a.*, r.kind, r.name, r.phone, r.tenant_id,
    (
        select count(*) > 0 and bool_and(m.state = 'failed') from message m
        where m.ask_id = a.id and m.template = 'ask'
    ) as unreached,
    (select array_agg(distinct m.channel order by m.channel) from message m where m.ask_id = a.id) as channels
from callout_ask a
join responder r on r.id = a.responder_id
join incident i on i.id = a.incident_id
where a.incident_id = %(incident_id)s
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
order by a.asked_at, a.id

-- phones --
select responder.id, responder.phone, responder.tenant_id
from responder
where responder.id = any(%(ids)s) and responder.tenant_id = any(%(tenants)s)

-- units --
-- Workers on duty who are free (in no visit, at no door), and where they are.
select r.id, r.name, r.mode, coalesce(p.latitude, r.latitude) as latitude,
    coalesce(p.longitude, r.longitude) as longitude
from responder r
left join lateral (
    select latitude, longitude from responder_place
    where responder_id = r.id and at <= %(now)s order by at desc limit 1
) p on true
where r.kind = 'worker' and r.withdrawn_at is null
  and is_on_duty(r.id, r.duty_since, r.duty_until, %(now)s)
  and (r.busy_until is null or r.busy_until <= %(now)s)
  and not exists (
      select from visit v
      where v.tenant_id = r.tenant_id and v.by_id = r.staff_id and v.ended_at is null
        and v.began_at > %(now)s - interval '3 hours' and v.began_at <= %(now)s
  )
  and not exists (
      select from callout_ask a join incident i on i.id = a.incident_id
      where a.responder_id = r.id and a.answer = 'yes' and a.relieved_at is null and a.left_at is null
        and i.closed_at is null
        and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
  )
  and coalesce(p.latitude, r.latitude) is not null
  and r.tenant_id = any(%(tenants)s)
order by r.id

-- places --
-- Divisions with the middle of their homes, how many these are, and how often a life was at stake there in a year.
select home.division_code, division.name, avg(home.latitude) as latitude, avg(home.longitude) as longitude,
    count(*) as homes,
    coalesce(sum((
        select count(*) from incident
        where incident.home_id = home.id and incident.priority = 1 and incident.opened_at > %(now)s - interval '365 days'
    )), 0) as alarms
from home
join division on division.code = home.division_code
where home.retired_at is null and home.latitude is not null
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
group by home.division_code, division.name
order by home.division_code
