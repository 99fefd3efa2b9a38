-- The loop that lets visits follow from orders; read by no person.

-- due_orders --
select id from service_order
where ended_at is null and due_at <= %(now)s and not (id = any(%(skip)s))
order by due_at, id
limit %(limit)s

-- lock --
-- ``visits``: whether the tenant has the module; of others nothing is made.
select service_order.home_id, home.tenant_id, 'visits' = any (tenant.modules) as visits
from service_order
join home on home.id = service_order.home_id
join tenant on tenant.id = home.tenant_id
where service_order.id = %(id)s and service_order.ended_at is null and service_order.due_at <= %(now)s
for no key update of service_order skip locked

-- again --
update service_order set due_at = %(again_at)s where id = %(id)s
