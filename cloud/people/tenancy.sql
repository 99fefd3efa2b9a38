-- What tenants have, may use and have used. Numbers, never a person.

-- tenants --
select
    t.id, t.code, t.name, t.division_code as division, t.modules,
    coalesce((select jsonb_object_agg(q.name, q.most) from quota q where q.tenant_id = t.id), '{}') as quotas
from tenant t
where t.id = any(%(tenants)s)
order by t.division_code, t.code

-- used --
-- Homes of the last day that was counted, messages of the month of %(day)s, readings of that day.
select t.id as tenant_id,
    coalesce((select n from usage u where u.tenant_id = t.id and u.name = 'homes' and u.day <= %(day)s
              order by u.day desc limit 1), 0) as homes,
    coalesce((select sum(n) from usage u where u.tenant_id = t.id and u.name = 'messages'
              and u.day between date_trunc('month', %(day)s::date)::date and %(day)s), 0)::bigint as messages_month,
    coalesce((select n from usage u where u.tenant_id = t.id and u.name = 'readings' and u.day = %(day)s), 0)
        as readings_day
from tenant t
where t.id = any(%(tenants)s)

-- lock_tenant --
-- Whoever adds homes stands in line, so that two that come at once do not both take the last place.
select id from tenant where id = %(tenant_id)s and id = any(%(tenants)s) for no key update

-- room --
-- How many homes a tenant may have (null: no bound), and how many stand.
select
    (select q.most from quota q where q.tenant_id = %(tenant_id)s and q.name = 'homes') as most,
    (
        select count(*) from home h
        where h.tenant_id = %(tenant_id)s and h.retired_at is null
          and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
    ) as used

-- set_modules --
update tenant set modules = %(modules)s where code = %(code)s and id = any(%(tenants)s) returning id

-- set_quota --
insert into quota (tenant_id, name, most) values (%(tenant_id)s, %(name)s, %(most)s)
on conflict (tenant_id, name) do update set most = excluded.most

-- drop_quotas --
delete from quota where tenant_id = %(tenant_id)s and tenant_id = any(%(tenants)s) and name <> all(%(names)s)

-- usage --
select t.code as tenant, u.day, u.name, u.n
from usage u join tenant t on t.id = u.tenant_id
where u.tenant_id = any(%(tenants)s) and u.day between %(since)s and %(until)s
order by t.code, u.day, u.name

-- count_usage --
-- What was used on %(day)s; counting again changes nothing unless something came late.
insert into usage (tenant_id, day, name, n)
select tenant.id, %(day)s::date, counted.name, counted.n
from tenant
cross join lateral (
    select 'homes' as name, count(*) as n from home
    where home.tenant_id = tenant.id
      and (home.retired_at is null or home.retired_at >= (%(day)s::date + 1)::timestamp at time zone interval '08:00')
    union all
    select 'incidents', count(*) from incident
    where incident.tenant_id = tenant.id
      and opened_at >= %(day)s::date::timestamp at time zone interval '08:00' and opened_at < (%(day)s::date + 1)::timestamp at time zone interval '08:00'
    union all
    select 'messages', count(*) from message join incident on incident.id = message.incident_id
    where incident.tenant_id = tenant.id
      and created_at >= %(day)s::date::timestamp at time zone interval '08:00' and created_at < (%(day)s::date + 1)::timestamp at time zone interval '08:00'
    union all
    select 'readings', coalesce(sum(records), 0)::bigint from delivery_day join home on home.id = delivery_day.home_id
    where home.tenant_id = tenant.id and delivery_day.day = %(day)s::date and delivery_day.lane = 't'
) as counted
on conflict (tenant_id, day, name) do update set n = excluded.n where usage.n <> excluded.n
