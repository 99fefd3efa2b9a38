"""Which of its two shapes this database has: partitions that we keep, or TimescaleDB's hypertables.

What this is: the capability flag, read by whoever keeps house. What it is not: a switch in queries; both
shapes carry the same tables. The one idea: the database says what it is.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Final

from cloud.db import Connection, Queries

_SQL: Final = Queries(__package__ or "")
_log = logging.getLogger(__name__)


class Engine(StrEnum):
    """Who makes parts, compresses and rolls up."""

    PLAIN = "plain"
    """We do (``parts``, ``rollup``); nothing is compressed."""
    TIMESCALE = "timescale"
    """TimescaleDB's own jobs do; we only set their times."""


async def read(conn: Connection) -> Engine:
    """Ask the database. An extension that the tables do not use is said once in the log, with the remedy.

    Raises:
        psycopg.Error: the database is away or not migrated.
    """
    found = await (await conn.execute(_SQL["engine"])).fetchone()
    if found is None:
        raise LookupError("engine")
    if found["hypertables"]:
        return Engine.TIMESCALE
    if found["extension"]:
        reason = found["fault"] or "the tables were made before it: run anban-cloud timescale"
        _log.warning("timescaledb %s is installed but not used: %s", found["extension"], reason)
    return Engine.PLAIN
