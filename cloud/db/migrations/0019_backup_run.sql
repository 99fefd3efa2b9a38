-- What was saved when (docs/adr/0040): a backup that was not verified leaves no row here.

create table backup_run (
    id          integer generated always as identity primary key,
    name        text not null,                                     -- of the backup in its folder
    started_at  timestamptz not null,
    finished_at timestamptz not null,                              -- copied, verified and sealed
    bytes       bigint not null                                    -- of the sealed copy
);
