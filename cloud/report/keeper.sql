-- The loop that counts months; no person reads what these give back.

-- due_tenants --
select tenant.id
from tenant left join report_watch as watch on watch.tenant_id = tenant.id
where 'reports' = any(tenant.modules) and not (tenant.id = any(%(skip)s))
  and coalesce(watch.due_at, '-infinity') <= %(now)s
order by tenant.id
limit %(limit)s

-- begin --
insert into report_watch (tenant_id, first_month, due_at)
select id, date_trunc('month', %(now)s::timestamptz at time zone time_zone)::date, '-infinity'
from tenant where id = %(tenant_id)s
on conflict do nothing

-- lock --
select watch.first_month, tenant.time_zone
from report_watch as watch join tenant on tenant.id = watch.tenant_id
where watch.tenant_id = %(tenant_id)s and watch.due_at <= %(now)s
for update of watch skip locked

-- frozen_months --
select month from report where tenant_id = %(tenant_id)s and frozen_at is not null

-- counted --
update report_watch set due_at = %(due_at)s where tenant_id = %(tenant_id)s
