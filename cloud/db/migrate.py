"""Brings a database to the newest schema: plain ``migrations/NNNN_*.sql``, forward only, in order.

yoyo keeps the book and runs the files; what it lacks is added here: an advisory lock of the database itself,
which ends with its holder. (yoyo's own lock is a row that outlives a killed process and then blocks the next
start; below the advisory lock such a row is a leftover by construction, so it is removed.)
"""

from __future__ import annotations

import logging
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI

from cloud.db.locks import Lock
from cloud.db.pool import Connection

MIGRATIONS: Final = Path(__file__).parent / "migrations"

_log = logging.getLogger(__name__)


def migrate(dsn: str, *, last: str = "9999") -> list[str]:
    """Apply what is missing and return its names, oldest first. Safe to run twice and at the same time.

    ``last``: no migration whose name comes after it, to see how a database of that time is upgraded.

    Raises:
        psycopg.Error: the database is away or refuses a statement; what came before stays applied.
    """
    with psycopg.connect(dsn, autocommit=True) as guard:
        guard.execute("select pg_advisory_lock(%s)", [Lock.MIGRATE])
        return _apply(dsn, last)


async def missing(conn: Connection) -> list[str]:
    """Names of our migrations that the database has not seen, oldest first.

    Raises:
        psycopg.Error: the database is away.
    """
    known = await conn.execute("select to_regclass('_yoyo_migrations') is not null as there")
    if not (await known.fetchone() or {}).get("there"):
        return names()
    found = await conn.execute("select migration_id from _yoyo_migrations")
    applied = {row["migration_id"] for row in await found.fetchall()}
    return [name for name in names() if name not in applied]


@cache
def names() -> list[str]:
    """Names of all our migrations, oldest first."""
    return sorted(file.stem for file in MIGRATIONS.glob("*.sql"))


def _apply(dsn: str, last: str) -> list[str]:
    backend = PostgresqlPsycopgBackend(_uri(dsn), PostgresqlPsycopgBackend.migration_table)
    with closing(backend.connection):
        backend.init_database()
        backend.break_lock()
        wanted = read_migrations(str(MIGRATIONS)).filter(lambda migration: migration.id <= last)
        pending = backend.to_apply(wanted)
        applied = [migration.id for migration in pending]
        backend.apply_migrations(pending)
    if applied:
        _log.info("migrations applied names=%s", ",".join(applied))
    return applied


def _uri(dsn: str) -> Any:
    """``dsn`` in the form that yoyo takes; options it does not know go through as they are."""
    parts = conninfo_to_dict(dsn)
    named = {key: parts.pop(key, None) for key in ("user", "password", "host", "port", "dbname")}
    return DatabaseURI(
        scheme="postgresql+psycopg",
        username=named["user"],
        password=named["password"],
        hostname=named["host"],
        port=named["port"],
        database=named["dbname"],
        args=dict(parts),
    )
