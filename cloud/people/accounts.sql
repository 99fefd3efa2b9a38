-- gateway_accounts --
select id, secret from gateway where revoked_at is null order by id;
