"""Market days: any one of a township's, from which every fifth day follows.

What this is: the write. What it is not: a calendar (``history.Calendar``). The one idea: it belongs to the
place, not to the home: all below a division go to its market unless a smaller one has its own.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from cloud.db import Connection, Queries

_SQL: Final = Queries(__package__ or "", "market.sql")


async def set_market(conn: Connection, division: str, day: date) -> bool:
    """``day`` is a market day of ``division`` (12 digits); ``False`` when there is no such division."""
    found = await conn.execute(_SQL["put_market"], {"division": division, "day": day})
    return await found.fetchone() is not None
