"""One person's data go: asked once, worked table by table, and taken up again wherever it was killed.

What this is: the row that asks, and its work, for the worker's loop and for the command line alike. The one
idea: the row says which tables are done; each step is one transaction, so a kill costs at most a step, and
each may be done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud import trail
from cloud.db import Connection, Pool, Queries
from cloud.privacy.tables import ERASED, OF_PERSON, SERIES

PIECE: Final = timedelta(days=1)
HELD_FOR: Final = timedelta(days=1)
"""A legal hold that came in between is asked for again so often."""

_SQL: Final = Queries(__package__, "erase.sql")


class PersonError(Exception):
    """It cannot be done; ``str()`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who shall be erased, why, and who says so: ``staff:ID``, ``console``."""

    resident_id: int
    reason: str
    actor: str


async def ask(conn: Connection, asked: Asked, now: datetime) -> int:
    """Write the wish down; return its number. Asking again for somebody goes on where it stopped.

    Raises:
        PersonError: there is nobody of that number, a legal hold stands, or help is on the way.
    """
    person = await _person(conn, asked.resident_id)
    if person["held"]:
        raise PersonError("a legal hold stands: nothing of this person may be deleted until it is lifted")
    if person["in_hand"]:
        raise PersonError("an incident of this home is open: close it first")
    values = {"resident_id": person["id"], "home_id": person["home_id"], "reason": asked.reason}
    row = await _one(conn, "ask", {**values, "actor": asked.actor, "now": now})
    entry = trail.Entry(now, person["tenant_id"], asked.actor, "erasePerson", homes=(person["home_id"],))
    await trail.append(conn, entry)
    return int(row["id"])


async def due(conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
    """Erasures to go on with."""
    found = await conn.execute(_SQL["due_erasures"], {"now": now, "skip": list(skip), "limit": limit})
    return [row["id"] for row in await found.fetchall()]


async def work(pool: Pool, erasure_id: int, now: datetime) -> bool:
    """Do the next step; ``False`` when somebody else is at it, or it is finished."""
    async with pool.connection() as conn, conn.transaction():
        row = await (await conn.execute(_SQL["lock_erasure"], {"id": erasure_id})).fetchone()
        if row is None:
            return False
        person = await _person(conn, row["resident_id"])
        if person["held"]:
            await conn.execute(_SQL["postpone"], {"id": erasure_id, "due_at": now + HELD_FOR})
            return False
        steps = [name for name in ERASED if not person["shared"] or name in OF_PERSON]
        left = [name for name in steps if name not in row["done"]]
        if not left:
            await conn.execute(_SQL["finish"], {"id": erasure_id, "now": now})
            return True
        about = {"id": erasure_id, "home_id": row["home_id"], "resident_id": row["resident_id"], "now": now}
        if await _step(conn, left[0], about):
            await conn.execute(_SQL["step_done"], {**about, "step": left[0]})
    return True


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


async def _person(conn: Connection, resident_id: int) -> dict[str, Any]:
    row = await (await conn.execute(_SQL["to_erase"], {"resident_id": resident_id})).fetchone()
    if row is None:
        raise PersonError(f"there is no resident {resident_id}; the card of a home shows the number")
    return row


async def _one(conn: Connection, statement: str, values: dict[str, Any]) -> dict[str, Any]:
    row = await (await conn.execute(_SQL[statement], values)).fetchone()
    if row is None:
        raise LookupError(statement)
    return row
