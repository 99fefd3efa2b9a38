"""Turns readings and events into hypertables in a database that got TimescaleDB after it was made.

What this is: the command ``anban-cloud timescale``. What it is not: a second way to the same schema; it runs
migration 0011 once more, which a plain database has passed without effect. The one idea: one transaction, so
that whoever is interrupted still has what was there.
"""

from __future__ import annotations

from typing import Final

import psycopg

from cloud.db.locks import Lock
from cloud.db.migrate import MIGRATIONS
from cloud.settings import ConfigError

_FILE: Final = MIGRATIONS / "0011_hypertables_timescaledb.sql"


def use_timescale(dsn: str) -> bool:
    """Convert; ``False``: it was done already. Whoever stores or reads meanwhile waits until the end.

    Raises:
        ConfigError: the extension cannot be used; the message says what to do.
        psycopg.Error: the database is away, not migrated, or full; nothing has changed.
    """
    with psycopg.connect(dsn) as conn:
        conn.execute("select pg_advisory_xact_lock(%s)", [Lock.MIGRATE])
        if (fault := _answer(conn, "select timescale_fault()")) is not None:
            raise ConfigError(str(fault))
        if _answer(conn, "select is_hypertable('reading')"):
            return False
        conn.execute(_FILE.read_bytes())
    return True


def _answer(conn: psycopg.Connection, question: bytes | str) -> object:
    row = conn.execute(question.encode() if isinstance(question, str) else question).fetchone()
    if row is None:
        raise LookupError("timescale")
    return row[0]
