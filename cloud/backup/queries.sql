-- What backups leave in the database they save.

-- add_run --
insert into backup_run (name, started_at, finished_at, bytes)
values (%(name)s, %(started_at)s, %(finished_at)s, %(bytes)s)

-- last_run --
select max(finished_at) as finished_at from backup_run

-- slot --
select wal_status from pg_replication_slots where slot_name = %(slot)s

-- add_slot --
select pg_create_physical_replication_slot(%(slot)s, true)

-- drop_slot --
select pg_drop_replication_slot(%(slot)s)
