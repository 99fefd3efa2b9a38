"""Legal holds: while one stands, neither erasure nor retention deletes anything of that person's home."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from cloud import trail
from cloud.db import Connection, Queries
from cloud.privacy.erase import Asked, PersonError

_SQL: Final = Queries(__package__, "holds.sql")


async def hold(conn: Connection, asked: Asked, now: datetime) -> None:
    """Let nothing of this person be deleted.

    Raises:
        PersonError: there is nobody of that number.
    """
    values = {"resident_id": asked.resident_id, "reason": asked.reason, "actor": asked.actor, "now": now}
    await _told(conn, "holdPerson", asked.resident_id, asked.actor, now)
    await conn.execute(_SQL["hold"], values)


async def lift(conn: Connection, resident_id: int, actor: str, now: datetime) -> None:
    """End every hold on this person.

    Raises:
        PersonError: there is nobody of that number.
    """
    await _told(conn, "releasePerson", resident_id, actor, now)
    await conn.execute(_SQL["lift"], {"resident_id": resident_id, "now": now})


async def _told(conn: Connection, action: str, resident_id: int, actor: str, now: datetime) -> None:
    found = await conn.execute(_SQL["tenant_of"], {"resident_id": resident_id})
    row: dict[str, Any] | None = await found.fetchone()
    if row is None:
        raise PersonError(f"there is no resident {resident_id}; the card of a home shows the number")
    await trail.append(conn, trail.Entry(now, row["tenant_id"], actor, action, homes=(row["home_id"],)))
