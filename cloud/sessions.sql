-- The SQL of signing in and of sessions. It reads staff, never residents.

-- account_for_update --
-- A one-time password whose time is over is none.
select
    id,
    tenant_id,
    case when password_until is null or password_until > %(now)s then password_hash end as password_hash,
    failed_count,
    locked_until
from staff
where username = %(username)s and disabled_at is null
for update

-- staff_for_update --
select id, tenant_id, password_hash, failed_count, locked_until
from staff
where id = %(staff_id)s and disabled_at is null
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

-- set_password --
update staff
set password_hash = %(new)s, password_until = null
where id = %(staff_id)s and password_hash = %(old)s

-- open_session --
insert into session (token_hash, staff_id, created_at, seen_at, expires_at, second_factor, origin, agent)
values (
    %(token_hash)s, %(staff_id)s, %(now)s, %(now)s, %(expires_at)s, %(second_factor)s, %(origin)s, %(agent)s
)

-- known_browser --
select true as known
from known_browser join staff on staff.id = known_browser.staff_id
where token_hash = %(token_hash)s and staff.username = %(username)s and seen_at > %(since)s

-- browser_for_update --
select failed_count, locked_until
from known_browser
where token_hash = %(token_hash)s and staff_id = %(staff_id)s
for update

-- know_browser --
insert into known_browser (token_hash, staff_id, seen_at) values (%(token_hash)s, %(staff_id)s, %(now)s)
on conflict (token_hash, staff_id) do update
set failed_count = 0, locked_until = null, seen_at = excluded.seen_at

-- count_at_browser --
update known_browser
set failed_count = %(failed_count)s, locked_until = %(locked_until)s
where token_hash = %(token_hash)s and staff_id = %(staff_id)s

-- forget_browsers --
delete from known_browser where seen_at <= %(since)s

-- own_sessions --
select id, created_at, seen_at, expires_at, origin, agent
from session
where staff_id = %(staff_id)s and expires_at > %(now)s and seen_at > %(idle_since)s
order by id desc

-- revoke_own --
delete from session where staff_id = %(staff_id)s and id = %(session_id)s

-- revoke_all --
delete from session where staff_id = %(staff_id)s and token_hash is distinct from %(but)s::bytea

-- live_sessions --
select
    session.token_hash,
    session.staff_id,
    session.created_at,
    session.seen_at,
    session.expires_at,
    session.id,
    session.proved_at,
    staff.username,
    staff.password_until is not null as one_time,
    case
        when session.second_factor then 'done'
        when exists (
            select from second_factor f where f.staff_id = staff.id and f.confirmed_at is not null
        ) then 'owed'
        when staff.role = any(tenant.second_factor_roles) then 'missing'
        else 'not_needed'
    end as second_factor,
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
    ) as homes,
    case when staff.role in ('city_admin', 'city_evaluator') then tenants_below(staff.tenant_id) else '{}' end
        as below,
    (select tenant.modules from tenant where tenant.id = staff.tenant_id) as modules
from session
join staff on staff.id = session.staff_id
join tenant on tenant.id = staff.tenant_id
where session.token_hash = any(%(token_hashes)s)
  and session.expires_at > %(now)s
  and session.seen_at > %(idle_since)s
  and staff.disabled_at is null

-- touch_sessions --
-- Whom another process marks at this moment is marked: nobody waits, so nobody waits for each other.
update session
set seen_at = %(now)s
where token_hash in (
    select token_hash from session
    where token_hash = any(%(token_hashes)s) and seen_at < %(now)s
    for update skip locked
)

-- revoke_session --
delete from session
where token_hash = %(token_hash)s

-- forget_sessions --
delete from session
where expires_at <= %(now)s or seen_at <= %(idle_since)s

-- is_of --
select id from staff where id = %(staff_id)s and tenant_id = any(%(tenants)s)

-- whose --
select id, tenant_id from staff where username = %(username)s

-- prove_presence --
update session set proved_at = %(now)s where token_hash = %(token_hash)s
