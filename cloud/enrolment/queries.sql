-- What happens between a gateway and the authority. No person reads a result of these.

-- claim_for_update --
select
    claim.id, claim.gateway_id, claim.hardware, claim.expires_at, claim.used_at, claim.withdrawn_at,
    gateway.shard, certificate.key_hash, certificate.pem,
    coalesce(certificate.revoked_at is not null, false) as revoked
from claim
join gateway on gateway.id = claim.gateway_id
left join certificate on certificate.claim_id = claim.id
where claim.code_hash = %(code_hash)s
for update of claim, gateway

-- use_claim --
update claim set used_at = %(now)s where id = %(claim)s

-- admit_gateway --
update gateway set revoked_at = null where id = %(gateway)s and revoked_at is not null

-- keep_sms_key --
update gateway set sms_key = coalesce(sms_key, %(drawn)s) where id = %(gateway)s
returning sms_key;

-- retire_others --
-- All certificates of the gateway but those named.
update certificate set revoked_at = %(now)s
where gateway_id = %(gateway)s and revoked_at is null and serial <> all (%(keep)s)

-- add_certificate --
insert into certificate (serial, gateway_id, claim_id, key_hash, pem, issued_at, expires_at)
values (%(serial)s, %(gateway)s, %(claim)s, %(key_hash)s, %(pem)s, %(now)s, %(expires_at)s)

-- certificate_for_update --
select
    certificate.serial, certificate.gateway_id, certificate.pem, gateway.shard,
    certificate.revoked_at is null and gateway.revoked_at is null and certificate.expires_at > %(now)s as in_force
from certificate
join gateway on gateway.id = certificate.gateway_id
where certificate.serial = %(serial)s
for update of gateway

-- renewed_before --
select pem from certificate
where gateway_id = %(gateway)s and key_hash = %(key_hash)s and revoked_at is null and expires_at > %(now)s

-- accounts --
-- Who may sign in to the broker by certificate.
select certificate.gateway_id, certificate.serial
from certificate
join gateway on gateway.id = certificate.gateway_id
where certificate.revoked_at is null and gateway.revoked_at is null and certificate.expires_at > %(now)s
order by certificate.gateway_id, certificate.serial

-- note_step --
insert into enrolment_step (at, gateway_id, actor, action, detail)
values (%(now)s, %(gateway)s, %(actor)s, %(action)s, %(detail)s)

-- revoked --
-- For brokers that take a list. Those whose time is over stay listed: clocks differ.
select serial, revoked_at from certificate where revoked_at is not null order by revoked_at, serial
