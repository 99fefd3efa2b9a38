-- gateway_accounts --
-- Without a secret there is no sign-in by secret, rather than one by an empty secret.
select id, secret from gateway where revoked_at is null and secret <> '' order by id;
