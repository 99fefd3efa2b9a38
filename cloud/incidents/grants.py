"""The end of help across a border when its time is over, for the worker's loop.

What this is: the row ends, and whoever helped hears of it. What it is not: giving and taking back
(``sharing``), or what a grant opens (``cloud.across``). The one idea: a grant opens nothing after its time,
so what a screen still shows must go, too, although no change of the incident may come for hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cloud.db import Connection, Queries
from cloud.incidents import rows
from cloud.incidents.store import hold

_SQL: Final = Queries(__package__, "grants.sql")


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Standing grants whose time is over, without those in ``skip``."""
    params = {"now": now, "skip": list(skip), "limit": limit}
    return [row["id"] for row in await (await conn.execute(_SQL["due_grants"], params)).fetchall()]


async def end(conn: Connection, grant_id: int, now: datetime) -> bool:
    """End one; ``False`` when it was ended meanwhile, or another worker is at its home."""
    grant = await (await conn.execute(_SQL["grant"], {"grant_id": grant_id})).fetchone()
    if grant is None or await hold(conn, grant["incident_id"]) is None:
        return False
    ended = await conn.execute(_SQL["end_grant"], {"grant_id": grant_id, "now": now})
    if not ended.rowcount:
        return False
    await rows.start_anew(conn, grant["tenant_id"], None, now)
    return True
