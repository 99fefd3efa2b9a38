"""Who of a family asks not to be told of a home for a while.

What this is: writing down and ending. What it is not: the rule whom it silences, which is one function of the
database (``is_hushed``), because the ladder, the news and the pushes ask it in their own statements. The one
idea: nobody is silenced for a life or what is urgent, and the centre hears at once when the last one of a
care circle falls silent.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from cloud.auth import Principal, Scope
from cloud.db import Connection, Queries
from cloud.family.views import HushView
from firmware_protocols.model import AlarmKind

_SQL: Final = Queries(__package__ or "", "hush.sql")


async def standing(conn: Connection, scope: Scope, now: datetime) -> list[HushView]:
    """What this reader asked not to be told of."""
    values = {**scope.params, "staff_id": scope.staff_id, "now": now}
    return [HushView(**row) for row in await _rows(conn, "hushed", values)]


async def begin(  # noqa: PLR0917 - who, where, what and for how long
    conn: Connection,
    who: Principal,
    home_id: int,
    kinds: Collection[AlarmKind],
    reason: str,
    until: datetime,
    now: datetime,
) -> bool:
    """Tell this reader nothing of ``kinds`` (none: of all) at this home ``until`` then, in place of what they
    asked before; false: they follow no such home.
    """
    await end(conn, who, home_id, now)
    values = {
        **who.usual_scope().params,
        "staff_id": who.staff_id,
        "name": who.name,
        "home_id": home_id,
        "kinds": sorted(kind.value for kind in kinds),
        "reason": reason,
        "until": until,
        "now": now,
    }
    rows = await _rows(conn, "hush", values)
    for row in rows:
        await conn.execute(_SQL["begin"], {"id": row["id"], "now": now})
    return bool(rows)


async def end(conn: Connection, who: Principal, home_id: int, now: datetime) -> bool:
    """Tell them again; false: nothing stood."""
    values = {**who.usual_scope().params, "staff_id": who.staff_id, "home_id": home_id, "now": now}
    return bool(await _rows(conn, "end", values))


async def _rows(conn: Connection, statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], values)).fetchall()
