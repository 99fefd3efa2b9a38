"""Lets visits follow from orders: at once where somebody changes one, and every hour by the worker's loop.

What this is: one order read, what it wants compared with what is there, and the difference written. What it
is not: the rule which days those are (``calendar``), or who goes. The one idea: it may be done at any time
and by anybody, twice or late; the visits are those of the order afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool, Queries
from cloud.visits.orders import store
from cloud.visits.orders.calendar import Changes, Span, State, There, changes
from cloud.visits.orders.store import Row

NAME: Final = "orders"
AGAIN: Final = timedelta(hours=1)
"""How late an order may learn of an absence or a death that was written down elsewhere. D."""
_DAY: Final = timedelta(days=1)
_LOOP: Final = Queries("cloud.visits.orders", "keeper.sql")


async def due(conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
    """Orders whose time has come."""
    values = {"now": now, "skip": list(skip), "limit": limit}
    return [row["id"] for row in await (await conn.execute(_LOOP["due_orders"], values)).fetchall()]


async def work(pool: Pool, order_id: int, now: datetime) -> bool:
    """Look at one; ``False`` where somebody else does."""
    async with pool.connection() as conn, conn.transaction():
        row = await (await conn.execute(_LOOP["lock"], {"id": order_id, "now": now})).fetchone()
        if row is None:
            return False
        if row["visits"]:
            scope = Scope((row["tenant_id"],), (row["home_id"],), Purpose.CONSOLE)
            await refresh(conn, scope, order_id, now)
        await conn.execute(_LOOP["again"], {"id": order_id, "again_at": now + AGAIN})
        return True


async def refresh(conn: Connection, scope: Scope, order_id: int, now: datetime) -> None:
    """Let the visits of an order be its days; one whose person is not there any more ends."""
    (kept,) = await store.read(conn, scope, now, order_id=order_id)
    row = kept.row
    if row["ended_at"] is None and store.left(row, now):
        why = "died" if row["died_at"] is not None else "moved"
        await store.write(conn, "end", scope, id=order_id, now=now, staff_id=None, why=why)
    today = now.astimezone(ZoneInfo(row["time_zone"])).date()
    there = {
        one["order_day"]: _there(one, row)
        for one in await store.rows(conn, "there", scope, id=order_id, day=today - _DAY)
    }
    await _write(conn, scope, order_id, changes(kept.days, there, now), now)


async def _write(conn: Connection, scope: Scope, order_id: int, made: Changes, now: datetime) -> None:
    for day, span in made.add:
        values = {"id": order_id, "day": day, "open_at": span.open_at, "due_at": span.due_at, "now": now}
        await store.write(conn, "add_visit", scope, **values)
    for number, span in made.alter:
        values = {"visit_id": number, "open_at": span.open_at, "due_at": span.due_at, "now": now}
        await store.write(conn, "alter_visit", scope, **values)
    if made.drop:
        await store.write(conn, "drop_visit", scope, ids=list(made.drop), now=now)


def _there(one: Row, order: Row) -> There:
    state = State.OPEN
    if one["began_at"] is not None or one["cancelled_by"] is not None:
        state = State.PEOPLE
    elif one["cancelled_at"] is not None:
        state = State.DROPPED
    same = (one["kind"], one["services"]) == (order["kind"], order["services"])
    return There(one["id"], state, Span(one["open_at"], one["due_at"]), same)
