-- What the pages of administrators need (docs/adr/0076).

-- By what a list is sorted before the number: 'name', 'newest', else nothing. A cursor carries it, so it is short.
create function list_place(p_sort text, p_name text, p_id integer) returns text language sql immutable parallel safe
return case p_sort when 'name' then left(p_name, 40) when 'newest' then to_char(2147483647 - p_id, 'FM0000000000') else '' end;

create table duty_shift (                                         -- when somebody of the register is on duty
    id           integer generated always as identity primary key,
    responder_id integer not null references responder (id),
    begin_at     timestamptz not null,
    end_at       timestamptz not null check (end_at > begin_at),
    made_by      integer not null references staff (id),
    made_at      timestamptz not null
);
create index duty_shift_responder on duty_shift (responder_id, end_at);
call secure('duty_shift', 'exists (select from responder where responder.id = responder_id)',
    'select, insert, update (end_at), delete', 'select, delete');

-- On duty by their own word, or by a shift that somebody has entered for them.
create function is_on_duty(p_responder integer, p_since timestamptz, p_until timestamptz, p_now timestamptz)
returns boolean language sql stable parallel safe
return coalesce(p_since <= p_now and (p_until is null or p_until > p_now), false)
    or exists (select from duty_shift where responder_id = p_responder and begin_at <= p_now and end_at > p_now);
