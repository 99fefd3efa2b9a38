"""Mutes in the database: what an alarm asks, and what people set and end.

What this is: statements. What it is not: the rule what a mute hushes (``mute``). The one idea: a mute is
asked for in the transaction that takes the alarm, so it begins and ends at once for every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.incidents.kinds import priority_of
from cloud.incidents.mute import Heard, Mute, Why, heard
from cloud.ingest.model import StoredAlarm

_SQL: Final = Queries(__package__, "mute.sql")


async def hear(conn: Connection, alarm: StoredAlarm, now: datetime) -> Heard:
    """How urgent ``alarm`` is taken to be at its home now."""
    cursor = await conn.execute(_SQL["mutes_of_home"], {"home_id": alarm.home_id, "now": now})
    mutes = [
        Mute(Why(row["why"]), row["since"], row["until"], row["ended_at"]) for row in await cursor.fetchall()
    ]
    return heard(alarm.alarm.kind, priority_of(alarm.alarm), mutes, now)


async def standing(
    conn: Connection, scope: Scope, now: datetime, *, home_id: int | None, after: int | None, limit: int
) -> list[dict[str, Any]]:
    """Mutes that stand, in the order in which they were set, from the one behind number ``after`` on."""
    asked = {"id": None, "home_id": home_id, "after": after, "limit": limit, "now": now}
    return await _rows(conn, "mutes", scope, asked)


async def one(conn: Connection, scope: Scope, number: int, now: datetime) -> dict[str, Any] | None:
    """One mute, whatever became of it."""
    asked = {"id": number, "home_id": None, "after": None, "limit": 1, "now": now}
    return next(iter(await _rows(conn, "mutes", scope, asked)), None)


async def add(conn: Connection, scope: Scope, **values: object) -> int | None:
    """Mute a home from now on; the number, ``None`` when there is no such home in ``scope``."""
    rows = await _rows(conn, "add_mute", scope, values)
    return rows[0]["id"] if rows else None


async def end(conn: Connection, scope: Scope, **values: object) -> bool:
    """End one; ``False`` when none of this number stands in ``scope``."""
    return bool(await _rows(conn, "end_mute", scope, values))


async def _rows(
    conn: Connection, statement: str, scope: Scope, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], {**scope.params, **values})).fetchall()
