-- The register: what administrators read and change. Each list begins after a place and serves single reads, too.

-- divisions --
select code as id, code, name, parent_code as parent
from division
where (%(id)s::text is null or code = %(id)s)
  and (%(parent)s::text is null or parent_code = %(parent)s)
  and (%(q)s::text is null or strpos(lower(name), lower(%(q)s)) > 0 or code = %(q)s)
  and (%(after)s::text is null or code > %(after)s)
order by code
limit %(limit)s

-- tenants --
select id, version, code, name, division_code as division, time_zone, duty_channels, duty_locale,
    second_factor_roles, phone, (select division.name from division where division.code = division_code) as division_name
from tenant
where id = any(%(tenants)s)
  and (%(id)s::int is null or id = %(id)s)
  and (%(after)s::bigint is null or id > %(after)s)
order by id
limit %(limit)s

-- division_of_tenant --
select division_code as division from tenant where id = %(id)s and id = any(%(tenants)s)

-- change_tenant --
update tenant set
    name = %(name)s, time_zone = %(time_zone)s, duty_channels = %(duty_channels)s, duty_locale = %(duty_locale)s,
    second_factor_roles = %(second_factor_roles)s, phone = %(phone)s
where id = %(id)s and version = %(version)s and id = any(%(tenants)s)
returning id

-- staff --
select
    sorted.place, s.id, s.version, s.disabled_at as retired_at, s.username, s.role, s.name, s.locale,
    array(
        select h.key from staff_home a join home h on h.id = a.home_id
        where a.staff_id = s.id
          and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
        order by h.key
    ) as homes
from staff s
cross join lateral list_place(%(sort)s, s.name, s.id) as sorted (place)
where s.tenant_id = any(%(tenants)s)
  and (%(id)s::int is null or s.id = %(id)s)
  and (%(role)s::text is null or s.role = %(role)s)
  and (%(retired)s or s.disabled_at is null)
  and (%(q)s::text is null or strpos(lower(concat_ws(' ', s.name, s.username)), lower(%(q)s)) > 0)
  and (%(after)s::bigint is null or (sorted.place, s.id) > (%(after_place)s, %(after)s))
order by sorted.place, s.id
limit %(limit)s

-- username_taken --
select username_taken(%(username)s) as taken

-- lock_staff --
select id, role from staff
where id = %(id)s and version = %(version)s and disabled_at is null and tenant_id = any(%(tenants)s)
for update

-- add_staff --
insert into staff (tenant_id, username, password_hash, role, name, locale)
values (%(tenant_id)s, %(username)s, %(password_hash)s, %(role)s, %(name)s, %(locale)s)
returning id

-- renew_staff --
-- The password goes in and never comes out, here and below.
update staff set password_hash = %(password_hash)s, role = %(role)s, name = %(name)s, locale = %(locale)s
where id = %(id)s and tenant_id = any(%(tenants)s)
returning id

-- end_sessions --
-- Whoever knew the old password is signed out everywhere.
delete from session where staff_id = %(id)s

-- change_staff --
update staff set role = %(role)s, name = %(name)s, locale = %(locale)s
where id = %(id)s
returning id

-- homes_of_keys --
select id, key from home
where key = any(%(keys)s) and retired_at is null
  and tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or id = any(%(homes)s))

-- retire_staff --
-- Signed out everywhere at once.
with retired as (
    update staff set disabled_at = %(now)s
    where id = %(id)s and version = %(version)s and disabled_at is null and tenant_id = any(%(tenants)s)
    returning id
), ended as (
    delete from session using retired where session.staff_id = retired.id
)
select id from retired

-- homes --
select
    sorted.place, h.id, h.version, h.retired_at, h.key, h.division_code as division, division.name as division_name,
    h.address, h.latitude, h.longitude
from home h
join division on division.code = h.division_code
cross join lateral list_place(%(sort)s, h.key, h.id) as sorted (place)
where h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
  and (%(id)s::int is null or h.id = %(id)s)
  and (%(division)s::text is null or h.division_code = %(division)s)
  and (%(key)s::text is null or h.key = %(key)s)
  and (%(retired)s or h.retired_at is null)
  and (%(q)s::text is null or strpos(lower(concat_ws(' ', h.key, h.address)), lower(%(q)s)) > 0)
  and (%(after)s::bigint is null or (sorted.place, h.id) > (%(after_place)s, %(after)s))
