-- Answers that are texted back (docs/adr/0090).

alter table message add column code text not null default '';     -- the letter of a question, once there are several
alter table message add constraint message_code check (code ~ '^[A-Z]?$');

create table text_answer (                                        -- texts that came in, once each; nothing of what they say
    digest    bytea primary key,                                  -- keyed hash of the provider's mark
    stored_at timestamptz not null
);
create index text_answer_stored on text_answer (stored_at);
call secure('text_answer', null, null, 'select, insert, delete');
