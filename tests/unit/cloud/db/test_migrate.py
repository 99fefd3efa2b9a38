"""Migrations: once each, in order, whoever else starts at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from cloud.db.migrate import MIGRATIONS, migrate


def names() -> list[str]:
    return sorted(path.stem for path in MIGRATIONS.glob("*.sql"))


def test_an_empty_database_gets_every_migration_in_order(empty_database: str) -> None:
    assert migrate(empty_database) == names()


def test_a_second_run_has_nothing_to_do(database: str) -> None:
    assert migrate(database) == []


def test_several_starts_at_once_apply_each_migration_once(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as starts:
        applied = [name for result in starts.map(migrate, [empty_database] * 4) for name in result]
    assert sorted(applied) == names()


def test_a_lock_left_by_a_killed_migration_does_not_block_the_next(empty_database: str) -> None:
    migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute("insert into yoyo_lock (locked, ctime, pid) values (1, now(), 1)")
    assert migrate(empty_database) == []
