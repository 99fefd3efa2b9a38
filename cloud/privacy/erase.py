"""One person's data go: worked table by table, and taken up again wherever it was killed.

What this is: the work on a row of ``erasure``, for the worker's loop and for the command line alike. What it
is not: who may ask, and who confirms (``wish``). The one idea: the row says which tables are done; each step
is one transaction, so a kill costs at most a step, and each may be done twice. The home is told first and
shut out then: a gateway that nobody reaches any more would go on texting the family.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.consent import effect
from cloud.db import Connection, Pool, Queries
from cloud.incidents import rows
from cloud.privacy.tables import ERASED, OF_PERSON, SERIES, SHUT_OUT
from cloud.privacy.wish import person_of

PIECE: Final = timedelta(days=1)
HELD_FOR: Final = timedelta(days=1)
"""A legal hold that came in between is asked for again so often; one that is lifted is not waited for."""
HELPED_FOR: Final = timedelta(minutes=1)
"""An incident that came in between is asked for again so often: who can help, and where, is needed still."""
TOLD_WITHIN: Final = timedelta(days=1)
"""How long a gateway that texts people is waited for until it has heard that it may not. [D]"""
TOLD_AGAIN: Final = timedelta(seconds=2)

_SQL: Final = Queries(__package__, "erase.sql")


async def due(conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
    """Erasures to go on with."""
    found = await conn.execute(_SQL["due_erasures"], {"now": now, "skip": list(skip), "limit": limit})
    return [row["id"] for row in await found.fetchall()]


async def wake(conn: Connection, resident_id: int, now: datetime) -> None:
    """What this person's erasure waited for is over."""
    await conn.execute(_SQL["wake"], {"resident_id": resident_id, "now": now})


async def work(pool: Pool, erasure_id: int, now: datetime) -> bool:
    """Do the next step; ``False`` when somebody else is at it, it has to wait, or it is finished."""
    async with pool.connection() as conn, conn.transaction():
        row = await (await conn.execute(_SQL["lock_erasure"], {"id": erasure_id})).fetchone()
        if row is None:
            return False
        person = await person_of(conn, row["resident_id"])
        steps = [name for name in ERASED if not person["shared"] or name in OF_PERSON]
        left = [name for name in steps if name not in row["done"]]
        pause = await _pause(conn, person, row, left, now)
        if pause is not None:
            await conn.execute(_SQL["postpone"], {"id": erasure_id, "due_at": now + pause})
            return False
        if not left:
            if person["shared"]:
                await effect.take_effect(conn, row["home_id"])
            await rows.start_anew(conn, person["tenant_id"], row["home_id"], now)
            await conn.execute(_SQL["finish"], {"id": erasure_id, "now": now})
            return True
        about = {"id": erasure_id, "home_id": row["home_id"], "resident_id": row["resident_id"], "now": now}
        if await _step(conn, left[0], about):
            await conn.execute(_SQL["step_done"], {**about, "step": left[0]})
    return True


async def _pause(
    conn: Connection, person: dict[str, Any], row: dict[str, Any], left: Sequence[str], now: datetime
) -> timedelta | None:
    """How long to wait before going on, if at all."""
    if person["held"]:
        return HELD_FOR
    if person["in_hand"]:
        return HELPED_FOR
    telling = left[:1] == [SHUT_OUT] and now < row["begun_at"] + TOLD_WITHIN
    if telling and (await _one(conn, "untold", {"home_id": row["home_id"]}))["untold"]:
        return TOLD_AGAIN
    return None


async def _step(conn: Connection, table: str, about: dict[str, Any]) -> bool:
    """Make ``table`` forget; whether all of it is done."""
    if table not in SERIES:
        await conn.execute(_SQL["lift_guard"])
        await conn.execute(_SQL[table], about)
        return True
    oldest = (await _one(conn, "oldest_day", about))["at"]
    before = "infinity" if oldest is None else oldest + PIECE
    await conn.execute(_SQL["forget_day"], {**about, "before": before})
    return oldest is None


async def _one(conn: Connection, statement: str, values: dict[str, Any]) -> dict[str, Any]:
    row = await (await conn.execute(_SQL[statement], values)).fetchone()
    if row is None:
        raise LookupError(statement)
    return row
