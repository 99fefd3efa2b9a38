-- Commands done once.

-- lock_key --
-- Until the transaction ends; who comes meanwhile is told so at once.
select pg_try_advisory_xact_lock(%(staff_id)s, %(lock)s) as locked

-- kept_answer --
select command, answer
from idempotency
where staff_id = %(staff_id)s and key = %(key)s and at > %(since)s

-- keep_answer --
insert into idempotency (staff_id, key, at, command, answer)
values (%(staff_id)s, %(key)s, %(now)s, %(command)s, %(answer)s)
on conflict (staff_id, key) do update set
    at = excluded.at, command = excluded.command, answer = excluded.answer

-- forget_answers --
delete from idempotency
where at <= %(before)s
