"""Async connections to PostgreSQL; rows are dictionaries.

A pool opens although the database is away and heals by itself when it comes back; a caller that needs a
connection meanwhile gets ``psycopg_pool.PoolTimeout``. A task that is told to stop while it waits for the
database stops, whatever the driver makes of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

from psycopg import AsyncConnection, AsyncCursor, AsyncServerCursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

Connection: TypeAlias = AsyncConnection[DictRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]

_OPTIONS: Final[dict[str, Any]] = {
    "row_factory": dict_row,
    # Whoever hangs with a row or waits for one gives up: one locked home must not stop the others' alarms.
    "options": "-c timezone=UTC -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s",
    "connect_timeout": 5,
    # A peer that vanished without a word (power cut) is noticed after about 20 s, not after two hours; with a
    # request under way it is the last of these that notices.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}


class _HeedfulPool(AsyncConnectionPool[Connection]):
    """A pool in which no cancellation is lost.

    It hands a connection to one who waits by ``asyncio.wait_for``, which in Python 3.11 forgets a
    cancellation that comes in the same moment: a loop without end would go on although it was told to stop.
    """

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:  # noqa: ASYNC109 - the pool's own
        """See ``AsyncConnectionPool.connection``.

        Raises:
            asyncio.CancelledError: the task was told to stop while it waited.
        """
        task = asyncio.current_task()
        before = task.cancelling() if task else 0

        def heed() -> None:
            if task and task.cancelling() > before:
                raise asyncio.CancelledError

        try:
            async with super().connection(timeout) as conn:
                heed()
                yield conn
        except Exception:  # what the pool or the driver had to say instead
            heed()
            raise


@asynccontextmanager
async def open_pool(dsn: str, *, size: int = 10, wait_s: float = 10.0) -> AsyncIterator[Pool]:
    """A pool of at most ``size`` connections, closed at the end of the block.

    ``wait_s``: how long a caller waits for a connection before ``PoolTimeout``. A connection is checked
    before it is lent, so one that died with the server is replaced unseen.
    """
    pool: Pool = _HeedfulPool(
        dsn,
        kwargs=_OPTIONS,
        min_size=1,
        max_size=size,
        timeout=wait_s,
        check=AsyncConnectionPool.check_connection,
        # The pool's back-off doubles without end; giving up early makes the next caller try afresh, so that
        # work goes on within seconds of the server's return, however long it was away.
        reconnect_timeout=2.0,
        open=False,
    )
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()


async def connect(dsn: str, *, autocommit: bool = False) -> Connection:
    """One connection outside the pool, e.g. to listen for notifications."""
    return await AsyncConnection.connect(dsn, autocommit=autocommit, **_OPTIONS)


@asynccontextmanager
async def stepwise(conn: Connection, name: str) -> AsyncIterator[AsyncServerCursor[DictRow]]:
    """A cursor called ``name`` on the server, for more rows than memory should hold. At the end of the block
    it is closed for us also where a cancellation ends the closing: the transaction goes then, and the cursor
    there goes with it.
    """
    cursor = conn.cursor(name=name)
    try:
        yield cursor
    finally:
        try:
            await cursor.close()
        finally:
            await AsyncCursor.close(cursor)
