-- Times that a gateway without a set clock stamped, and what puts them right once the time is known.

create table anchor (                                             -- when a boot of a gateway truly began
    gateway_id  text not null,
    boot        text not null,                                    -- the kernel's boot id
    booted_at   timestamptz not null,
    anchored_at timestamptz not null,                             -- when its clock had been set
    epoch       text not null,
    alarm_seq   bigint not null,                                  -- its own number in lane a
    bulk_seq    bigint not null,                                  -- the number that lane t was to give next
    stored_at   timestamptz not null,
    primary key (gateway_id, boot)
);

create table timeline (                                           -- one unset clock: a straight line over one boot
    id          integer generated always as identity primary key,
    gateway_id  text not null,
    epoch       text not null,
    lane        text not null check (lane in ('a', 't')),
    boot        text not null,
    believed_at timestamptz not null,                             -- when that boot began, by that clock
    first_seq   bigint not null,
    last_seq    bigint not null,
    first_at    timestamptz not null,                             -- of its records, by that clock
    last_at     timestamptz not null,
    shift       interval not null default '0',                    -- what has been added to its rows
    mark        text not null default 'open' check (mark in ('open', 'anchored', 'estimated'))
);
create index timeline_gateway on timeline (gateway_id, epoch, lane, boot);

-- Null: the clock was set. The column costs nothing where it is null, which is nearly everywhere.
alter table reading add column timeline_id integer;
alter table event add column timeline_id integer;
alter table alarm add column timeline_id integer;
create index reading_timeline on reading (timeline_id) where timeline_id is not null;
create index event_timeline on event (timeline_id) where timeline_id is not null;
create index alarm_timeline on alarm (timeline_id) where timeline_id is not null;
