-- Upserts of the roster. A row that is already as it should be is not written, so that loading the same file again
-- wakes nobody who listens for changes.

-- put_division --
insert into division (code, name) values (%(code)s, %(name)s)
on conflict (code) do update set name = excluded.name where division.name <> excluded.name;

-- put_parent --
update division set parent_code = %(parent)s
where code = %(code)s and parent_code is distinct from %(parent)s::text;

-- put_tenant --
insert into tenant (code, name, division_code, time_zone, duty_channels, duty_locale, second_factor_roles, phone)
values (
    %(code)s, %(name)s, %(division)s, %(time_zone)s, %(duty_channels)s, %(duty_locale)s, %(second_factor_roles)s,
    %(phone)s
)
on conflict (code) do update set
    name = excluded.name, division_code = excluded.division_code, time_zone = excluded.time_zone,
    duty_locale = excluded.duty_locale, second_factor_roles = excluded.second_factor_roles,
    phone = excluded.phone
returning id;

-- put_duty --
update tenant set duty_channels = %(duty_channels)s
where id = %(tenant)s and duty_channels <> %(duty_channels)s;

-- home_as_it_is --
-- One that is as the file says is not even locked: whoever opens an incident locks it, and a file may take long.
select id from home
where tenant_id = %(tenant)s and key = %(key)s
  and (division_code, address, latitude, longitude)
      is not distinct from (%(division)s, %(address)s, %(latitude)s::float8, %(longitude)s::float8);

-- put_home --
insert into home (tenant_id, key, division_code, address, latitude, longitude)
values (%(tenant)s, %(key)s, %(division)s, %(address)s, %(latitude)s, %(longitude)s)
on conflict (tenant_id, key) do update set
    division_code = excluded.division_code, address = excluded.address,
    latitude = excluded.latitude, longitude = excluded.longitude
returning id;

-- change_resident --
update resident set
    name = %(name)s, birth_year = %(birth_year)s, sex = %(sex)s, lives_alone = %(lives_alone)s,
    ability_level = %(ability_level)s, phone = %(phone)s, phone_mark = %(phone_mark)s,
    id_number = %(id_number)s, id_number_mark = %(id_number_mark)s, notes = %(notes)s,
    died_at = coalesce(%(died_at)s, died_at)
where id = (select min(id) from resident where home_id = %(home)s and retired_at is null);

-- add_resident --
insert into resident (
    home_id, name, birth_year, sex, lives_alone, ability_level, phone, phone_mark, id_number, id_number_mark, notes,
    died_at
)
values (
    %(home)s, %(name)s, %(birth_year)s, %(sex)s, %(lives_alone)s, %(ability_level)s, %(phone)s, %(phone_mark)s,
    %(id_number)s, %(id_number_mark)s, %(notes)s, %(died_at)s
);

-- gateway_secret --
select home_id, secret from gateway where id = %(id)s;

-- put_gateway --
insert into gateway (id, home_id, shard, secret, sms_key, phone)
values (%(id)s, %(home)s, %(shard)s, %(secret)s, %(sms_key)s, %(phone)s)
on conflict (id) do update set
    shard = excluded.shard, secret = excluded.secret, phone = excluded.phone,
    sms_key = coalesce(excluded.sms_key, gateway.sms_key)  -- without a secret: as it was given at enrolment
where (gateway.shard, gateway.secret, gateway.sms_key, gateway.phone)
    is distinct from
    (excluded.shard, excluded.secret, coalesce(excluded.sms_key, gateway.sms_key), excluded.phone);

-- put_path --
-- Texts are expected of it; a worker begins to count.
insert into second_path (gateway_id) values (%(id)s) on conflict do nothing;

-- drop_path --
-- Its modem was taken away. One that nobody told us of, but that texts, is counted all the same.
delete from second_path using gateway
where second_path.gateway_id = %(id)s and gateway.id = %(id)s and gateway.phone <> '';

-- put_device --
insert into device (gateway_id, name, kind, room) values (%(gateway)s, %(name)s, %(kind)s, %(room)s)
on conflict (gateway_id, name) do update set kind = excluded.kind, room = excluded.room;

-- circle --
select rank, phone from contact where home_id = %(home)s and retired_at is null

-- drop_contacts --
-- Whoever the file no longer names is not called any more, but stays in the book. Nothing waits for this time.
update contact set retired_at = transaction_timestamp()
where home_id = %(home)s and rank <> all (%(ranks)s) and retired_at is null;

-- put_contact --
insert into contact (home_id, rank, name, relation, phone, phone_mark, has_key, locale, channels)
values (
    %(home)s, %(rank)s, %(name)s, %(relation)s, %(phone)s, %(phone_mark)s, %(has_key)s, %(locale)s, %(channels)s
)
on conflict (home_id, rank) where retired_at is null do update set
    name = excluded.name, relation = excluded.relation, phone = excluded.phone,
    phone_mark = excluded.phone_mark, has_key = excluded.has_key,
    locale = excluded.locale, channels = excluded.channels;

-- staff_password --
select tenant_id, password_hash from staff where username = %(username)s;

-- put_staff --
insert into staff (tenant_id, username, password_hash, role, name, locale)
values (%(tenant)s, %(username)s, %(password_hash)s, %(role)s, %(name)s, %(locale)s)
on conflict (username) do update set
    password_hash = excluded.password_hash,
    password_until = case when staff.password_hash = excluded.password_hash then staff.password_until end,
    role = excluded.role, name = excluded.name, locale = excluded.locale
returning id;

-- assign_homes --
with removed as (
    delete from staff_home where staff_id = %(staff)s and home_id <> all (%(homes)s)
)
insert into staff_home (staff_id, home_id) select %(staff)s, unnest(%(homes)s::int[])
on conflict do nothing;

-- end_sessions --
-- Whoever knew the old password is signed out everywhere.
delete from session where staff_id = %(staff)s;
