"""The parts that readings and events lie in: made ahead, emptied out of the default, dropped whole when old.

What this is: one small step per call, each safe to do twice. What it is not: a loop (``keeper``), nor the
statements that change a table (functions of migration 0010; where TimescaleDB stands they do nothing or its
own way). The one idea: a step is a transaction of its own, so that whoever stores waits for a moment at most.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from cloud.db import Connection, Queries

STEPS: Final = {"reading": timedelta(days=1), "event": timedelta(days=7)}
"""How much time one part holds; the database knows it as ``series_step``."""
SERIES: Final = tuple(STEPS)
AHEAD: Final = 7
"""Parts that stand ready beyond the current one [D]: a keeper may be away for a week."""

_SQL: Final = Queries(__package__ or "")


async def missing(conn: Connection, name: str, since: datetime, until: datetime) -> list[datetime]:
    """Starts of the parts of ``name`` that should stand between two times and do not."""
    rows = await conn.execute(_SQL["missing_parts"], {"name": name, "since": since, "until": until})
    return [row["start"] for row in await rows.fetchall()]


async def add(conn: Connection, name: str, at: datetime) -> bool:
    """Make the part that ``at`` falls into; ``False``: it is there."""
    return bool(await _answer(conn, "add_part", name=name, at=at))


async def empty_default(conn: Connection, name: str, floor: datetime) -> bool:
    """Make the part of the oldest row that waits in the default and is not older than ``floor``."""
    return bool(await _answer(conn, "empty_default", name=name, floor=floor))


async def drop(conn: Connection, name: str, before: datetime) -> str | None:
    """Drop the oldest part that ends before ``before`` and count its rows as forgotten; its name, or
    ``None``.
    """
    part: str | None = await _answer(conn, "drop_part", name=name, before=before)
    return part


async def drop_strays(conn: Connection, name: str, before: datetime) -> int:
    """Delete from the default what is older than any part will be."""
    return int(await _answer(conn, "drop_strays", name=name, before=before))


async def expire(conn: Connection, aggregate: str, before: datetime) -> int:
    """Forget an aggregate before ``before``; how many rows, or chunks, that were."""
    return int(await _answer(conn, "expire", name=aggregate, before=before))


async def forget(conn: Connection, homes: list[int], before: datetime | None = None) -> int:
    """Delete every reading, event and aggregate of ``homes`` before ``before`` (``None``: all); return how
    many readings and events that were. They count as forgotten, so the audit stays exact.
    """
    return int(await _answer(conn, "forget", homes=homes, before=before))


async def _answer(conn: Connection, statement: str, **values: Any) -> Any:
    text: LiteralString = _SQL[statement]
    row = await (await conn.execute(text, values)).fetchone()
    if row is None:
        raise LookupError(statement)
    (answer,) = row.values()
    return answer
