-- Incidents that other tenants have shared.

-- granted --
select tenant_id, home_id, incident_id from granted(%(incident_id)s::bigint, %(tenants)s::int[], %(now)s)
