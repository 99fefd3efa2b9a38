-- The SQL of signing in through an identity provider. It reads staff, never residents.

-- start --
insert into oidc_start (state_hash, nonce, verifier, expires_at)
values (%(state_hash)s, %(nonce)s, %(verifier)s, %(expires_at)s)

-- take_start --
-- A state comes back once.
delete from oidc_start where state_hash = %(state_hash)s
returning nonce, verifier, expires_at

-- forget_starts --
delete from oidc_start where expires_at <= %(now)s

-- whose --
select staff.id
from staff_identity join staff on staff.id = staff_identity.staff_id
where staff_identity.issuer = %(issuer)s and staff_identity.claim = %(claim)s
  and staff_identity.value = %(value)s and staff.disabled_at is null

-- forget_identity --
delete from staff_identity where staff_id = %(staff_id)s and issuer = %(issuer)s

-- keep_identity --
insert into staff_identity (issuer, claim, value, staff_id)
values (%(issuer)s, %(claim)s, %(value)s, %(staff_id)s)
on conflict do nothing
