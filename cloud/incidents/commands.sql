-- Commands done once. The response was made for this very person under this very scope.

-- claim_key --
insert into idempotency (staff_id, key, at, response)
values (%(staff_id)s, %(key)s, %(now)s, '{}')
on conflict (staff_id, key) do nothing

-- claimed_response --
select response
from idempotency
where staff_id = %(staff_id)s and key = %(key)s

-- keep_response --
update idempotency
set response = %(response)s
where staff_id = %(staff_id)s and key = %(key)s

-- forget_keys --
delete from idempotency
where at <= %(before)s