order by sorted.place, h.id
limit %(limit)s

-- add_home --
insert into home (tenant_id, key, division_code, address, latitude, longitude)
values (%(tenant_id)s, %(key)s, %(division)s, %(address)s, %(latitude)s, %(longitude)s)
returning id

-- change_home --
update home set
    division_code = %(division)s, address = %(address)s, latitude = %(latitude)s, longitude = %(longitude)s
where id = %(id)s and version = %(version)s and retired_at is null
  and tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning id

-- retire_home --
update home set retired_at = %(now)s
where id = %(id)s and version = %(version)s and retired_at is null
  and tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning id

-- lock_home_to_retire --
-- Whoever opens an incident locks the home first, too.
select h.id, exists (select from incident i where i.home_id = h.id and i.closed_at is null) as busy
from home h
where h.id = %(id)s
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
for no key update of h

-- gateways_in_force --
select g.id from gateway g join home h on h.id = g.home_id
where g.home_id = %(id)s and g.revoked_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))

-- residents --
select
    sorted.place, r.id, r.version, r.retired_at, r.home_id, h.key as home_key, r.name, r.birth_year, r.sex,
    r.lives_alone, r.ability_level, r.phone, r.id_number, r.notes
from resident r join home h on h.id = r.home_id
cross join lateral list_place(%(sort)s, r.name, r.id) as sorted (place)
where h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
  and (%(id)s::int is null or r.id = %(id)s)
  and (%(home_id)s::int is null or r.home_id = %(home_id)s)
  and (%(retired)s or r.retired_at is null)
  and (%(q)s::text is null or strpos(lower(concat_ws(' ', r.name, h.key, h.address)), lower(%(q)s)) > 0)
  and (%(after)s::bigint is null or (sorted.place, r.id) > (%(after_place)s, %(after)s))
order by sorted.place, r.id
limit %(limit)s

-- home_to_fill --
select h.id, exists (select from resident r where r.home_id = h.id and r.retired_at is null) as taken
from home h
where h.id = %(home_id)s and h.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
for no key update of h

-- add_resident --
insert into resident (
    home_id, name, birth_year, sex, lives_alone, ability_level, phone, phone_mark, id_number, id_number_mark, notes
)
values (
    %(home_id)s, %(name)s, %(birth_year)s, %(sex)s, %(lives_alone)s, %(ability_level)s, %(phone)s, %(phone_mark)s,
    %(id_number)s, %(id_number_mark)s, %(notes)s
)
returning id

-- resident_to_change --
select r.home_id, r.phone, r.id_number
from resident r join home h on h.id = r.home_id
where r.id = %(id)s
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
for no key update of r

-- change_resident --
update resident r set
    name = %(name)s, birth_year = %(birth_year)s, sex = %(sex)s, lives_alone = %(lives_alone)s,
    ability_level = %(ability_level)s, phone = %(phone)s, phone_mark = %(phone_mark)s,
    id_number = %(id_number)s, id_number_mark = %(id_number_mark)s, notes = %(notes)s
from home h
where h.id = r.home_id and r.id = %(id)s and r.version = %(version)s and r.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning r.id, r.home_id

-- retire_resident --
update resident r set retired_at = %(now)s
from home h
where h.id = r.home_id and r.id = %(id)s and r.version = %(version)s and r.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning r.id, r.home_id

-- contacts --
select
    sorted.place, c.id, c.version, c.retired_at, c.home_id, h.key as home_key, c.rank, c.name, c.relation, c.phone,
    c.has_key, c.locale, c.channels
from contact c join home h on h.id = c.home_id
cross join lateral list_place(%(sort)s, c.name, c.id) as sorted (place)
where h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
  and (%(id)s::int is null or c.id = %(id)s)
  and (%(home_id)s::int is null or c.home_id = %(home_id)s)
  and (%(retired)s or c.retired_at is null)
  and (%(q)s::text is null or strpos(lower(concat_ws(' ', c.name, h.key, h.address)), lower(%(q)s)) > 0)
  and (%(after)s::bigint is null or (sorted.place, c.id) > (%(after_place)s, %(after)s))
