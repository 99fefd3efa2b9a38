"""Keeps house among readings and events: parts ahead, roll-ups behind, the end of what is too old.

What this is: one supervised loop of the worker. What it is not: needed from minute to minute; rows that find
no part wait in the default, and roll-ups catch up from their marks. The one idea: each turn looks at what is
and does what is missing, so a turn may be killed, repeated, or happen in two processes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import psycopg

from cloud.db import Connection, Pool, Queries
from cloud.db.locks import Lock
from cloud.metrics import LOOPS
from cloud.series import engine, parts, rollup
from cloud.series.engine import Engine
from cloud.settings import Storage

TURN_S: Final = 60.0
"""How far roll-ups may be behind on plain PostgreSQL [D]."""
STUCK_S: Final = 900.0
"""A loop that turns no more for so long is told. A year of roll-ups is made in many short steps."""
PATIENCE: Final = "250ms"
"""Longest that a change of parts may wait for a lock, because those who store wait behind it."""
MOST_STRAY: Final = 64
"""Parts made for late rows in one turn [D]; more wait for the next."""

_SQL: Final = Queries(__package__ or "")
_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


async def run(pool: Pool, storage: Storage, *, clock: Clock) -> None:
    """Keep house until cancelled; outlives every failure of the database."""
    LOOPS.expect("series", within_s=STUCK_S)
    healthy, configured = True, False
    while True:
        try:
            if not configured:
                await configure(pool, storage)
                configured = True
            await turn(pool, storage, clock())
        except Exception as error:  # noqa: BLE001 - supervised: the database may be away for as long as it likes
            if healthy:
                _log.error("series not kept error=%s", type(error).__qualname__)
            healthy = False
        else:
            healthy = True
            LOOPS.turned("series")
        await asyncio.sleep(TURN_S)


async def configure(pool: Pool, storage: Storage) -> None:
    """Tell TimescaleDB's jobs the times of the settings; nothing on plain PostgreSQL."""
    async with _change(pool) as conn:
        if conn is None or await engine.read(conn) is Engine.PLAIN:
            return
        await conn.execute(
            _SQL["set_policies"],
            {
                "keep": timedelta(days=storage.keep),
                "compress_readings": timedelta(days=storage.compress_readings),
                "compress_events": timedelta(days=storage.compress_events),
            },
        )


async def turn(pool: Pool, storage: Storage, now: datetime) -> None:
    """Do all that is missing at ``now``.

    A table that is in use for longer than ``PATIENCE`` is left for the next turn.

    Raises:
        psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
    """
    floor = now - timedelta(days=storage.keep)
    async with pool.connection() as conn:
        plain = await engine.read(conn) is Engine.PLAIN
    for name in parts.SERIES:
        try:
            if plain:
                await _make_room(pool, name, floor, now)
            await _drop_old(pool, name, floor)
        except psycopg.errors.LockNotAvailable:
            _log.info("parts in use table=%s", name)
    while plain and await _roll(pool, floor):
        LOOPS.turned("series")
    async with _change(pool) as conn:
        if conn is not None:
            await parts.expire(conn, "reading_15m", now - timedelta(days=storage.keep_quarters))


async def _make_room(pool: Pool, name: str, floor: datetime, now: datetime) -> None:
    """The part of ``now`` and those ahead; then what late and early rows call for."""
    until = now + parts.AHEAD * parts.STEPS[name]
    async with pool.connection() as conn:
        starts = await parts.missing(conn, name, now, until)
    for start in starts:
        async with _change(pool) as conn:
            if conn is not None and await parts.add(conn, name, start):
                _log.debug("part made table=%s start=%s", name, start.isoformat())
    for _ in range(MOST_STRAY):
        async with _change(pool) as conn:
            if conn is None or not await parts.empty_default(conn, name, floor):
                return


async def _drop_old(pool: Pool, name: str, floor: datetime) -> None:
    dropped: str | None = ""
    while dropped is not None:
        async with _change(pool) as conn:
            dropped = await parts.drop(conn, name, floor) if conn else None
        if dropped:
            _log.info("part dropped name=%s", dropped)
    async with _change(pool) as conn:
        if conn is not None:
            await parts.drop_strays(conn, name, floor)


async def _roll(pool: Pool, floor: datetime) -> bool:
    async with pool.connection() as conn:
        return await rollup.roll(conn, floor)


@asynccontextmanager
async def _change(pool: Pool) -> AsyncIterator[Connection | None]:
    """A transaction that may change parts and waits for no lock longer than ``PATIENCE``; ``None``: another
    keeper is at it.
    """
    async with pool.connection() as conn, conn.transaction():
        await conn.execute(_SQL["set_patience"], {"patience": PATIENCE})
        lock = await (await conn.execute(_SQL["take_lock"], {"key": Lock.PARTS})).fetchone()
        yield conn if lock and lock["taken"] else None
