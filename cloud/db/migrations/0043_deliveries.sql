-- What became of a message after the provider took it (docs/adr/0065): its later word, and its silence.

alter table message add column expect_at timestamptz;             -- when word of its delivery must be in; null: none awaited
alter table message add column recipient bytea;                   -- keyed hash of the address: who is told how often
alter table message add column held text not null default '';     -- quiet, budget: not urgent, waits for the morning
alter table message add constraint message_held check (held in ('', 'quiet', 'budget'));
comment on column message.state is
    'queued, sent (under way), accepted, delivered, read, answered, failed, withdrawn, merged (into a digest)';

create index message_expected on message (expect_at) where expect_at is not null;
create index message_recipient on message (recipient, created_at) where recipient is not null;
create index message_waits on message (recipient) where held <> '';

-- A message that is sent again has another number at the provider; word of either may come.
alter table receipt add column provider text not null default '';
alter table receipt add column reference text not null default '';
create index receipt_reference on receipt (provider, reference) where reference <> '';

grant update (expect_at, held) on message to anban_api;