order by sorted.place, c.id
limit %(limit)s

-- add_contact --
insert into contact (home_id, rank, name, relation, phone, phone_mark, has_key, locale, channels)
select
    h.id, %(rank)s, %(name)s, %(relation)s, %(phone)s, %(phone_mark)s, %(has_key)s, %(locale)s, %(channels)s
from home h
where h.id = %(home_id)s and h.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning id

-- contact_to_change --
select c.home_id, c.phone
from contact c join home h on h.id = c.home_id
where c.id = %(id)s
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))

-- change_contact --
update contact c set
    rank = %(rank)s, name = %(name)s, relation = %(relation)s, phone = %(phone)s,
    phone_mark = %(phone_mark)s, has_key = %(has_key)s, locale = %(locale)s, channels = %(channels)s
from home h
where h.id = c.home_id and c.id = %(id)s and c.version = %(version)s and c.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning c.id

-- retire_contact --
update contact c set retired_at = %(now)s
from home h
where h.id = c.home_id and c.id = %(id)s and c.version = %(version)s and c.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning c.id, c.home_id

-- gateways --
-- The secret goes in and never comes out.
select g.id, g.id as gateway, g.version, g.revoked_at as retired_at, g.home_id, h.key as home_key, g.shard, g.phone
from gateway g join home h on h.id = g.home_id
where h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
  and (%(id)s::text is null or g.id = %(id)s)
  and (%(home_id)s::int is null or g.home_id = %(home_id)s)
  and (%(retired)s or g.revoked_at is null)
  and (%(q)s::text is null or strpos(lower(concat_ws(' ', g.id, h.key, h.address)), lower(%(q)s)) > 0)
  and (%(after)s::text is null or g.id > %(after)s)
order by g.id
limit %(limit)s

-- gateway_taken --
select gateway_taken(%(gateway)s) as taken

-- add_gateway --
insert into gateway (id, home_id, shard, secret, sms_key, phone)
select %(id)s, h.id, %(shard)s, %(secret)s, %(sms_key)s, %(phone)s
from home h
where h.id = %(home_id)s and h.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning id

-- change_gateway --
update gateway g set shard = %(shard)s, phone = %(phone)s
from home h
where h.id = g.home_id and g.id = %(id)s
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning g.id

-- renew_gateway --
update gateway g set shard = %(shard)s, phone = %(phone)s, secret = %(secret)s, sms_key = %(sms_key)s
from home h
where h.id = g.home_id and g.id = %(id)s
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning g.id

-- expect_texts --
-- A worker begins to count the texts of its modem.
insert into second_path (gateway_id) values (%(id)s) on conflict do nothing

-- expect_no_texts --
-- Its modem was taken away. One that nobody told us of, but that texts, is counted all the same.
delete from second_path using gateway
where second_path.gateway_id = %(id)s and gateway.id = %(id)s and gateway.phone <> ''

-- lock_gateway --
select g.home_id from gateway g join home h on h.id = g.home_id
where g.id = %(id)s and g.version = %(version)s and g.revoked_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
for update of g

-- devices --
select
    sorted.place, d.id, d.version, d.retired_at, g.home_id, h.key as home_key, d.gateway_id, d.name, d.kind, d.room
from device d join gateway g on g.id = d.gateway_id join home h on h.id = g.home_id
cross join lateral list_place(%(sort)s, d.name, d.id) as sorted (place)
where h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
  and (%(id)s::int is null or d.id = %(id)s)
  and (%(home_id)s::int is null or g.home_id = %(home_id)s)
  and (%(gateway_id)s::text is null or d.gateway_id = %(gateway_id)s)
  and (%(retired)s or d.retired_at is null)
  and (
      %(q)s::text is null
      or strpos(lower(concat_ws(' ', d.name, d.kind, d.room, d.gateway_id, h.key, h.address)), lower(%(q)s)) > 0
  )
  and (%(after)s::bigint is null or (sorted.place, d.id) > (%(after_place)s, %(after)s))
