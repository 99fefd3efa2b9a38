"""Marks gateways offline that fell silent without a Last Will, e.g. because the broker died with it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from cloud.db import Connection, Queries
from cloud.ingest.shards import Range
from cloud.ingest.store import home_changed
from firmware_protocols.wire.control import HEARTBEAT_S

SILENT: Final = timedelta(seconds=3 * HEARTBEAT_S)
"""Three heartbeats missed in a row."""

_SQL: Final = Queries(__package__ or "")
_log = logging.getLogger(__name__)


async def mark_silent(conn: Connection, shards: Range, now: datetime) -> int:
    """Mark as offline who of these shards has not been heard for ``SILENT``; return how many."""
    values = {"before": now - SILENT, "first": shards.first, "last": shards.last}
    found = await conn.execute(_SQL["silence_gateways"], values)
    rows = await found.fetchall()
    for row in rows:
        _log.info("gateway silent gateway=%s", row["id"])
    await home_changed(conn, [row["home_id"] for row in rows], now)
    return len(rows)
