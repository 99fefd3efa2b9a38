-- Answers that are texted back, and texts that go out by our own modem (docs/adr/0090).

alter table message add column code text not null default '';     -- the letter of a question, once there are several
alter table message add constraint message_code check (code ~ '^[A-Z]?$');

create table text_answer (                                        -- texts that came in, once each; nothing of what they say
    digest    bytea primary key,                                  -- keyed hash of the provider's mark
    stored_at timestamptz not null
);
create index text_answer_stored on text_answer (stored_at);
call secure('text_answer', null, null, 'select, insert, delete');

create table modem_text (
    id         bigint generated always as identity primary key,   -- its number, as receipts know it
    recipient  bytea not null,                                    -- keyed hash of the number
    number     text not null,                                     -- sealed, and '' as soon as the text is gone
    words      text not null,                                     -- likewise
    priority   smallint not null,
    attempts   smallint not null default 0,
    created_at timestamptz not null,
    due_at     timestamptz,                                       -- when to send, or to tell what is known; null: neither
    sent_at    timestamptz,                                       -- the network took it
    reference  smallint,                                          -- and called it so; used again after 256 texts
    word       text not null default '' check (word in ('', 'delivered', 'failed')),
    why        text not null default ''
);
create index modem_text_due on modem_text (priority, id) where due_at is not null;
create index modem_text_sent on modem_text (reference, sent_at) where sent_at is not null;
call secure('modem_text', null, null, 'select, insert, update, delete');
