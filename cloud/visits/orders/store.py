"""Orders in the database, within a person's bounds.

What this is: rows from and to values. What it is not: a rule about days (``calendar``) or a decision. The one
idea: an order is read together with its pauses and the person's absences, because only all of them say which
days there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.visits.duties import store as duties
from cloud.visits.orders.calendar import Order, Pause, Span, wanted

SQL: Final = Queries(__package__)
_DAY: Final = timedelta(days=1)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """An order with what its visits follow from. ``days``: those that are still to come."""

    row: Row
    pauses: tuple[Row, ...]
    days: Mapping[date, Span]


async def read(
    conn: Connection,
    scope: Scope,
    now: datetime,
    *,
    order_id: int | None = None,
    home_id: int | None = None,
    ended: bool = True,
    limit: int = 1,
) -> list[Kept]:
    """Orders with their days, the newest first."""
    asked = {"id": order_id, "home_id": home_id, "ended": ended, "limit": limit}
    found = await rows(conn, "orders", scope, **asked)
    day = now.date() - _DAY  # nowhere is it earlier
    pauses = await rows(conn, "pauses", scope, ids=[row["id"] for row in found], day=day)
    people = [row["resident_id"] for row in found]
    away = await duties.absences(conn, scope, people)
    kept = []
    for row in found:
        mine = tuple(one for one in pauses if one["order_id"] == row["id"])
        order = order_of(row)
        resting = [Pause(one["since"], one["until"]) for one in mine]
        days = wanted(order, resting, away[row["resident_id"]], now, ZoneInfo(row["time_zone"]))
        over = row["ended_at"] is not None or left(row, now)
        kept.append(Kept(row, mine, {} if over else days))
    return kept


def order_of(row: Row) -> Order:
    """As the calendar takes it."""
    return Order(
        row["since"],
        row["until"],
        frozenset(row["weekdays"]),
        row["every_days"],
        row["open_min"],
        row["due_min"],
    )


def left(row: Row, now: datetime) -> bool:
    """Whether the person has died, moved, or given up the home."""
    return row["left_at"] is not None and row["left_at"] <= now


async def rows(conn: Connection, statement: str, scope: Scope, **values: object) -> list[Row]:
    """What a statement answers within the bounds."""
    return await (await conn.execute(SQL[statement], {**scope.params, **values})).fetchall()


async def write(conn: Connection, statement: str, scope: Scope, **values: object) -> int:
    """How many rows a statement that answers nothing has changed."""
    return (await conn.execute(SQL[statement], {**scope.params, **values})).rowcount
