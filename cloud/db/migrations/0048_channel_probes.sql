-- Each channel is tried every hour at an address of our own; its silence is an alarm (docs/adr/0065).

create table channel_probe (
    id           bigint generated always as identity primary key,
    channel      text not null unique,                            -- scheme: sms, voice, json ...
    due_at       timestamptz not null,                            -- when to try, or to look whether it came through
    sent_at      timestamptz,                                     -- the last try
    provider     text not null default '',                        -- who took it, and its number there
    reference    text not null default '',
    waits        boolean not null default false,                  -- word of the last try is awaited
    heard_at     timestamptz,                                     -- it came through
    silent_since timestamptz,                                     -- people have been told; null: it speaks
    told_at      timestamptz
);
create index channel_probe_reference on channel_probe (provider, reference) where reference <> '';
call secure('channel_probe', null, null, 'select, insert, update');
