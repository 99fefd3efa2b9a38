-- Who takes in which shards, so that workers of ingest may be added and may die (ADR 0033); and what each home's
-- road was like, day by day.

create table ingest_lease (                                       -- a range of shards; its broker sessions go with it
    first_shard smallint primary key check (first_shard between 0 and 255),
    last_shard  smallint not null check (last_shard between first_shard and 255),
    owner       text,                                             -- the worker that has it; null: nobody
    token       bigint not null default 0,                        -- grows with every change of owner
    expires_at  timestamptz                                       -- by the clock of the database, which all share
);

create table ingest_worker (                                      -- who is there to share the ranges
    id          text primary key,
    first_shard smallint not null,                                -- the shards of its installation
    last_shard  smallint not null,
    expires_at  timestamptz not null
);

create table delivery_day (                                       -- how a home's batches arrived, by day (UTC+8) and lane
    home_id  integer not null,
    day      date not null,
    lane     text not null check (lane in ('a', 't')),
    batches  bigint not null default 0,                           -- stored
    records  bigint not null default 0,                           -- in them
    late     bigint not null default 0,                           -- records that came 5 min after they were taken, or more
    refused  bigint not null default 0,                           -- records kept in quarantine only
    repeated bigint not null default 0,                           -- batches that came again and were skipped
    primary key (home_id, day, lane)
) with (fillfactor = 50);
