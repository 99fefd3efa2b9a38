-- A home that is muted: why, until when, by whom (docs/adr/0066). What stands is never changed but by its end.

create table mute (
    id       bigint generated always as identity primary key,
    home_id  integer not null references home (id),
    why      text not null check (why in ('hospital', 'away', 'works')),  -- cloud/incidents/mute.py
    reason   text not null check (reason <> ''),                          -- in words
    since    timestamptz not null,
    until    timestamptz not null check (until > since),
    set_by   integer not null references staff (id),
    ended_at timestamptz,
    ended_by integer references staff (id),
    check ((ended_at is null) = (ended_by is null))
);
create index mute_home on mute (home_id, until);
call secure('mute', 'exists (select from home where home.id = home_id)',
    'select, insert, update (ended_at, ended_by)', 'select, delete');
grant select (home_id, why, since, until, ended_at) on mute to anban_ingest;
