"""Plans of a day in the database, within a person's bounds.

What this is: rows from and to the API. What it is not: the loop that makes plans (``job``). The one idea: a
plan is asked for by a row, and whoever asks twice before it is made asked once.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.visits.plans.views import PlanAsked, WorkerAsked

SQL: Final = Queries(__package__ or "")
AT_MOST: Final = 500
"""People that one answer names."""


async def workers(
    conn: Connection, scope: Scope, township: str | None = None, staff_id: int | None = None
) -> list[dict[str, Any]]:
    """Who may be sent."""
    found = await _rows(conn, "workers", scope, township=township)
    return [row for row in found if staff_id is None or row["staff_id"] == staff_id]


async def put_worker(
    conn: Connection, scope: Scope, staff_id: int, asked: WorkerAsked, *, by: int, now: datetime
) -> bool:
    """Whether there is such a member of staff."""
    values = {**asked.model_dump(mode="json"), "staff_id": staff_id, "by": by, "now": now}
    return bool(await _rows(conn, "put_worker", scope, **values))


async def ask(conn: Connection, scope: Scope, asked: PlanAsked, *, by: int, now: datetime) -> None:
    """Have plans made of that day."""
    await conn.execute(
        SQL["ask"], {**scope.params, "on_day": asked.day, "township": asked.township, "by": by, "now": now}
    )


async def plans(conn: Connection, scope: Scope, on_day: date) -> list[dict[str, Any]]:
    """What was asked for, and what came of it."""
    return await _rows(conn, "plans", scope, on_day=on_day)


async def left(conn: Connection, scope: Scope, plan_id: int) -> list[dict[str, Any]] | None:
    """Whom a plan leaves out; ``None``: there is no such plan."""
    if not await _rows(conn, "plan", scope, plan_id=plan_id):
        return None
    return await _rows(conn, "left", scope, plan_id=plan_id, limit=AT_MOST)


async def away(
    conn: Connection, scope: Scope, *, now: datetime, number: int | None = None
) -> list[dict[str, Any]]:
    """Who cannot be sent now or later; by ``number`` also who was back before."""
    return await _rows(conn, "away", scope, now=now, number=number)


async def add_away(conn: Connection, scope: Scope, staff_id: int, **values: object) -> int | None:
    """The number of a new absence; ``None``: there is no such member of staff."""
    found = await _rows(conn, "add_away", scope, staff_id=staff_id, **values)
    return found[0]["id"] if found else None


async def end_away(conn: Connection, scope: Scope, number: int, *, back_at: datetime) -> None:
    """When somebody is back."""
    await conn.execute(SQL["end_away"], {**scope.params, "number": number, "back_at": back_at})


async def ask_for_mends(
    conn: Connection,
    scope: Scope,
    why: str,
    *,
    by: int,
    now: datetime,
    township: str | None = None,
    staff_id: int | None = None,
) -> date:
    """Have today mended where it was planned: in one township, or where somebody works. Which day that is."""
    values = {"why": why, "by": by, "now": now, "township": township, "staff_id": staff_id}
    await conn.execute(SQL["ask_for_mends"], {**scope.params, **values})
    found: date = (await _rows(conn, "today", scope, now=now))[0]["today"]
    return found


async def mends(conn: Connection, scope: Scope, on_day: date) -> list[dict[str, Any]]:
    """What happened to a running day."""
    return await _rows(conn, "mends", scope, on_day=on_day)


async def moved(conn: Connection, scope: Scope, mend_id: int) -> list[dict[str, Any]] | None:
    """What a mend moved; ``None``: there is no such mend."""
    if not await _rows(conn, "is_mend", scope, mend_id=mend_id):
        return None
    return await _rows(conn, "moved", scope, mend_id=mend_id, limit=AT_MOST)


async def _rows(conn: Connection, statement: str, scope: Scope, **values: object) -> list[dict[str, Any]]:
    return await (await conn.execute(SQL[statement], {**scope.params, **values})).fetchall()
