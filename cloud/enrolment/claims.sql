-- What administrators see and do. Every statement carries the scope.

-- gateways_of_home --
select home.id as home_id, gateway.id as gateway_id
from home
left join gateway on gateway.home_id = home.id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by gateway.id

-- add_gateway --
-- Its secret is empty: it never signs in with one.
insert into gateway (id, home_id, shard, secret) values (%(gateway)s, %(home_id)s, %(shard)s, '')

-- add_claim --
insert into claim (gateway_id, code_hash, hardware, made_at, expires_at)
select gateway.id, %(code_hash)s, %(hardware)s, %(now)s, %(expires_at)s
from gateway
join home on home.id = gateway.home_id
where gateway.id = %(gateway)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning id

-- claims --
select
    claim.id, home.id as home_id, claim.gateway_id, claim.hardware, claim.made_at, claim.expires_at,
    claim.used_at, claim.withdrawn_at
from claim
join gateway on gateway.id = claim.gateway_id
join home on home.id = gateway.home_id
where home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by claim.id desc
limit %(most)s

-- withdraw_claim --
update claim set withdrawn_at = %(now)s
from gateway
join home on home.id = gateway.home_id
where claim.id = %(claim)s
  and gateway.id = claim.gateway_id
  and claim.used_at is null
  and claim.withdrawn_at is null
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning claim.gateway_id

-- certificates --
select
    certificate.serial, home.id as home_id, certificate.gateway_id, certificate.issued_at, certificate.expires_at,
    certificate.revoked_at
from certificate
join gateway on gateway.id = certificate.gateway_id
join home on home.id = gateway.home_id
where home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by certificate.issued_at desc, certificate.serial
limit %(most)s

-- revoke_gateway --
update gateway set revoked_at = coalesce(gateway.revoked_at, %(now)s)
from home
where gateway.id = %(gateway)s
  and home.id = gateway.home_id
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
returning gateway.id

-- revoke_certificates --
update certificate set revoked_at = %(now)s where gateway_id = %(gateway)s and revoked_at is null

-- withdraw_claims --
update claim set withdrawn_at = %(now)s
where gateway_id = %(gateway)s and used_at is null and withdrawn_at is null

-- note_step --
insert into enrolment_step (at, gateway_id, actor, action, detail)
values (%(now)s, %(gateway)s, %(actor)s, %(action)s, %(detail)s)

-- homes_of_key --
-- For the command line, whose user runs the database.
select home.id, home.tenant_id
from home
join tenant on tenant.id = home.tenant_id
where home.key = %(home)s and (%(tenant)s::text is null or tenant.code = %(tenant)s)
