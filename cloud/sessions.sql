-- The SQL of signing in and of sessions. It reads staff, never residents.

-- account_for_update --
select id, password_hash, failed_count, locked_until
from staff
where username = %(username)s and disabled_at is null
for update

-- count_attempt --
update staff
set failed_count = %(failed_count)s, locked_until = %(locked_until)s
where id = %(staff_id)s

-- forgive_attempts --
update staff
set failed_count = 0, locked_until = null
where id = %(staff_id)s

-- renew_password_hash --
update staff
set password_hash = %(new)s
where id = %(staff_id)s and password_hash = %(old)s

-- open_session --
insert into session (token_hash, staff_id, created_at, seen_at, expires_at)
values (%(token_hash)s, %(staff_id)s, %(now)s, %(now)s, %(expires_at)s)

-- live_session --
select
    session.staff_id,
    session.seen_at,
    session.expires_at,
    staff.tenant_id,
    staff.role,
    staff.name,
    staff.locale,
    array(
        select staff_home.home_id from staff_home
        where staff_home.staff_id = staff.id
          and not (staff.role = 'family' and exists (
              select from withheld
              where withheld.home_id = staff_home.home_id and withheld.standing
                and withheld.purpose = 'family_sharing'
          ))
        order by staff_home.home_id
    ) as homes
from session
join staff on staff.id = session.staff_id
where session.token_hash = %(token_hash)s
  and session.expires_at > %(now)s
  and session.seen_at > %(idle_since)s
  and staff.disabled_at is null

-- touch_session --
update session
set seen_at = %(now)s
where token_hash = %(token_hash)s and seen_at < %(now)s

-- revoke_session --
delete from session
where token_hash = %(token_hash)s

-- forget_sessions --
delete from session
where expires_at <= %(now)s or seen_at <= %(idle_since)s
