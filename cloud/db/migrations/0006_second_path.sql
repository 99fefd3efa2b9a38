-- The second path of an alarm (docs/adr/0024): text messages that come to the alarm centre's number.

alter table gateway
    add column sms_key bytea,                                      -- what its texts are signed with; derived from its secret
    add column phone   text not null default '';                  -- the card's number, E.164; '': it has no modem

alter table alarm
    add column path text not null default 'mqtt';                  -- mqtt, sms, cloud: only mqtt stands in the ledger

create table text_message (                                        -- every authentic text, once; what makes a replay visible
    digest     bytea primary key,                                  -- sha-256 of the text
    gateway_id text not null references gateway (id),
    alarm_id   text not null,
    test       boolean not null,
    stored_at  timestamptz not null
);

create table second_path (                                         -- whether a gateway's texts still arrive
    id         integer generated always as identity primary key,
    gateway_id text not null unique references gateway (id),
    heard_at   timestamptz,                                        -- the last authentic text, test or call
    due_at     timestamptz,                                        -- when the next one is missed; null: not yet counted
    fault      text not null default ''                            -- the alarm that says it is missed, while it stands
);
create index second_path_due on second_path (due_at);
