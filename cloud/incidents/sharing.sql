-- Grants of one's own incidents to other tenants.

-- tenant_of_code --
select tenant_of_code(%(code)s) as id

-- give --
insert into incident_grant (incident_id, tenant_id, kind, given_by, given_at, expires_at)
select i.id, %(tenant_id)s, %(kind)s, %(staff_id)s, %(now)s, %(expires_at)s
from incident i
where i.id = %(incident_id)s and i.closed_at is null
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
on conflict (incident_id, tenant_id) where ended_at is null do nothing
returning id

-- end_expired --
update incident_grant g set ended_at = g.expires_at
from incident i
where i.id = g.incident_id and g.incident_id = %(incident_id)s and g.ended_at is null and g.expires_at <= %(now)s
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))

-- take_back --
update incident_grant g set ended_at = %(now)s
from incident i
where i.id = g.incident_id and g.incident_id = %(incident_id)s and g.id = %(grant_id)s and g.ended_at is null
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
returning g.id

-- grants --
select
    g.id, t.name as tenant, g.kind, g.given_at, g.expires_at,
    g.ended_at is null and g.expires_at > %(now)s as stands
from incident_grant g
join incident i on i.id = g.incident_id
join lateral (select name_of_tenant(g.tenant_id) as name) t on true
where g.incident_id = %(incident_id)s
  and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
order by g.id
