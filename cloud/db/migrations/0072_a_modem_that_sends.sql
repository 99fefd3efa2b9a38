-- Texts that go out by the alarm centre's own modem (docs/adr/0090). A worker puts them here, whoever has the port sends.

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
