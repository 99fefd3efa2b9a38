"""Counts the running month once a day, and freezes what is over.

What this is: one job of the worker, a row per tenant. What it is not: a clock; which months are missing is
told by those that stand. The one idea: a turn counts every month from the first to the running one that is
not frozen, so a worker that was away for a quarter catches up, and two that run at once do it once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from cloud import trail
from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool, Queries
from cloud.report import store
from cloud.report.months import Month, months, next_count
from cloud.report.store import Draft
from cloud.trail import Entry

ACTION: Final = "freezeReport"
ACTOR: Final = "keeper"
_SQL: Final = Queries(__package__ or "", "keeper.sql")
_log = logging.getLogger(__name__)


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Tenants whose months are to be counted."""
    rows = await _rows(conn, "due_tenants", now=now, skip=list(skip), limit=limit)
    return [row["id"] for row in rows]


async def work(pool: Pool, tenant_id: int, now: datetime) -> bool:
    """Count one tenant's months; ``False`` when another worker does or did."""
    async with pool.connection() as conn:
        await conn.execute(_SQL["begin"], {"tenant_id": tenant_id, "now": now})
        await conn.commit()
        async with conn.transaction():
            await conn.execute("set transaction isolation level repeatable read")  # all figures of one moment
            rows = await _rows(conn, "lock", tenant_id=tenant_id, now=now)
            if not rows:
                return False
            zone = ZoneInfo(rows[0]["time_zone"])
            frozen = {row["month"] for row in await _rows(conn, "frozen_months", tenant_id=tenant_id)}
            for month in months(rows[0]["first_month"], now, zone):
                if month.first not in frozen:
                    await count(conn, tenant_id, month, now)
            await conn.execute(_SQL["counted"], {"tenant_id": tenant_id, "due_at": next_count(now, zone)})
            return True


async def count(conn: Connection, tenant_id: int, month: Month, now: datetime) -> None:
    """Count one month that is not frozen, and freeze it once it is to change no more."""
    scope = Scope((tenant_id,), None, Purpose.FIGURES)
    span, freeze = store.span_of(month, now), month.may_freeze(now)
    if span.empty:
        return
    cells = await store.count(conn, scope, span)
    before = await store.last(conn, scope, tenant_id, month.first)
    said = await store.write(conn, Draft(tenant_id, month.first, cells), before, now, freeze=freeze)
    if freeze:
        _log.info("month frozen tenant=%d month=%s", tenant_id, month.name)
        about = f"{month.name} {said}"
        await trail.append(conn, Entry(now, tenant_id, ACTOR, ACTION, homes=(), about=about))


async def _rows(conn: Connection, statement: str, **values: object) -> list[dict[str, Any]]:
    given: Mapping[str, object] = values
    return await (await conn.execute(_SQL[statement], given)).fetchall()
