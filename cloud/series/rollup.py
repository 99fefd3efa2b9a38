"""Rolls readings up into quarters of an hour, hours and days, on plain PostgreSQL.

What this is: one turn, a transaction that takes marks and makes what they name anew from what is stored. What
it is not: a running sum; nothing is added up twice, so a turn may be repeated or die. The one idea: a mark is
written in the transaction that stores, and taken before its rows are read, so no row can be missed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cloud.db import Connection, Queries
from cloud.db.locks import Lock

MOST: Final = 5_000
"""Quarters of one turn [D], and what the last home of it has beyond: about a second of work."""

_SQL: Final = Queries(__package__ or "")
_LEVELS: Final = ("roll_quarters", "roll_hours", "roll_days")


async def roll(conn: Connection, floor: datetime) -> bool:
    """One turn, in the transaction of the caller; return whether homes are left for another one. Nothing is
    done while somebody else's is under way, nor before ``floor``, whose readings may be gone.
    """
    lock = await (await conn.execute(_SQL["take_lock"], {"key": Lock.ROLL_UP})).fetchone()
    if lock is None or not lock["taken"]:
        return False
    marks = await (await conn.execute(_SQL["take_marks"], {"most": MOST})).fetchall()
    if marks:
        values = {
            "homes": [mark["home_id"] for mark in marks],
            "buckets": [mark["bucket"] for mark in marks],
            "floor": floor,
        }
        for level in _LEVELS:
            await conn.execute(_SQL[level], values)
    return any(mark["waiting"] for mark in marks)