order by sorted.place, d.id
limit %(limit)s

-- add_device --
insert into device (gateway_id, name, kind, room)
select g.id, %(name)s, %(kind)s, %(room)s
from gateway g join home h on h.id = g.home_id
where g.id = %(gateway_id)s and g.revoked_at is null and h.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning id

-- change_device --
update device d set kind = %(kind)s, room = %(room)s
from gateway g, home h
where g.id = d.gateway_id and h.id = g.home_id
  and d.id = %(id)s and d.version = %(version)s and d.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning d.id

-- retire_device --
update device d set retired_at = %(now)s
from gateway g, home h
where g.id = d.gateway_id and h.id = g.home_id
  and d.id = %(id)s and d.version = %(version)s and d.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
returning d.id

-- plans --
-- A home without a plan shows version 0: it goes by the defaults.
select h.id, h.id as home_id, coalesce(p.version, 0) as version, coalesce(p.body, '{}') as body
from home h left join plan p on p.home_id = h.id
where h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
  and (%(id)s::int is null or h.id = %(id)s)
  and h.retired_at is null
  and (%(after)s::bigint is null or h.id > %(after)s)
order by h.id
limit %(limit)s

-- home_to_plan --
-- Its devices, who lives there, the zone, and the plan that stands.
select
    h.id, t.time_zone, coalesce(p.version, 0) as version, p.body,
    coalesce(r.lives_alone, true) as lives_alone, coalesce(r.ability_level, 0)::integer as ability_level,
    array(
        select d.name from device d join gateway g on g.id = d.gateway_id
        where g.home_id = h.id and d.retired_at is null
    ) as devices
from home h
join tenant t on t.id = h.tenant_id
left join plan p on p.home_id = h.id
left join lateral (
    select lives_alone, ability_level from resident where home_id = h.id and retired_at is null order by id limit 1
) r on true
where h.id = %(id)s and h.retired_at is null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
for no key update of h

-- let_idle --
-- A transaction that waits for a file to be loaded beside it does nothing for longer than others may (cloud.db.pool).
set local idle_in_transaction_session_timeout = '10min'

-- what_stands --
-- Of what a roster file names: the asker's tenants and their divisions, names and parents of divisions, the roles of people.
select
    (select coalesce(jsonb_object_agg(t.code, t.division_code), '{}') from tenant t where t.id = any(%(tenants)s)) as tenants,
    (
        select coalesce(jsonb_object_agg(d.code, jsonb_build_array(d.name, d.parent_code)), '{}')
        from division d where d.code = any(%(codes)s)
    ) as places,
    (
        select coalesce(jsonb_object_agg(s.username, s.role), '{}') from staff s
        where s.username = any(%(usernames)s) and s.tenant_id = any(%(tenants)s)
    ) as roles

-- centres --
select id, version, retired_at, name, latitude, longitude
from centre
where tenant_id = any(%(tenants)s)
  and (%(id)s::int is null or id = %(id)s)
  and (%(retired)s or retired_at is null)
  and (%(after)s::bigint is null or id > %(after)s)
order by id
limit %(limit)s

-- add_centre --
insert into centre (tenant_id, name, latitude, longitude)
values (%(tenant_id)s, %(name)s, %(latitude)s, %(longitude)s)
returning id

-- change_centre --
update centre set name = %(name)s, latitude = %(latitude)s, longitude = %(longitude)s
where id = %(id)s and version = %(version)s and retired_at is null and tenant_id = any(%(tenants)s)
returning id

-- retire_centre --
update centre set retired_at = %(now)s
where id = %(id)s and version = %(version)s and retired_at is null and tenant_id = any(%(tenants)s)
returning id

-- what_stands_of_sheet --
-- Of a sheet of residents: which of its keys are taken, also by homes out of use, and the places that there are.
select
    array(
        select h.key from home h
        where h.key = any(%(keys)s)
          and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
    ) as keys,
    (
        select coalesce(jsonb_object_agg(d.code, jsonb_build_array(d.name, d.parent_code)), '{}') from division d
    ) as places
