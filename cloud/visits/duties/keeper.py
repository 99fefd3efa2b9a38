"""Keeps the list of who is due by when.

What this is: one person's duties, worked out and put where lists find them: at once by whoever changes
something about a person, and every few hours by the worker's loop. What it is not: a source of truth. The one
idea: the list may be thrown away; the next look makes it again from what was done and what has happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool, Queries
from cloud.visits.assessments import store as assessments
from cloud.visits.duties import store
from cloud.visits.duties.store import Known
from cloud.visits.duty import Due, at_home, dues, group_of

AGAIN: Final = timedelta(hours=3)
"""How late the list may learn of what no person wrote down (an alarm closed, a trend found), which is owed
within days. D."""

_SQL: Final = Queries("cloud.visits.duties", "keeper.sql")


async def due(conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
    """Residents whose time has come; of those who are new it has."""
    values = {"now": now, "skip": list(skip), "limit": limit}
    return [row["id"] for row in await (await conn.execute(_SQL["due_people"], values)).fetchall()]


async def work(pool: Pool, resident_id: int, now: datetime) -> bool:
    """Look at one; ``False`` where somebody else does. Without the module nothing is worked out."""
    async with pool.connection() as conn, conn.transaction():
        row = await (await conn.execute(_SQL["lock"], {"id": resident_id, "now": now})).fetchone()
        if row is None:
            return False
        if row["visited"]:
            scope = Scope((row["tenant_id"],), (row["home_id"],), Purpose.CONSOLE)
            named = {"resident_id": resident_id, "home_id": row["home_id"], "now": now}
            await store.write(conn, "begin_person", scope, **named)
            await refresh(conn, scope, [resident_id], now)
        await store.looked(conn, resident_id, now, now + AGAIN)
        return True


async def refresh(conn: Connection, scope: Scope, ids: Sequence[int], now: datetime) -> None:
    """Put into the list what is owed to ``ids`` at ``now``."""
    await store.rows(conn, "hold_people", scope, ids=list(ids))
    rule, campaigns = await store.rule(conn, scope), await store.campaigns(conn, scope, now)
    known = await store.people(conn, scope, ids)
    histories = await store.histories(conn, scope, ids, rule.counts, now)
    assessed = await assessments.standings(conn, scope, ids, now)
    listed = await store.listed(conn, scope, ids)
    for one in known:
        history = histories[one.resident_id]
        owed = dues(one.person, rule, history, campaigns, now)
        look = owed and at_home(assessed[one.resident_id].due, history.absences, rule, now)
        wanted = [*owed, look] if look else [*owed]
        group = group_of(one.person, now)
        if listed[one.resident_id] != store.lines_of(wanted, group):
            await store.replace_dues(conn, one, wanted, group)


async def owed(
    conn: Connection, scope: Scope, resident_id: int, now: datetime
) -> tuple[Known, tuple[Due, ...]] | None:
    """Somebody and what is owed to them, worked out now; ``None``: nobody of that number whose duty has
    begun.
    """
    known = await store.people(conn, scope, [resident_id])
    if not known:
        return None
    rule, campaigns = await store.rule(conn, scope), await store.campaigns(conn, scope, now)
    histories = await store.histories(conn, scope, [resident_id], rule.counts, now)
    return known[0], dues(known[0].person, rule, histories[resident_id], campaigns, now)
