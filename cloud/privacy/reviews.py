"""The reviewer hears of it: a message for each time that somebody read in spite of a no, and again when late.

What this is: the worker's loop over ``emergency_access``. What it is not: the review (``emergency``). The one
idea: a row that nobody has reviewed stays due, so that neither a lost message nor a forgotten list lets it
sleep; where no duty manager has a channel, the list and the metric remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cloud.db import Connection, Pool, Queries

AGAIN: Final = timedelta(days=1)
"""How often an overdue review is told. [D]"""

_SQL: Final = Queries(__package__, "reviews.sql")


async def due(conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
    """Times that reviewers shall hear of now."""
    found = await conn.execute(_SQL["due_reviews"], {"now": now, "skip": list(skip), "limit": limit})
    return [row["id"] for row in await found.fetchall()]


async def work(pool: Pool, access_id: int, now: datetime) -> bool:
    """Tell the reviewers; ``False`` when another worker does, or it has been reviewed."""
    async with pool.connection() as conn, conn.transaction():
        found = await conn.execute(_SQL["lock_review"], {"id": access_id, "now": now})
        row = await found.fetchone()
        if row is None:
            return False
        await conn.execute(_SQL["tell_reviewers"], {"id": access_id, "now": now})
        again_at = row["review_by"] if now < row["review_by"] else now + AGAIN
        await conn.execute(_SQL["tell_again"], {"id": access_id, "due_at": again_at})
    return True
