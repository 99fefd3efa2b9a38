"""Legal holds: while one stands, neither erasure nor retention deletes anything of that person's home."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.privacy import erase
from cloud.privacy.wish import Asked, person_of

_SQL: Final = Queries(__package__, "holds.sql")


async def hold(conn: Connection, asked: Asked, now: datetime) -> int:
    """Let nothing of this person be deleted; return the hold's number.

    Raises:
        UnknownPerson: there is nobody of that number.
    """
    await person_of(conn, asked.resident_id)
    values = {"resident_id": asked.resident_id, "reason": asked.reason, "actor": asked.actor, "now": now}
    row = await (await conn.execute(_SQL["hold"], values)).fetchone()
    if row is None:
        raise LookupError("hold")
    return int(row["id"])


async def lift(conn: Connection, resident_id: int, now: datetime, hold_id: int | None = None) -> bool:
    """End one hold on this person, or every one; whether there was one. What waited for it goes on at once.

    Raises:
        UnknownPerson: there is nobody of that number.
    """
    await person_of(conn, resident_id)
    values = {"resident_id": resident_id, "hold_id": hold_id, "now": now}
    lifted = (await conn.execute(_SQL["lift"], values)).rowcount
    if lifted and not (await person_of(conn, resident_id))["held"]:
        await erase.wake(conn, resident_id, now)
    return lifted > 0


async def standing(conn: Connection, scope: Scope, after: int, limit: int) -> list[dict[str, Any]]:
    """The holds in ``scope`` that stand, from the one behind number ``after`` on."""
    asked = {**scope.params, "after": after, "limit": limit}
    return await (await conn.execute(_SQL["standing"], asked)).fetchall()
